//! TLS: whose certificates are taken, and whose are not.

use crate::workplace::options;
use actas_domain::ports::Store as _;
use actas_postgres_cluster::{Cluster, PASSWORD, SECURED_USER};
use actas_store_postgres::{OpenError, Options, PostgresStore};
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;

/// An authority, and a certificate that it signed, by the names of their files.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// For a server of this name.
    fn of(name: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let at = folder.path();
        // Each authority has a name of its own.
        let authority = at.file_name().unwrap().to_string_lossy();
        openssl(
            at,
            &format!(
                "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={authority} -keyout ca.key -out ca.crt"
            ),
        );
        openssl(
            at,
            &format!("req -newkey rsa:2048 -nodes -subj /CN={name} -keyout server.key -out server.csr"),
        );
        fs::write(at.join("names"), format!("subjectAltName={name}\n")).unwrap();
        openssl(
            at,
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt",
        );
        Self { folder }
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap()
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn serve(cluster: &Cluster, certificates: &Certificates) {
    cluster.write("server.key", &certificates.read("server.key"));
    cluster.write("server.crt", &certificates.read("server.crt"));
    cluster.set("ssl", "on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_taken_from_the_right_authority_for_the_right_host() {
    let cluster = Cluster::start_on_tcp();
    let database = cluster.create_database();
    let (right, elsewhere) = (Certificates::of("IP:127.0.0.1"), Certificates::of("DNS:db.example.test"));
    let stranger = Certificates::of("IP:127.0.0.1");
    let open = async |certificates: &Certificates, mode: &str| {
        let url = format!(
            "postgresql://{SECURED_USER}:{PASSWORD}@127.0.0.1:{}/{}{mode}",
            cluster.port(),
            database.name()
        );
        let ca_file = Some(certificates.folder.path().join("ca.crt"));
        PostgresStore::open(&Options { ca_file, ..options(&url) }).await
    };
    serve(&cluster, &right);
    let store = open(&right, "").await.unwrap();
    store.check().await.unwrap();
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'secured' \
        AND NOT ssl";
    assert_eq!(cluster.sql("postgres", encrypted), "0");
    let refused = |outcome: Result<PostgresStore, OpenError>, word: &str| {
        let line = outcome.expect_err("it should not open").to_string();
        assert!(line.contains(word) && !line.contains(PASSWORD) && !line.contains('\n'), "{line}");
    };
    for mode in ["", "?sslmode=require", "?sslmode=verify-ca"] {
        refused(open(&stranger, mode).await, "UnknownIssuer");
    }
    serve(&cluster, &elsewhere);
    // New sessions get the new certificate as soon as the server has read it.
    while open(&elsewhere, "?sslmode=verify-ca").await.is_err() {}
    refused(open(&elsewhere, "").await, "not valid for name");
    refused(open(&right, "?sslmode=verify-ca").await, "UnknownIssuer");
    open(&right, "?sslmode=disable").await.unwrap();
    let empty = TempDir::new().unwrap();
    fs::write(empty.path().join("ca.crt"), "no certificate\n").unwrap();
    refused(open(&Certificates { folder: empty }, "").await, "there is none in it");
}
