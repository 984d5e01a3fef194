//! Files stay short enough to be read in one go. (Functions: clippy's `too_many_lines`, at 70.)

use super::repository::Repository;

/// Lines that a file of the product should stay within, its unit tests included.
const PRODUCT_LINES: usize = 400;
/// Lines that no source file may pass, in any language, tests and the workshop included.
const LIMIT_LINES: usize = 500;

/// Product files between the two, each with the reason why it is better whole.
const EXCUSED: &[(&str, &str)] = &[];

pub(super) fn check(repository: &Repository) -> Vec<String> {
    check_with(repository, EXCUSED)
}

fn check_with(repository: &Repository, excused: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    let sources =
        ["rs", "mjs", "py", "sql"].into_iter().flat_map(|extension| repository.with_extension(extension));
    for (path, text) in sources {
        let lines = text.lines().count();
        let is_product = path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs");
        let is_excused = excused.iter().any(|(excused, _)| *excused == path);
        if lines > LIMIT_LINES {
            found.push(format!(
                "{path} has {lines} lines; {LIMIT_LINES} is the limit: split it by what it does"
            ));
        } else if is_product && lines > PRODUCT_LINES && !is_excused {
            found.push(format!(
                "{path} has {lines} lines; {PRODUCT_LINES} is the rule: split it, or excuse it with a reason in \
                 xtask/src/tidy/sizes.rs"
            ));
        }
    }
    for (path, _) in excused {
        let lines = repository.files.get(*path).map_or(0, |text| text.lines().count());
        if lines <= PRODUCT_LINES {
            found.push(format!("{path} has {lines} lines and needs no excuse in xtask/src/tidy/sizes.rs"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::repository_of;
    use super::*;

    const FILE: &str = "crates/domain/src/lib.rs";

    fn check_of(path: &str, lines: usize, excused: &[(&str, &str)]) -> Vec<String> {
        check_with(&repository_of(&[(path, &"//\n".repeat(lines))]), excused)
    }

    #[test]
    fn files_within_the_limits_are_fine() {
        assert_eq!(check_of(FILE, 400, &[]), Vec::<String>::new());
        assert_eq!(check_of("crates/domain/tests/it/main.rs", 500, &[]), Vec::<String>::new());
        assert_eq!(check_of(FILE, 401, &[(FILE, "one table")]), Vec::<String>::new());
    }

    #[test]
    fn long_files_are_caught() {
        assert!(check_of(FILE, 401, &[])[0].contains("401 lines; 400 is the rule"));
        assert!(check_of(FILE, 501, &[(FILE, "one table")])[0].contains("500 is the limit"));
        assert!(check_of("crates/domain/tests/it/main.rs", 501, &[])[0].contains("500 is the limit"));
        assert!(check_of("xtask/src/main.rs", 501, &[])[0].contains("500 is the limit"));
        assert!(check_of("e2e/python/check.py", 501, &[])[0].contains("500 is the limit"));
    }

    #[test]
    fn an_excuse_that_is_no_longer_needed_is_caught() {
        assert!(check_of(FILE, 400, &[(FILE, "one table")])[0].contains("needs no excuse"));
        assert!(check_of(FILE, 1, &[("crates/gone.rs", "one table")])[0].contains("needs no excuse"));
    }
}
