//! PostgreSQL for the tests and the end-to-end runs: the machine's own, or the one of its packages. The clusters are made by
//! `e2e/postgres-cluster`; none of the machine's is touched.

use crate::{command, packages};
use std::process::Command;

/// The package would start a cluster for everybody on the machine.
const NO_CLUSTER: &str = "mkdir -p /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/actas.conf";

pub(crate) fn ensure() -> Result<(), String> {
    if !actas_postgres_cluster::is_installed() {
        command::run(Command::new("sh").args(["-c", NO_CLUSTER]))?;
    }
    packages::ensure("PostgreSQL server", &["postgresql"], actas_postgres_cluster::is_installed)
}
