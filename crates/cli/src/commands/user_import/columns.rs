//! CSV: the heading names the members of a row, and each cell becomes one.

use super::refusal::Refusal;
use crate::records::Fields;
use serde_json::value::RawValue;

/// The members that a cell can hold, and how it is read.
const MEMBERS: &[(&str, Kind)] = &[
    ("id", Kind::Text),
    ("external_id", Kind::Text),
    ("username", Kind::Text),
    ("first_name", Kind::Text),
    ("last_name", Kind::Text),
    ("locale", Kind::Text),
    ("email_address", Kind::List),
    ("email_address_identification_status", Kind::List),
    ("phone_number", Kind::List),
    ("phone_number_identification_status", Kind::List),
    ("web3_wallet", Kind::List),
    ("password_digest", Kind::Text),
    ("password_hasher", Kind::Text),
    ("public_metadata", Kind::Json),
    ("private_metadata", Kind::Json),
    ("unsafe_metadata", Kind::Json),
    ("banned", Kind::Flag),
    ("locked", Kind::Flag),
    ("delete_self_enabled", Kind::Flag),
    ("create_organization_enabled", Kind::Flag),
    ("create_organizations_limit", Kind::Json),
    ("bypass_client_trust", Kind::Flag),
    ("created_at", Kind::Text),
    ("legal_accepted_at", Kind::Text),
];
/// Between several values in one cell.
const SEPARATOR: char = ';';

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// Several values, in one cell or in columns of the same name.
    List,
    /// `true` or `false`, in small or capital letters.
    Flag,
    /// Written as it stands in JSON: an object, a number.
    Json,
}

/// What each column holds.
#[derive(Debug)]
pub(super) struct Columns(Vec<(&'static str, Kind)>);

impl Columns {
    /// Reads the heading.
    ///
    /// # Errors
    /// What is wrong with it, naming the column.
    pub(super) fn of_heading(heading: &Fields) -> Result<Self, String> {
        let mut columns: Vec<(&'static str, Kind)> = Vec::new();
        for (number, name) in (1..).zip(heading.iter()) {
            let name = std::str::from_utf8(name).unwrap_or("�").trim();
            let Some(known) = MEMBERS.iter().find(|(member, _)| *member == name) else {
                return Err(unknown(number, name));
            };
            if known.1 != Kind::List && columns.contains(known) {
                return Err(format!("column {number} is {name} again, which a row has once"));
            }
            columns.push(*known);
        }
        Ok(Self(columns))
    }

    /// The row as a JSON object. An empty cell is a member that is not there.
    pub(super) fn row(&self, fields: &Fields) -> Result<String, Refusal> {
        if fields.len() != self.0.len() {
            let message =
                format!("The row has {} cells, and the heading has {}.", fields.len(), self.0.len());
            return Err(Refusal::of_row(message));
        }
        let mut members: Vec<(&'static str, Kind, Vec<&str>)> = Vec::new();
        for ((name, kind), cell) in self.0.iter().zip(fields.iter()) {
            let cell = std::str::from_utf8(cell)
                .map_err(|_| Refusal::of_parameter(name, format!("{name} is not text in UTF-8.")))?;
            let cell = cell.trim_ascii();
            if cell.is_empty() {
                continue;
            }
            match members.iter_mut().find(|(other, ..)| other == name) {
                Some((.., cells)) => cells.push(cell),
                None => members.push((*name, *kind, vec![cell])),
            }
        }
        let members: Vec<_> = members
            .iter()
            .map(|(name, kind, cells)| format!("{}:{}", quoted(name), value(*kind, cells)))
            .collect();
        Ok(format!("{{{}}}", members.join(",")))
    }
}

fn unknown(number: usize, name: &str) -> String {
    if name == "password" {
        return format!(
            "column {number} is password: an import takes digests, in password_digest and password_hasher"
        );
    }
    let known: Vec<_> = MEMBERS.iter().map(|(member, _)| *member).collect();
    format!(
        "column {number} ({name:?}) is none that a user has; the first line names the columns: {}",
        known.join(", ")
    )
}

fn value(kind: Kind, cells: &[&str]) -> String {
    match kind {
        Kind::Text => quoted(&cells.concat()),
        Kind::List => {
            let values = cells.iter().flat_map(|cell| cell.split(SEPARATOR)).map(str::trim_ascii);
            let values: Vec<_> = values.filter(|value| !value.is_empty()).map(quoted).collect();
            format!("[{}]", values.join(","))
        }
        // What is none is sent as a text, which the server refuses with the type that it wants.
        Kind::Flag => {
            let flag = cells.concat().to_ascii_lowercase();
            if matches!(flag.as_str(), "true" | "false") { flag } else { quoted(&cells.concat()) }
        }
        Kind::Json => {
            let text = cells.concat();
            match serde_json::from_str::<&RawValue>(&text) {
                // In JSON a line end stands only where white space may.
                Ok(_) => text.replace(['\n', '\r'], " "),
                Err(_) => quoted(&text),
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{Feed, Table};

    /// The rows of a table, as they would be sent.
    fn rows(text: &str) -> Result<Vec<Result<String, Refusal>>, String> {
        let mut feed = Feed::new(text.as_bytes()).unwrap();
        let mut table = Table::new();
        let mut next = || table.next(&mut feed).unwrap().map(|record| record.content.unwrap());
        let columns = Columns::of_heading(&next().unwrap())?;
        Ok(std::iter::from_fn(next).map(|fields| columns.row(&fields)).collect())
    }

    #[test]
    fn cells_become_members_of_their_types() {
        let text = "id,first_name,email_address,email_address,banned,create_organizations_limit,public_metadata\n\
            a, Ada \"L\" ,x@a.com; y@a.com ,z@a.com,TRUE,3,\"{\"\"z\"\": 1.0,\n\"\"a\"\":[]}\"\n\
            b,,,,,,\n\
            c,7,,,maybe,many,{\n";
        let rows: Vec<_> = rows(text).unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(
            rows,
            [
                r#"{"id":"a","first_name":"Ada \"L\"","email_address":["x@a.com","y@a.com","z@a.com"],"banned":true,"create_organizations_limit":3,"public_metadata":{"z": 1.0, "a":[]}}"#,
                r#"{"id":"b"}"#,
                r#"{"id":"c","first_name":"7","banned":"maybe","create_organizations_limit":"many","public_metadata":"{"}"#,
            ]
        );
    }

    #[test]
    fn a_wrong_heading_is_told_with_its_column() {
        let told = |heading: &str| rows(heading).unwrap_err();
        assert!(told("id,surname\n").starts_with("column 2 (\"surname\") is none that a user has"));
        assert!(told("password,id\n").starts_with("column 1 is password: an import takes digests"));
        assert!(told("id,email_address,id\n").starts_with("column 3 is id again"));
        assert!(told("{\"id\":\"a\"}\n").contains("the first line names the columns: id, external_id"));
    }

    #[test]
    fn a_row_of_another_width_is_refused() {
        let refusal = rows("id,username\na\n").unwrap().remove(0).unwrap_err();
        assert_eq!(refusal.message, "The row has 1 cells, and the heading has 2.");
    }
}
