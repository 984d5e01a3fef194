//! PostgreSQL for the tests and the end-to-end runs: the machine's own, or the one of its packages, which takes an
//! administrator to install. The clusters are made by `e2e/postgres-cluster`; none of the machine's is touched.

use crate::command;
use std::process::Command;

/// Without the cluster that the package would start for everybody on the machine.
const INSTALL: &str = "mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/actas.conf \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends postgresql";

pub(crate) fn ensure() -> Result<(), String> {
    if actas_postgres_cluster::is_installed() {
        return Ok(());
    }
    println!("no PostgreSQL server here: installing it");
    let install = command::run(Command::new("sh").args(["-c", INSTALL]));
    match (install, actas_postgres_cluster::is_installed()) {
        (Ok(()), true) => Ok(()),
        (Err(problem), _) => Err(format!("{problem}; install the package postgresql and run this again")),
        (Ok(()), false) => Err("postgresql was installed but its server is not found".to_owned()),
    }
}
