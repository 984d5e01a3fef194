//! `actas users import`: what becomes of rows, and what is told.

use super::{instance::Instance, terminal::Terminal};
use crate::process::{Server, actas, env_file, one_line, request, stderr, stdout};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

pub(super) const DIGEST: &str = "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
/// Those that `actas dev` makes.
pub(super) const USERS_BEFORE: u64 = 2;

/// A server whose data outlive it, and the folder where commands find it.
pub(super) struct Kept {
    pub(super) server: Server,
    pub(super) folder: TempDir,
}

impl Kept {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { server: Self::serve(folder.path()), folder }
    }

    fn serve(folder: &Path) -> Server {
        Server::start(folder, &["dev", "--listen", "127.0.0.1:0"])
    }

    pub(super) fn restart(self) -> Self {
        self.restart_after(|_| {})
    }

    /// Something is done to the folder while no server is there.
    pub(super) fn restart_after(self, between: impl FnOnce(&Path)) -> Self {
        let Self { server, folder } = self;
        drop(server);
        between(folder.path());
        Self { server: Self::serve(folder.path()), folder }
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        self.folder.path().join(name).exists()
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        actas(self.folder.path(), arguments)
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What the API answers.
    pub(super) fn get(&self, path: &str) -> Value {
        let key = env_file(self.folder.path())["CLERK_SECRET_KEY"].clone();
        let header = format!("Authorization: Bearer {key}");
        let (status, body) = request(self.server.address, "GET", path, &[&header], "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    pub(super) fn count(&self) -> u64 {
        self.get("/v1/users/count")["total_count"].as_u64().unwrap() - USERS_BEFORE
    }
}

/// What an import says as JSON, with this exit code.
pub(super) fn result(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(output), stderr(output));
    serde_json::from_str(&stdout(output)).unwrap()
}

fn counts(result: &Value) -> [u64; 4] {
    ["rows", "created", "exists", "refused"].map(|name| result[name].as_u64().unwrap())
}

