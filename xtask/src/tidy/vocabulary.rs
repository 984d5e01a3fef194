//! Every guard and every write is proven on every store: the suite that all stores pass names each of them. One
//! that it does not name may hold on one store and not on the other, and nobody would notice.

use super::repository::Repository;

const CHANGE: &str = "crates/domain/src/change.rs";
const SUITE: &str = "crates/domain/src/testing/";

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let change = repository.files.get(CHANGE).map_or("", String::as_str);
    let suite: String = repository
        .files
        .iter()
        .filter(|(path, _)| path.starts_with(SUITE))
        .map(|(_, text)| text.as_str())
        .collect();
    let mut found = Vec::new();
    for name in ["Guard", "Write"] {
        let variants = variants(change, name);
        if variants.is_empty() {
            found.push(format!("{CHANGE} has no `pub enum {name}`: the law looks in the wrong place"));
        }
        for variant in variants {
            let is_named = suite.split(&format!("{name}::{variant}")).skip(1).any(|rest| {
                !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')
            });
            if !is_named {
                found.push(format!("{name}::{variant} is not proven by any test of the suite in {SUITE}"));
            }
        }
    }
    found
}

/// The variants of a public enum, as they stand in formatted source: indented by four.
fn variants<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!("pub enum {name} {{\n");
    let body =
        source.split_once(&opening).and_then(|(_, rest)| rest.split_once("\n}")).map_or("", |(body, _)| body);
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .filter_map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric()).next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::repository_of;
    use super::*;

    const SOURCE: &str = "pub enum Guard {\n    /// Says why.\n    Before(UnixMillis),\n    Presence {\n        \
                          User: UserId,\n    },\n}\n\npub enum Write {\n    AddUser(User),\n    AddUserToo,\n}\n";

    fn check_of(suite: &str) -> Vec<String> {
        check(&repository_of(&[(CHANGE, SOURCE), ("crates/domain/src/testing/suite.rs", suite)]))
    }

    #[test]
    fn variants_are_read_and_fields_are_not() {
        assert_eq!(variants(SOURCE, "Guard"), ["Before", "Presence"]);
        assert_eq!(variants(SOURCE, "Write"), ["AddUser", "AddUserToo"]);
    }

    #[test]
    fn a_suite_that_names_all_is_fine() {
        let suite = "Guard::Before(x) Guard::Presence { Write::AddUser(u) Write::AddUserToo]";
        assert_eq!(check_of(suite), Vec::<String>::new());
    }

    #[test]
    fn what_no_test_names_is_caught() {
        let found = check_of("Guard::Before(x) Guard::Presence { Write::AddUserToo]");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("Write::AddUser is not proven"), "{found:?}");
    }
}
