//! A cluster is there when it is needed, survives what a test does to it, and leaves nothing behind.

use actas_postgres_cluster::Cluster;

#[test]
fn a_cluster_is_used_crashed_and_gone() {
    let cluster = Cluster::start();
    let folder = cluster.socket_folder().to_owned();
    let database = cluster.create_database();
    database.sql("CREATE TABLE numbers (number bigint)");
    database.sql("INSERT INTO numbers VALUES (7)");
    cluster.crash_and_restart();
    let copy = cluster.create_database_from(database.name());
    assert_eq!(copy.sql("SELECT number FROM numbers"), "7");
    let name = copy.name().to_owned();
    drop(copy);
    let left = cluster.sql("postgres", &format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"));
    assert_eq!(left, "0");
    drop(database);
    drop(cluster);
    assert!(!folder.exists(), "{} was left", folder.display());
}
