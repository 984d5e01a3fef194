//! Reading the record and checking it against itself: no gap, one entry for each state reached.

use crate::{Fault, server::Server};
use serde_json::Value;
use std::collections::HashMap;

/// Every entry, oldest first.
pub(crate) async fn whole(server: &Server) -> Result<Vec<Value>, Fault> {
    behind(server, 0).await
}

/// Every entry behind a position, oldest first.
pub(crate) async fn behind(server: &Server, position: u64) -> Result<Vec<Value>, Fault> {
    let mut entries: Vec<Value> = Vec::new();
    let mut after = position;
    loop {
        let page = server.get(&format!("/v1/audit_entries?after={after}&limit=500")).await?;
        let rows = page["data"].as_array().ok_or("audit_entries answers no data")?;
        entries.extend(rows.iter().cloned());
        match rows.last().and_then(|entry| entry["position"].as_u64()) {
            Some(last) => after = last,
            None => return Ok(entries),
        }
    }
}

pub(crate) fn is(entry: &Value, action: &str, outcome: &str) -> bool {
    entry["action"] == action && entry["outcome"] == outcome
}

/// Dense positions, and no state reached twice.
pub(crate) fn check(entries: &[Value]) -> Result<(), Fault> {
    let first = entries.first().and_then(|entry| entry["position"].as_u64()).unwrap_or(1);
    let mut reached: HashMap<(String, String), u64> = HashMap::new();
    for (expected, entry) in (first..).zip(entries) {
        if entry["position"].as_u64() != Some(expected) {
            return Err(format!("position {expected} is missing: {entry}").into());
        }
        if entry["outcome"] != "done" {
            continue;
        }
        for kind in ["actor_token_id", "sign_in_token_id", "session_id"] {
            let of_this_kind = match kind {
                "actor_token_id" => {
                    entry["action"].as_str().is_some_and(|action| action.starts_with("actor_token."))
                }
                "sign_in_token_id" => {
                    entry["action"].as_str().is_some_and(|action| action.starts_with("sign_in_token."))
                }
                _ => entry["action"].as_str().is_some_and(|action| action.starts_with("session.")),
            };
            if let (true, Some(id)) = (of_this_kind, entry[kind].as_str()) {
                let state = (id.to_owned(), entry["action"].to_string());
                if let Some(earlier) = reached.insert(state, expected) {
                    return Err(format!("entry {expected} tells again what {earlier} told: {entry}").into());
                }
            }
        }
    }
    Ok(())
}
