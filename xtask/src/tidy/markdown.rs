//! Markdown files end in a newline, keep their fences closed, have a title, and no trailing blanks.

use super::repository::Repository;

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in repository.with_extension("md") {
        if !text.ends_with('\n') || text.ends_with("\n\n") {
            found.push(format!("{path} does not end in one newline"));
        }
        if !text.starts_with("# ") {
            found.push(format!("{path} does not begin with a title"));
        }
        if text.lines().filter(|line| line.trim_start().starts_with("```")).count() % 2 == 1 {
            found.push(format!("{path} has a fence that is not closed"));
        }
        for (index, _) in text.lines().enumerate().filter(|(_, line)| line.ends_with([' ', '\t'])) {
            found.push(format!("{path}:{} ends in a blank", index + 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::repository_of;
    use super::*;

    #[test]
    fn plain_and_complete_is_fine() {
        let repository = repository_of(&[("a.md", "# Title\n\n```sh\nls\n```\n")]);
        assert_eq!(check(&repository), Vec::<String>::new());
    }

    #[test]
    fn each_breach_is_caught() {
        for text in ["# Title", "# Title\n\n", "Title\n", "# Title\n```sh\nls\n", "# Title\nblank \n"] {
            assert_eq!(check(&repository_of(&[("a.md", text)])).len(), 1, "{text:?}");
        }
    }
}
