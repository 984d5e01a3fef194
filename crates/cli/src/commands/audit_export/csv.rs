//! An entry as a row for spreadsheets.

use actas_domain::time::UnixMillis;
use actas_sdk::audit_entries::AuditEntry;

/// The names of the columns. The last one has never a line end in it: a row that was cut is short.
pub(super) const COLUMNS: [&str; 20] = [
    "position",
    "at",
    "action",
    "outcome",
    "code",
    "caller_kind",
    "caller_id",
    "user_id",
    "actor_sub",
    "actor_token_id",
    "sign_in_token_id",
    "session_id",
    "client_id",
    "secret_key_id",
    "signing_key_id",
    "reason",
    "cause",
    "purged_through",
    "address",
    "trace_id",
];

pub(super) fn heading() -> String {
    line(&COLUMNS)
}

pub(super) fn row(entry: &AuditEntry) -> String {
    fn text(text: &Option<String>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    let at = UnixMillis::from_millis(entry.at.unix_millis()).to_rfc3339();
    let position = entry.position.to_string();
    let purged_through = entry.purged_through.map(|position| position.to_string()).unwrap_or_default();
    line(&[
        &position,
        &at,
        &entry.action,
        entry.outcome.as_str(),
        text(&entry.code),
        entry.caller.kind.as_str(),
        text(&entry.caller.id),
        text(&entry.user_id),
        text(&entry.actor_sub),
        text(&entry.actor_token_id),
        text(&entry.sign_in_token_id),
        text(&entry.session_id),
        text(&entry.client_id),
        text(&entry.secret_key_id),
        text(&entry.signing_key_id),
        text(&entry.reason),
        text(&entry.cause),
        &purged_through,
        text(&entry.address),
        &entry.trace_id,
    ])
}

fn line(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    cells.join(",") + "\n"
}

/// A spreadsheet takes what begins with one of these for a formula, which can send away what else is in the sheet.
const BEGINS_FORMULAS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

fn cell(text: &str) -> String {
    let apostrophe = if text.starts_with(BEGINS_FORMULAS) { "'" } else { "" };
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{apostrophe}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(reason: &str) -> AuditEntry {
        serde_json::from_value(serde_json::json!({
            "position": 7, "at": 1_700_000_000_123_i64, "action": "actor_token.created", "outcome": "done",
            "caller": { "kind": "secret_key", "id": "key_1" }, "user_id": "bob", "reason": reason, "trace_id": "ab",
        }))
        .unwrap()
    }

    #[test]
    fn an_entry_is_a_row() {
        let expected =
            "7,2023-11-14T22:13:20.123Z,actor_token.created,done,,secret_key,key_1,bob,,,,,,,,why,,,,ab\n";
        assert_eq!(row(&entry("why")), expected);
        assert_eq!(heading().matches(',').count(), expected.matches(',').count());
    }

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        let table = [
            ("a,b", "\"a,b\""),
            ("say \"x\"\nand", "\"say \"\"x\"\"\nand\""),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\t=1", "'\t=1"),
            ("\n=1", "\"'\n=1\""),
            ("1-1", "1-1"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }
}
