//! Every reason not to open a database, and what is told of it.

use crate::workplace::{Workplace, add_actor_token, options};
use actas_domain::ports::{Store, StoreError};
use actas_postgres_cluster::{Cluster, PASSWORD, SECURED_USER, USER};
use actas_store_postgres::{OpenError, Options, PostgresStore, SUPPORTED_VERSION};
use std::time::Duration;

async fn refused(url: &str) -> OpenError {
    let options = Options { connect_timeout: Duration::from_secs(2), ..options(url) };
    let error = PostgresStore::open(&options).await.expect_err("it should not open");
    let line = error.to_string();
    assert!(!line.contains('\n') && !line.contains("hidden") && !line.contains(PASSWORD), "{line}");
    error
}

fn folder() -> String {
    Cluster::shared().socket_folder().display().to_string().replace('/', "%2F")
}

#[tokio::test]
async fn a_password_is_given_and_a_wrong_one_refused() {
    let workplace = Workplace::new();
    let (folder, name) = (folder(), workplace.database.name());
    let right = format!("postgresql://{SECURED_USER}:{PASSWORD}@{folder}/{name}");
    PostgresStore::open(&options(&right)).await.unwrap().check().await.unwrap();
    let wrong = format!("postgresql://{SECURED_USER}:hidden@{folder}/{name}");
    assert!(matches!(refused(&wrong).await, OpenError::Denied { .. }));
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_told() {
    let url = format!("postgresql://{USER}:hidden@{}/none_of_this_name", folder());
    let error = refused(&url).await;
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    assert!(error.to_string().contains("none_of_this_name"), "{error}");
}

#[tokio::test]
async fn a_host_that_nobody_reaches_is_told() {
    // Bound and closed again, so that nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = refused(&format!("postgresql://u:hidden@127.0.0.1:{port}/d?sslmode=disable")).await;
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    let url = format!("postgresql://u:hidden@127.0.0.1:{port},%2Fnowhere/d?sslmode=disable");
    let line = refused(&url).await.to_string();
    assert!(line.contains(&format!("127.0.0.1:{port}: ")) && line.contains("/nowhere: "), "{line}");
}

/// One that accepts and then says nothing.
#[tokio::test]
async fn a_host_that_is_silent_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let error = refused(&format!("postgresql://u:hidden@127.0.0.1:{port}/d?sslmode=disable")).await;
    assert!(error.to_string().contains("no answer within 2 s"), "{error}");
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_refused() {
    let workplace = Workplace::new();
    let name = workplace.database.name();
    let set = |value: &str| format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
    Cluster::shared().sql("postgres", &set("on"));
    let error = refused(&workplace.database.url()).await;
    Cluster::shared().sql("postgres", &set("off"));
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn a_schema_that_this_binary_cannot_read_is_refused() {
    let database = Cluster::shared().create_database();
    PostgresStore::open(&options(&database.url())).await.unwrap().close().await;
    let newer = SUPPORTED_VERSION + 1;
    database.sql(&format!("UPDATE meta SET value = {newer} WHERE name = 'schema_version'"));
    PostgresStore::open(&options(&database.url())).await.unwrap().close().await;
    database.sql(&format!("UPDATE meta SET value = {newer} WHERE name = 'minimum_reader_version'"));
    let error = refused(&database.url()).await;
    assert!(
        matches!(error, OpenError::Newer { minimum_reader_version, .. } if minimum_reader_version == newer),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_that_cannot_keep_every_character_is_refused() {
    let cluster = Cluster::shared();
    let create =
        "CREATE DATABASE of_bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'";
    cluster.sql("postgres", create);
    let error = refused(&format!("postgresql://{USER}@{}/of_bytes", folder())).await;
    assert!(matches!(&error, OpenError::Encoding { encoding, .. } if encoding == "SQL_ASCII"), "{error}");
    assert_eq!(
        cluster.sql("of_bytes", "SELECT to_regclass('meta') IS NULL"),
        "t",
        "something was made in it"
    );
}

/// Whoever runs it need not be the one who may change the schema, once that is as it must be.
#[tokio::test]
async fn a_start_makes_nothing_in_a_database_that_is_up_to_date() {
    let workplace = Workplace::new();
    let role = format!("plain_{}", workplace.database.name());
    workplace.database.sql(&format!(
        "CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let url = format!("postgresql://{role}@{}/{}", folder(), workplace.database.name());
    let store = PostgresStore::open(&options(&url)).await.unwrap();
    store.commit(add_actor_token(1)).await.unwrap();
    store.check().await.unwrap();
    store.close().await;
    workplace.database.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// Rows by which a server looks up its commits go when it is long gone, and no sooner.
#[tokio::test]
async fn the_rows_of_servers_that_are_gone_are_removed() {
    let workplace = Workplace::new();
    let day = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - 86400000";
    let sql = format!("INSERT INTO writers VALUES ('gone', 1, {day} * 1 - 604800000), ('away', 1, {day})");
    workplace.database.sql(&sql);
    workplace.open().await;
    assert_eq!(workplace.database.sql("SELECT id FROM writers WHERE batch = 1"), "away");
}

/// A network is crossed under TLS unless the URL says otherwise, and a server without it is refused.
#[tokio::test]
async fn a_server_without_tls_is_refused_unless_the_url_allows_it() {
    let workplace = Workplace::new();
    let proxy = crate::proxy::Proxy::start(Cluster::shared().socket_folder().join(".s.PGSQL.5432")).await;
    let url = |mode: &str| {
        format!("postgresql://{USER}@127.0.0.1:{}/{}{mode}", proxy.port, workplace.database.name())
    };
    let error = refused(&url("")).await;
    assert!(error.to_string().contains("TLS"), "{error}");
    PostgresStore::open(&options(&url("?sslmode=disable"))).await.unwrap();
}

#[tokio::test]
async fn a_row_that_cannot_be_read_back_is_named() {
    let workplace = Workplace::new();
    let store = workplace.open().await;
    store.commit(add_actor_token(1)).await.unwrap();
    let id = actas_domain::testing::rows::actor_token_id(1);
    workplace.database.sql("UPDATE actor_tokens SET status = 'sold'");
    let error = store.actor_token(&id).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    let line = error.to_string();
    assert!(line.contains("actor_tokens") && line.contains(id.as_str()) && line.contains("status"), "{line}");
    assert!(!line.contains("sold"), "a value was shown: {line}");
}

#[tokio::test]
async fn a_closed_store_answers_that_it_is_closed() {
    let workplace = Workplace::new();
    let store = workplace.open().await;
    store.commit(add_actor_token(1)).await.unwrap();
    store.close().await;
    let unavailable = store.commit(add_actor_token(2)).await.unwrap_err();
    assert!(unavailable.to_string().contains("closed"), "{unavailable}");
    assert!(store.instance().await.unwrap_err().to_string().contains("closed"));
}
