//! The stores have files of the same names for the same areas, so that two of them can be read side by side.

use super::repository::Repository;

const STORES: &[&str] = &["crates/store-memory/src", "crates/store-sqlite/src", "crates/store-postgres/src"];
const AREAS: &[&str] = &[
    "actor_tokens",
    "audit",
    "clients",
    "commit",
    "guards",
    "keys",
    "sessions",
    "sign_in_tokens",
    "users",
    "writes",
];

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for store in STORES {
        for area in AREAS {
            let (file, room) = (format!("{store}/{area}.rs"), format!("{store}/{area}/mod.rs"));
            if !repository.files.contains_key(&file) && !repository.files.contains_key(&room) {
                found.push(format!("{file} is missing: every store has the area `{area}` under that name"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::repository_of;
    use super::*;

    fn stores_without(missing: &str) -> Repository {
        let paths =
            STORES.iter().flat_map(|store| AREAS.iter().map(move |area| format!("{store}/{area}.rs")));
        let paths: Vec<String> = paths.filter(|path| path != missing).collect();
        repository_of(&paths.iter().map(|path| (path.as_str(), "")).collect::<Vec<_>>())
    }

    #[test]
    fn stores_with_the_same_areas_are_fine() {
        assert_eq!(check(&stores_without("")), Vec::<String>::new());
    }

    #[test]
    fn a_store_that_names_an_area_otherwise_is_caught() {
        let missing = "crates/store-sqlite/src/guards.rs";
        assert!(check(&stores_without(missing))[0].starts_with(missing));
    }
}