#[test]
fn lines_become_users_and_those_that_do_not_are_told() {
    let kept = Kept::start();
    let mut rows = b"\xef\xbb\xbf".to_vec();
    let lines = [
        json!({ "id": "ada", "email_address": ["ada@example.com"], "first_name": "Ada" }).to_string(),
        String::new(),
        json!({ "id": "bob", "password_digest": DIGEST, "password_hasher": "bcrypt" }).to_string(),
        json!({ "id": "eve", "email_address": ["ADA@example.com"] }).to_string(),
        json!({ "id": "clear", "password": "correct horse battery" }).to_string(),
        json!({ "id": "digest", "password_digest": "$2b$12$short", "password_hasher": "bcrypt" }).to_string(),
        json!({ "id": DIGEST, "first_name": "Slipped" }).to_string(),
        "{\"id\":\"cut".to_owned(),
        "[]".to_owned(),
        json!({ "id": "ada", "first_name": "Another" }).to_string(),
        json!({ "id": "huge", "public_metadata": { "x": "y".repeat(1024 * 1024) } }).to_string(),
        json!({ "id": "large", "public_metadata": { "x": "y".repeat(70_000) } }).to_string(),
        json!({ "external_id": "crm-9" }).to_string(),
    ];
    rows.extend(lines.join("\r\n").bytes());
    rows.extend(b"\n{\"id\":\"latin\xe9\"}\n   \n{\"id\":\"last\"}");
    kept.write("users.jsonl", &rows);
    let output =
        kept.run(&["users", "import", "users.jsonl", "--batch", "3", "--concurrency", "1", "--json"]);
    assert_eq!(counts(&result(&output, 1)), [14, 4, 1, 9]);
    assert!(one_line(&output, 1).contains("9 rows were refused"));
    let report = kept.read("users.jsonl.refused.jsonl");
    assert_snapshot!(report, @r#"
    {"line":4,"id":"eve","code":"form_identifier_exists","parameter":"email_address","message":"That email_address is taken. Please try another."}
    {"line":5,"id":"clear","code":"form_param_unknown","parameter":"password","message":"password is not a valid parameter for this request. An import takes digests: password_digest with password_hasher."}
    {"line":6,"id":"digest","code":"form_password_digest_invalid_code","parameter":"password_digest","message":"The password_digest provided is not a valid digest of the given password_hasher, or its check would take too long. Costs may be: bcrypt 4 to 14; argon2id up to 256 MiB, 10 passes, 16 lanes, and 1 GiB of memory times passes."}
    {"line":7,"id":null,"code":"form_param_format_invalid","parameter":"id","message":"id must be a text of 1 to 255 of the characters A-Z a-z 0-9 _ . : @ -."}
    {"line":8,"id":null,"code":"request_body_invalid","parameter":null,"message":"This line is not a JSON object in UTF-8."}
    {"line":9,"id":null,"code":"request_body_invalid","parameter":null,"message":"This line is not a JSON object in UTF-8."}
    {"line":11,"id":null,"code":"request_body_invalid","parameter":null,"message":"The row is longer than 1048576 bytes."}
    {"line":12,"id":"large","code":"request_body_too_large","parameter":null,"message":"The request body exceeds the maximum allowed size of 65536 bytes."}
    {"line":14,"id":null,"code":"request_body_invalid","parameter":null,"message":"The row is not text in UTF-8."}
    "#);
    for told in [report, stdout(&output), stderr(&output)] {
        assert!(!told.contains("$2a$") && !told.contains("correct horse"));
    }
    assert!(!kept.exists("users.jsonl.import-progress"));
    assert_eq!(kept.count(), 4);
    assert_eq!(kept.get("/v1/users/ada")["first_name"], "Ada");
    assert_eq!(kept.get("/v1/users/bob")["password_enabled"], true);
    assert_eq!(kept.get("/v1/users/last")["id"], "last");
    let minted = kept.get("/v1/users?external_id=crm-9")[0]["id"].as_str().unwrap().to_owned();
    assert!(minted.starts_with("user_") && minted.len() == 32, "{minted}");
}

#[test]
fn cells_become_users_and_those_that_do_not_are_told() {
    let kept = Kept::start();
    let rows = format!(
        "\u{feff}id,email_address,email_address,first_name,public_metadata,banned,password_digest,password_hasher\r\n\
         ada,ada@example.com;ada@example.org,lovelace@example.com,\"Ada \"\"L\"\"\",\"{{\"\"plan\"\":\n\"\"gold\"\"}}\",,,\r\n\
         bob,,,,,TRUE,{DIGEST},bcrypt\r\n\
         eve,ada@example.org,,,,,,\r\n\
         short,row\r\n\
         odd,,,,{{,,,\r\n\
         ,,,No id,,,,\r\n\
         last,,,,,,,"
    );
    kept.write("users.csv", rows);
    let output = kept.run(&["users", "import", "users.csv", "--concurrency", "1", "--json"]);
    assert_eq!(counts(&result(&output, 1)), [7, 4, 0, 3]);
    assert_snapshot!(kept.read("users.csv.refused.jsonl"), @r#"
    {"line":5,"id":"eve","code":"form_identifier_exists","parameter":"email_address","message":"That email_address is taken. Please try another."}
    {"line":6,"id":null,"code":"request_body_invalid","parameter":null,"message":"The row has 2 cells, and the heading has 8."}
    {"line":7,"id":"odd","code":"form_param_value_invalid","parameter":null,"message":"public_metadata is invalid. Received string, must be of type object."}
    "#);
    let ada = kept.get("/v1/users/ada");
    let addresses = ada["email_addresses"].as_array().unwrap().iter().map(|each| &each["email_address"]);
    let expected = ["ada@example.com", "ada@example.org", "lovelace@example.com"];
    assert!(addresses.eq(expected), "{ada}");
    assert_eq!(
        (&ada["first_name"], &ada["public_metadata"]),
        (&"Ada \"L\"".into(), &json!({ "plan": "gold" }))
    );
    let bob = kept.get("/v1/users/bob");
    assert_eq!((&bob["banned"], &bob["password_enabled"]), (&true.into(), &true.into()));
    assert_eq!(kept.count(), 4);
}

#[test]
fn rows_come_by_a_pipe_too_and_the_end_is_told_in_a_line() {
    let kept = Kept::start();
    kept.write("rows", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
    let rows = fs::File::open(kept.folder.path().join("rows")).unwrap();
    let output = kept.command(&["users", "import", "-"]).stdin(rows).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("2 rows: 2 created, 0 existed already, 0 refused, in "));
    kept.write("empty", "");
    let output = kept.run(&["users", "import", "empty", "--json"]);
    assert_eq!(counts(&result(&output, 0)), [0; 4]);
    let names: Vec<_> =
        fs::read_dir(kept.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "nothing is left behind: {names:?}");
}

#[test]
fn what_cannot_be_imported_is_said_before_anything_is_sent() {
    let kept = Kept::start();
    kept.write("surname.csv", "id,surname\na,b\n");
    kept.write("password.csv", "id,password\na,secret\n");
    kept.write("empty.csv", "");
    kept.write("users.jsonl", "{}\n");
    kept.write("report", "");
    kept.write("begun.jsonl", "{}\n");
    kept.write("begun.jsonl.import-progress", "");
    let told = |arguments: &[&str]| one_line(&kept.run(&[&["users", "import"], arguments].concat()), 2);
    let told: Vec<_> = [
        &["surname.csv"][..],
        &["password.csv"],
        &["empty.csv"],
        &["nowhere.jsonl"],
        &["."],
        &["users.jsonl", "--report", "report"],
        &["begun.jsonl"],
        &["users.jsonl", "--resume"],
    ]
    .iter()
    .map(|arguments| told(arguments))
    .collect();
    assert_snapshot!(told.join("\n"), @r#"
    actas: surname.csv: column 2 ("surname") is none that a user has; the first line names the columns: id, external_id, username, first_name, last_name, locale, email_address, email_address_identification_status, phone_number, phone_number_identification_status, web3_wallet, password_digest, password_hasher, public_metadata, private_metadata, unsafe_metadata, banned, locked, delete_self_enabled, create_organization_enabled, create_organizations_limit, bypass_client_trust, created_at, legal_accepted_at
    actas: password.csv: column 2 is password: an import takes digests, in password_digest and password_hasher
    actas: empty.csv: it is empty; its first line must name the columns
    actas: nowhere.jsonl: it cannot be read: No such file or directory (os error 2)
    actas: .: it is a folder
    actas: report exists, and the report of refused rows would replace it: name another with --report, or remove it
    actas: begun.jsonl.import-progress is the progress of an import that was interrupted: go on with --resume, or remove it to begin anew
    actas: there is nothing to go on with: users.jsonl.import-progress does not exist. If the import has ended, it is removed; else begin one without --resume
    "#);
    assert_eq!(kept.count(), 0);
    assert!(!kept.exists("users.jsonl.import-progress"));
}

#[test]
fn a_server_that_takes_less_in_one_request_gets_less() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = actas(folder.path(), &["dev", "--listen", "127.0.0.1:0"]);
    command.env("ACTAS_BODY_MAX_BYTES", "2048");
    let kept = Kept { server: Server::start_with(command), folder };
    let row = |number: u32, length: usize| {
        json!({ "id": format!("u{number}"), "unsafe_metadata": { "x": "y".repeat(length) } }).to_string()
    };
    let rows: Vec<_> = (0..300).map(|number| row(number, if number == 7 { 3_000 } else { 50 })).collect();
    kept.write("users.jsonl", rows.join("\n"));
    let output = kept.run(&["users", "import", "users.jsonl", "--json"]);
    assert_eq!(counts(&result(&output, 1)), [300, 299, 0, 1]);
    let report: Value = serde_json::from_str(&kept.read("users.jsonl.refused.jsonl")).unwrap();
    assert_eq!((&report["line"], &report["code"]), (&8.into(), &"request_body_too_large".into()));
    assert_eq!(kept.count(), 299);
}

#[test]
fn a_server_that_is_not_there_or_knows_no_such_key_leaves_nothing_behind() {
    let instance = Instance::start();
    fs::write(instance.folder.path().join("users.jsonl"), "{}\n").unwrap();
    let import = ["users", "import", "users.jsonl"];
    let output = instance.command(&import).env("CLERK_SECRET_KEY", "sk_test_wrong").output().unwrap();
    one_line(&output, 8);
    let output = instance.command(&import).env("ACTAS_URL", "http://127.0.0.1:1").output().unwrap();
    one_line(&output, 7);
    assert_eq!(fs::read_dir(instance.folder.path()).unwrap().count(), 1);
}

#[test]
fn on_a_terminal_there_is_a_bar() {
    let kept = Kept::start();
    let rows: Vec<_> = (0..1_000).map(|number| json!({ "id": format!("u{number}") }).to_string()).collect();
    kept.write("users.jsonl", rows.join("\n"));
    let mut terminal = Terminal::start(kept.command(&["users", "import", "users.jsonl"]), true);
    terminal.wait_for("] 0% 0 rows");
    let (code, printed) = terminal.end();
    assert_eq!(code, Some(0));
    assert!(printed.starts_with("1,000 rows: 1,000 created, 0 existed already, 0 refused, in "), "{printed}");
}
