//! The repository speaks of itself alone: no places of the machine it was written on, no hosts of registries, no
//! notes of unfinished work.

use super::repository::Repository;

/// Each written in two halves, so as not to find itself.
const WORDS: &[(&str, &str)] = &[
    (concat!("/wo", "rk/"), "names a folder of somebody's machine"),
    (concat!("../sha", "red"), "names a folder outside the repository"),
    (concat!("/ho", "me/"), "names a folder of somebody's machine"),
    (concat!("pypi", ".org"), "names the host of a registry; the client knows it"),
    (concat!("registry.npm", "js"), "names the host of a registry; the client knows it"),
    (concat!("deb.", "debian"), "names the host of a registry; the client knows it"),
    (concat!("static.", "crates"), "names the host of a registry; the client knows it"),
    (concat!("index.", "crates"), "names the host of a registry; the client knows it"),
    (concat!("TO", "DO"), "is a note of unfinished work: finish it, or say in the changelog what is absent"),
    (concat!("FIX", "ME"), "is a note of unfinished work"),
    (concat!("XX", "X"), "is a note of unfinished work"),
    (concat!("HA", "CK"), "is a note of unfinished work"),
];

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in repository.files.iter().filter(|(path, _)| !path.ends_with("Cargo.lock")) {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !is_digest(line)) {
            for (word, why) in WORDS.iter().filter(|(word, _)| line.contains(word)) {
                found.push(format!("{path}:{} `{word}` {why}", index + 1));
            }
        }
    }
    found
}

/// A line of a lockfile in which any letters may meet.
fn is_digest(line: &str) -> bool {
    line.trim_start().starts_with("\"integrity\": ")
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::repository_of;
    use super::*;

    #[test]
    fn each_word_is_caught_with_its_line() {
        for (word, why) in WORDS {
            let repository = repository_of(&[("docs/guide.md", &format!("# Title\n\nsee {word}\n"))]);
            assert_eq!(check(&repository), [format!("docs/guide.md:3 `{word}` {why}")]);
        }
    }

    #[test]
    fn digests_are_left_alone_and_plain_text_is_fine() {
        let cargo = format!("registry+https://{}", WORDS[7].0);
        assert_eq!(check(&repository_of(&[("e2e/Cargo.lock", &cargo)])), Vec::<String>::new());
        let digest = format!("      \"integrity\": \"sha512-{}\",", WORDS[8].0);
        assert_eq!(check(&repository_of(&[("e2e/package-lock.json", &digest)])), Vec::<String>::new());
        let host = format!("      \"resolved\": \"https://{}\",", WORDS[4].0);
        assert_eq!(check(&repository_of(&[("e2e/package-lock.json", &host)])).len(), 1);
        assert_eq!(
            check(&repository_of(&[("README.md", "# Actas\n\nwork, home, todo\n")])),
            Vec::<String>::new()
        );
    }
}
