//! How source files are laid out: each says what it is for, none is let off a lint for good, none skips a test,
//! none is a drawer for odds and ends, and each crate has one integration-test binary.

use super::repository::Repository;

/// What must not stand in a Rust file, and what to do instead. Written in halves, so as not to find itself.
const MARKS: &[(&str, &str)] = &[
    (
        concat!("#[", "allow("),
        "use `#[expect(…, reason = \"…\")]`, which complains when it is no longer needed",
    ),
    (
        concat!("#![", "allow("),
        "use `#![expect(…, reason = \"…\")]`, which complains when it is no longer needed",
    ),
    (concat!("#[", "ignore"), "a test that does not run proves nothing: make it run, or remove it"),
];

/// Names that say nothing about what is inside.
const DRAWERS: &[&str] = &["common", "helper", "helpers", "misc", "util", "utils"];

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in repository.rust_files() {
        if !text.starts_with("//!") {
            found.push(format!("{path} does not begin with a `//!` line that says what it is for"));
        }
        for (mark, instead) in MARKS.iter().filter(|(mark, _)| text.contains(mark)) {
            found.push(format!("{path} has `{mark}`: {instead}"));
        }
        let in_tests = path.starts_with("crates/").then(|| path.split_once("/tests/")).flatten();
        if in_tests.is_some_and(|(_, rest)| !rest.starts_with("it/")) {
            found.push(format!("{path}: a crate has one integration-test binary, tests/it; move it there"));
        }
    }
    found
}

pub(super) fn check_names(repository: &Repository) -> Vec<String> {
    let says_nothing = |path: &&String| {
        let stems = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
        stems.into_iter().any(|stem| DRAWERS.contains(&stem))
    };
    let drawers = repository.files.keys().filter(says_nothing);
    drawers.map(|path| format!("{path}: name it after what is inside, not {DRAWERS:?}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::repository_of;
    use super::*;

    fn check_of(path: &str, text: &str) -> Vec<String> {
        check(&repository_of(&[(path, text)]))
    }

    #[test]
    fn an_introduced_file_is_fine() {
        assert_eq!(check_of("crates/domain/src/lib.rs", "//! The rules.\n"), Vec::<String>::new());
        assert_eq!(check_of("crates/domain/tests/it/main.rs", "//! Tests.\n"), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_for_is_caught() {
        assert!(check_of("crates/domain/src/lib.rs", "mod time;\n")[0].contains("does not begin with"));
    }

    #[test]
    fn lints_and_tests_switched_off_are_caught() {
        for (mark, _) in MARKS {
            let text = format!("//! The rules.\n{mark}dead_code)]\n");
            assert!(check_of("crates/domain/src/lib.rs", &text)[0].contains(mark));
        }
    }

    #[test]
    fn a_second_test_binary_is_caught() {
        assert!(
            check_of("crates/domain/tests/more.rs", "//! Tests.\n")[0]
                .contains("one integration-test binary")
        );
    }

    #[test]
    fn drawers_are_caught() {
        for path in ["crates/domain/src/utils.rs", "crates/server/src/common/mod.rs", "e2e/helpers.mjs"] {
            assert_eq!(check_names(&repository_of(&[(path, "")])).len(), 1, "{path}");
        }
        assert_eq!(
            check_names(&repository_of(&[("crates/domain/src/user/mod.rs", "")])),
            Vec::<String>::new()
        );
    }
}
