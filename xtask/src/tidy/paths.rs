//! The paths that documents name exist. A newcomer follows them; a path that leads nowhere costs more trust than
//! no path at all.

use super::repository::Repository;

/// Folders that are made by running, and are not in git.
const MADE: &[&str] = &[".actas", ".cache", "target", "node_modules"];
/// Files that a user of the program has, not the repository.
const OF_USERS: &[&str] = &["actas.toml", "dev.env"];
/// What a name must end in to be taken for a file; other names count as paths by their first folder.
const EXTENSIONS: &[&str] = &["json", "lock", "md", "mjs", "py", "rs", "sh", "sql", "toml", "txt"];

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for (document, text) in repository.with_extension("md") {
        for (number, line) in prose(text) {
            for path in named(line).filter(|path| looks_like_a_path(repository, path)) {
                if !exists(repository, document, path) {
                    found.push(format!("{document}:{number} names `{path}`, which does not exist"));
                }
            }
        }
    }
    found
}

/// The lines outside fenced blocks, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        (!fenced).then_some((index + 1, line))
    })
}

/// What stands between backticks or behind a link.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2);
    let links = line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    code.chain(links).map(|name| name.split('#').next().unwrap_or(name))
}

fn looks_like_a_path(repository: &Repository, name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    if name.is_empty() || !name.chars().all(plain) || name.starts_with(['/', '-']) {
        return false;
    }
    let first = name.split('/').next().unwrap_or(name);
    if MADE.contains(&first) || OF_USERS.contains(&name) {
        return false;
    }
    let is_file =
        name.rsplit_once('.').is_some_and(|(stem, last)| !stem.is_empty() && EXTENSIONS.contains(&last));
    let is_ours =
        name.contains('/') && repository.files.keys().any(|path| path.split('/').next() == Some(first));
    is_file || is_ours || (name.ends_with('/') && !name.starts_with('.'))
}

/// From the root, from the document's folder, or the end of a path that is longer: `accept.rs` will do.
fn exists(repository: &Repository, document: &str, name: &str) -> bool {
    let name = name.trim_start_matches("./").trim_end_matches('/');
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let ends = format!("/{name}");
    let inside = format!("/{name}/");
    repository.files.keys().any(|path| {
        path == name
            || path.ends_with(&ends)
            || format!("/{path}").contains(&inside)
            || *path == joined(folder, name)
    })
}

/// A relative path as seen from the root.
fn joined(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::repository_of;
    use super::*;

    fn check_of(prose: &str) -> Vec<String> {
        check(&repository_of(&[
            ("README.md", ""),
            ("docs/guide.md", prose),
            ("crates/domain/src/actor_token/accept.rs", ""),
            ("clippy.toml", ""),
        ]))
    }

    #[test]
    fn paths_that_exist_are_fine() {
        for path in [
            "`crates/domain/src/actor_token/accept.rs`",
            "`crates/domain`",
            "`crates/domain/`",
            "`accept.rs`",
            "`actor_token/accept.rs`",
            "`clippy.toml`",
            "[root](../README.md)",
            "[me](guide.md#part)",
        ] {
            assert_eq!(check_of(path), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_left_alone() {
        for text in [
            "`/v1/actor_tokens`",
            "`application/json`",
            "`sub`",
            "`.actas/dev.env`",
            "`@clerk/backend`",
            "`a / b`",
            "[site](https://example.com/crates/x.rs)",
            "`--data-dir`",
            "`GET /v1/jwks`",
            "crates/none.rs",
            "```text\n`crates/none.rs`\n```",
        ] {
            assert_eq!(check_of(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn paths_that_lead_nowhere_are_caught() {
        for text in
            ["`crates/none`", "`none.rs`", "`actor_token/none.rs`", "[there](none.md)", "`domain/none/`"]
        {
            assert_eq!(check_of(text).len(), 1, "{text}");
        }
        assert_eq!(
            check_of("line\n`crates/none.rs`"),
            ["docs/guide.md:2 names `crates/none.rs`, which does not exist"]
        );
    }
}
