//! Who may import whom. The direction is what keeps the rules testable without a database and the stores
//! replaceable without touching a rule.

use super::repository::{Package, Repository};

/// Each crate of ours, and which others of ours its product may import.
const TABLE: &[(&str, &[&str])] = &[
    ("actas-domain", &[]),
    ("actas-api-types", &[]),
    ("actas-crypto", &["actas-domain"]),
    ("actas-store-memory", &["actas-domain"]),
    ("actas-store-sqlite", &["actas-domain"]),
    ("actas-store-postgres", &["actas-domain"]),
    ("actas-server", &["actas-domain", "actas-api-types"]),
    // It publishes alone, and its decoding is a second opinion on the API.
    ("actas-sdk", &[]),
    (
        "actas-cli",
        &[
            "actas-domain",
            "actas-crypto",
            "actas-sdk",
            "actas-store-memory",
            "actas-store-sqlite",
            "actas-store-postgres",
            "actas-server",
        ],
    ),
    (
        "actas-faults",
        &["actas-domain", "actas-crypto", "actas-store-sqlite", "actas-sdk", "actas-postgres-cluster"],
    ),
    (
        "actas-instructions",
        &["actas-domain", "actas-crypto", "actas-store-memory", "actas-store-sqlite", "actas-server"],
    ),
    ("actas-parts", &["actas-api-types", "actas-domain", "actas-crypto", "actas-store-memory"]),
    ("actas-prototype", &[]),
    ("actas-measure", &["actas-domain", "actas-crypto", "actas-sdk", "actas-store-sqlite"]),
    ("actas-verifier", &["actas-sdk"]),
    ("actas-postgres-cluster", &[]),
    ("xtask", &["actas-postgres-cluster"]),
];

/// Crates of others that only these crates of ours may name, because they are the edge that the crate stands for.
const OWNED: &[(&str, &[&str])] = &[
    ("rusqlite", &["actas-store-sqlite", "actas-measure", "actas-prototype"]),
    ("libsqlite3-sys", &["actas-store-sqlite"]),
    ("tokio-postgres", &["actas-store-postgres", "actas-measure"]),
    ("rustls", &["actas-store-postgres"]),
    ("tokio-rustls", &["actas-store-postgres"]),
    ("axum", &["actas-server", "actas-cli", "actas-sdk", "actas-instructions"]),
    ("aws-lc-rs", &["actas-crypto", "actas-sdk", "actas-verifier", "actas-measure", "actas-prototype"]),
    ("argon2", &["actas-crypto"]),
    ("bcrypt", &["actas-crypto"]),
    ("getrandom", &["actas-crypto", "actas-sdk"]),
    ("reqwest", &["actas-sdk", "actas-faults"]),
    ("clap", &["actas-cli", "actas-faults"]),
];

/// What a crate of ours must not contain, at any remove.
const KEPT_OUT: &[(&str, &[&str])] = &[
    (
        "actas-domain",
        &[
            "tokio",
            "mio",
            "axum",
            "hyper",
            "http",
            "reqwest",
            "rusqlite",
            "libsqlite3-sys",
            "tokio-postgres",
            "rustls",
            "getrandom",
            "rand",
            "rustix",
            "clap",
            "aws-lc-rs",
            "argon2",
            "bcrypt",
            "tracing-subscriber",
        ],
    ),
    ("actas-crypto", &["rusqlite", "axum", "hyper", "reqwest"]),
    ("actas-store-memory", &["rusqlite", "libsqlite3-sys", "axum", "hyper", "reqwest"]),
    ("actas-store-sqlite", &["tokio-postgres", "rustls", "axum", "hyper", "reqwest"]),
    ("actas-store-postgres", &["rusqlite", "libsqlite3-sys", "axum", "hyper", "reqwest"]),
    ("actas-sdk", &["actas-domain", "actas-api-types", "actas-crypto", "actas-server", "rusqlite", "clap"]),
    (
        "actas-server",
        &[
            "actas-store-memory",
            "actas-store-sqlite",
            "actas-store-postgres",
            "actas-crypto",
            "rusqlite",
            "libsqlite3-sys",
            "tokio-postgres",
            "clap",
        ],
    ),
];

pub(super) fn check(repository: &Repository) -> Vec<String> {
    let ours: Vec<&str> = repository.packages.iter().map(|package| package.name.as_str()).collect();
    repository.packages.iter().flat_map(|package| breaches(package, &ours)).collect()
}

fn breaches(package: &Package, ours: &[&str]) -> Vec<String> {
    let name = package.name.as_str();
    let Some(allowed) = entry(TABLE, name) else {
        return vec![format!("{name} is in no table: say in xtask/src/tidy/imports.rs what it may import")];
    };
    let mut found = Vec::new();
    for import in &package.imports {
        if ours.contains(&import.as_str()) && !allowed.contains(&import.as_str()) {
            found.push(format!("{name} imports {import}; of ours it may import {allowed:?}"));
        }
        if let Some(owners) = entry(OWNED, import).filter(|owners| !owners.contains(&name)) {
            found.push(format!("{name} names {import}; only {owners:?} may"));
        }
    }
    for import in package.test_imports.iter().filter(|import| *import == "actas-cli") {
        found.push(format!("the tests of {name} import {import}, which assembles all the others"));
    }
    for banned in entry(KEPT_OUT, name).into_iter().flatten() {
        if package.reaches.contains(*banned) {
            found.push(format!("{name} contains {banned}, directly or through another crate; it must not"));
        }
    }
    found
}

fn entry<'a>(table: &[(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::super::repository::testing::package_of;
    use super::*;

    fn check_of(packages: Vec<Package>) -> Vec<String> {
        check(&Repository { packages, ..Repository::default() })
    }

    #[test]
    fn the_directions_of_the_table_are_fine() {
        let packages = vec![
            package_of("actas-domain", &["serde"]),
            package_of("actas-store-sqlite", &["actas-domain", "rusqlite"]),
            package_of("actas-server", &["actas-domain", "axum"]),
        ];
        assert_eq!(check_of(packages), Vec::<String>::new());
    }

    #[test]
    fn a_rule_that_imports_a_store_is_caught() {
        let packages =
            vec![package_of("actas-domain", &["actas-store-memory"]), package_of("actas-store-memory", &[])];
        assert!(check_of(packages)[0].starts_with("actas-domain imports actas-store-memory"));
    }

    #[test]
    fn sql_outside_its_store_is_caught() {
        let packages = vec![package_of("actas-cli", &["rusqlite"])];
        assert!(check_of(packages)[0].starts_with("actas-cli names rusqlite"));
    }

    #[test]
    fn what_hides_behind_another_crate_is_caught() {
        let mut domain = package_of("actas-domain", &["innocent"]);
        domain.reaches.insert("tokio".to_owned());
        assert!(check_of(vec![domain])[0].starts_with("actas-domain contains tokio"));
    }

    #[test]
    fn a_crate_without_a_line_in_the_table_is_caught() {
        assert!(check_of(vec![package_of("actas-new", &[])])[0].starts_with("actas-new is in no table"));
    }

    #[test]
    fn tests_that_import_the_whole_program_are_caught() {
        let mut server = package_of("actas-server", &[]);
        server.test_imports.insert("actas-cli".to_owned());
        assert!(check_of(vec![server])[0].contains("the tests of actas-server import actas-cli"));
    }
}
