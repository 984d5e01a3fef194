//! The changelog keeps the form of Keep a Changelog: unreleased changes first, then releases, newest first, each
//! with its date; changes as list items under one of six headings.

use super::repository::Repository;

const FILE: &str = "CHANGELOG.md";
const KINDS: &[&str] = &["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let Some(text) = repository.files.get(FILE) else {
        return vec![format!("{FILE} is missing")];
    };
    let mut found = Vec::new();
    let mut releases: Vec<Vec<u64>> = Vec::new();
    let mut headings = 0;
    for (index, line) in text.lines().enumerate() {
        let problem = if let Some(title) = line.strip_prefix("## ") {
            headings += 1;
            release_problem(title, headings == 1, &mut releases)
        } else if let Some(kind) = line.strip_prefix("### ") {
            (!KINDS.contains(&kind)).then(|| format!("`{kind}` is none of {KINDS:?}"))
        } else {
            None
        };
        found.extend(problem.map(|problem| format!("{FILE}:{} {problem}", index + 1)));
    }
    if !text.starts_with("# Changelog\n") || headings == 0 {
        found.push(format!("{FILE} has no title `# Changelog`, or nothing under it"));
    }
    found
}

fn release_problem(title: &str, is_first: bool, releases: &mut Vec<Vec<u64>>) -> Option<String> {
    if is_first {
        return (title != "[Unreleased]").then(|| "the first heading is `## [Unreleased]`".to_owned());
    }
    let parsed = title.strip_prefix('[').and_then(|rest| rest.split_once("] - "));
    let Some((version, date)) = parsed.and_then(|(version, date)| Some((numbers(version, '.')?, date)))
    else {
        return Some("a release is `## [1.2.3] - 2026-01-31`".to_owned());
    };
    let is_date = date.len() == 10 && numbers(date, '-').is_some();
    if version.len() != 3 || !is_date {
        return Some("a release is `## [1.2.3] - 2026-01-31`".to_owned());
    }
    let is_older = releases.last().is_none_or(|newer| *newer > version);
    releases.push(version);
    (!is_older).then(|| "releases stand newest first".to_owned())
}

fn numbers(text: &str, separator: char) -> Option<Vec<u64>> {
    text.split(separator).map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::repository_of;
    use super::*;

    fn check_of(text: &str) -> Vec<String> {
        check(&repository_of(&[(FILE, text)]))
    }

    #[test]
    fn the_form_is_fine() {
        let text = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A.\n\n## [0.2.0] - 2026-12-01\n\n\
                    ## [0.1.10] - 2026-11-30\n\n## [0.1.9] - 2026-11-01\n";
        assert_eq!(check_of(text), Vec::<String>::new());
    }

    #[test]
    fn each_breach_is_caught() {
        let breaches = [
            ("# Changelog\n", "nothing under it"),
            ("# Changes\n\n## [Unreleased]\n", "no title"),
            ("# Changelog\n\n## [0.1.0] - 2026-11-30\n", "the first heading"),
            ("# Changelog\n\n## [Unreleased]\n\n### New\n", "`New` is none of"),
            ("# Changelog\n\n## [Unreleased]\n\n## 0.1.0\n", "a release is"),
            ("# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - soon\n", "a release is"),
            (
                "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-11-30\n\n## [0.2.0] - 2026-12-01\n",
                "newest first",
            ),
        ];
        for (text, says) in breaches {
            assert!(check_of(text)[0].contains(says), "{text:?}: {:?}", check_of(text));
        }
        assert_eq!(check(&Repository::default()), ["CHANGELOG.md is missing"]);
    }
}
