//! The laws of the repository. Each is a function from the repository to its breaches, and each has tests that it
//! fails on a planted breach, so that no law can rot into one that always holds.
//!
//! To add one: a function `check(&Repository) -> Vec<String>` in a file here, its line in [`LAWS`], its tests
//! beside it. A breach says where, what, and what to do instead.

mod changelog;
mod imports;
mod manifests;
mod markdown;
mod mirrors;
mod paths;
mod repository;
mod sizes;
mod sources;
mod vocabulary;
mod words;

use crate::workshop::Workshop;
use repository::Repository;

struct Law {
    /// What holds, as a sentence.
    says: &'static str,
    check: fn(&Repository) -> Vec<String>,
}

const LAWS: &[Law] = &[
    Law { says: "crates import only what the table allows", check: imports::check },
    Law { says: "every crate keeps the workspace's lints and says what it is", check: manifests::check },
    Law { says: "files stay short", check: sizes::check },
    Law {
        says: "every source file says what it is for, and nothing is let off a lint for good",
        check: sources::check,
    },
    Law { says: "file names say what is inside", check: sources::check_names },
    Law { says: "the paths that documents name exist", check: paths::check },
    Law { says: "Markdown is plain and complete", check: markdown::check },
    Law { says: "the changelog keeps its form", check: changelog::check },
    Law { says: "the stores mirror each other", check: mirrors::check },
    Law { says: "every guard and every write is proven on every store", check: vocabulary::check },
    Law { says: "the repository speaks of itself alone", check: words::check },
];

/// Prints every breach of every law.
pub(crate) fn run(workshop: &Workshop) -> Result<(), String> {
    let repository = Repository::read(workshop.root())?;
    let mut broken = 0;
    for law in LAWS {
        let breaches = (law.check)(&repository);
        println!("{} {}", if breaches.is_empty() { "  holds" } else { " BROKEN" }, law.says);
        for breach in &breaches {
            println!("         {breach}");
        }
        broken += usize::from(!breaches.is_empty());
    }
    if broken == 0 { Ok(()) } else { Err(format!("{broken} of {} laws are broken", LAWS.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_keeps_its_laws() {
        let repository = Repository::read(Workshop::find().unwrap().root()).unwrap();
        let breaches: Vec<String> = LAWS
            .iter()
            .flat_map(|law| {
                (law.check)(&repository).into_iter().map(move |breach| format!("{}: {breach}", law.says))
            })
            .collect();
        assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
    }

    #[test]
    fn an_empty_repository_does_not_keep_them() {
        let repository = Repository::default();
        let broken: Vec<&str> =
            LAWS.iter().filter(|law| !(law.check)(&repository).is_empty()).map(|law| law.says).collect();
        assert!(broken.contains(&"the stores mirror each other"), "{broken:?}");
        assert!(broken.contains(&"the changelog keeps its form"), "{broken:?}");
        assert!(broken.contains(&"every guard and every write is proven on every store"), "{broken:?}");
    }
}
