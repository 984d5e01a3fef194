//! Listing and counting users. Text is compared in lower case, in which SQLite alone knows only ASCII, so the two
//! functions that do it are ours.

use crate::{
    conditions::{Conditions, bound, text},
    fault::Fault,
    rows::{self, signed},
    users,
};
use actas_domain::user::{
    User,
    find::{Choice, Period, UserOrder, UserOrderField, UserQuery},
};
use rusqlite::{Connection, functions::FunctionFlags, types::Value};

/// Gives a connection the functions that these queries use.
pub(crate) fn add_functions(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("in_lower_case", 1, flags, |context| {
        Ok(context.get::<Option<String>>(0)?.map(|text| text.to_lowercase()))
    })?;
    connection.create_scalar_function("contains_text", 2, flags, |context| {
        let (whole, part) = (context.get::<Option<String>>(0)?, context.get::<String>(1)?);
        Ok(whole.is_some_and(|whole| whole.to_lowercase().contains(&part)))
    })
}

pub(crate) fn list(connection: &Connection, query: &UserQuery) -> Result<Vec<User>, Fault> {
    if query.matches_nothing {
        return Ok(Vec::new());
    }
    let mut conditions = conditions(query);
    if let Some(id) = &query.starting_after {
        let comparison = if query.order.descending { "<" } else { ">" };
        let behind = format!("(created_at, id) {comparison} (SELECT created_at, id FROM users WHERE id = ?)");
        conditions.and_with(&behind, [text(id.as_str())]);
    }
    let (select, order) = (users::SELECT, order(query.order));
    let sql = format!("{select}{} ORDER BY {order} LIMIT ? OFFSET ?", conditions.text());
    let page = [i64::from(query.page.limit).into(), signed(query.page.offset).into()];
    let snapshot = connection.unchecked_transaction()?;
    let found = rows::many(&snapshot, &sql, bound(&conditions.values_and(&page)), users::from_row)?;
    found.into_iter().map(|user| users::with_identifications(&snapshot, user)).collect()
}

/// Ignores the order, the page and the cursor.
pub(crate) fn count(connection: &Connection, query: &UserQuery) -> Result<u64, Fault> {
    if query.matches_nothing {
        return Ok(0);
    }
    let conditions = conditions(query);
    let sql = format!("SELECT count(*) FROM users{}", conditions.text());
    rows::number(connection, &sql, bound(&conditions.values_and(&[])))
}

fn conditions(query: &UserQuery) -> Conditions {
    let mut conditions = Conditions::default();
    identified_by(&mut conditions, "email_address", &query.email_addresses);
    identified_by(&mut conditions, "phone_number", &query.phone_numbers);
    identified_by(&mut conditions, "username", &query.usernames);
    identified_by(&mut conditions, "web3_wallet", &query.web3_wallets);
    if let Some(Choice { include, exclude }) = &query.external_ids {
        identified_by(&mut conditions, "external_id", include);
        if !exclude.is_empty() {
            conditions.and_among("coalesce(external_id NOT IN", exclude, ", TRUE)");
        }
    }
    if let Some(Choice { include, exclude }) = &query.ids {
        if !include.is_empty() {
            conditions.and_among("id IN", include, "");
        }
        if !exclude.is_empty() {
            conditions.and_among("id NOT IN", exclude, "");
        }
    }
    texts(&mut conditions, query);
    if let Some(banned) = query.banned {
        conditions.and_with("banned = ?", [banned.into()]);
    }
    within(&mut conditions, "created_at", query.created);
    within(&mut conditions, "last_active_at", query.last_active);
    within(&mut conditions, "last_sign_in_at", query.last_sign_in);
    conditions
}

/// Has one of these identifiers, where there are any.
fn identified_by(conditions: &mut Conditions, kind: &'static str, values: &[String]) {
    if !values.is_empty() {
        let owners = format!("id IN (SELECT user FROM identifiers WHERE kind = '{kind}' AND value IN");
        conditions.and_among(&owners, values, ")");
    }
}

/// `first_name last_name`, as far as there are any.
const FULL_NAME: &str = "coalesce(first_name || ' ' || last_name, first_name, last_name)";

fn texts(conditions: &mut Conditions, query: &UserQuery) {
    let part = |part: &String| text(part.to_lowercase());
    let has_one_like = |kinds: &str| {
        format!(
            "EXISTS (SELECT 1 FROM identifiers WHERE identifiers.user = users.id AND kind {kinds} \
             AND contains_text(value, ?))"
        )
    };
    if let Some(anywhere) = &query.text {
        let identified = has_one_like("<> 'external_id'");
        let condition = format!("({identified} OR instr(id, ?) OR contains_text({FULL_NAME}, ?))");
        conditions.and_with(&condition, [part(anywhere), text(anywhere), part(anywhere)]);
    }
    for (kind, wanted) in [
        ("= 'email_address'", &query.email_address_text),
        ("= 'phone_number'", &query.phone_number_text),
        ("= 'username'", &query.username_text),
    ] {
        if let Some(wanted) = wanted {
            conditions.and_with(&has_one_like(kind), [part(wanted)]);
        }
    }
    if let Some(name) = &query.name_text {
        conditions.and_with(&format!("contains_text({FULL_NAME}, ?)"), [part(name)]);
    }
}

fn within(conditions: &mut Conditions, column: &'static str, period: Period) {
    for (comparison, bound) in [("<", period.before), (">", period.after), (">=", period.since)] {
        if let Some(bound) = bound {
            conditions.and_with(&format!("{column} {comparison} ?"), [Value::from(bound.millis())]);
        }
    }
}

/// By the field, then by id in the same direction; users without the field come last.
fn order(order: UserOrder) -> String {
    let direction = if order.descending { "DESC" } else { "ASC" };
    let primary = |kind: &str| {
        format!(
            "(SELECT in_lower_case(value) FROM identifiers WHERE identifiers.user = users.id AND kind = '{kind}' \
             AND identifiers.id = primary_{kind})"
        )
    };
    let field = match order.by {
        UserOrderField::CreatedAt => return format!("created_at {direction}, id {direction}"),
        UserOrderField::UpdatedAt => "updated_at".to_owned(),
        UserOrderField::LastActiveAt => "last_active_at".to_owned(),
        UserOrderField::LastSignInAt => "last_sign_in_at".to_owned(),
        UserOrderField::FirstName => "in_lower_case(first_name)".to_owned(),
        UserOrderField::LastName => "in_lower_case(last_name)".to_owned(),
        UserOrderField::Username => "in_lower_case(username)".to_owned(),
        UserOrderField::EmailAddress => primary("email_address"),
        UserOrderField::PhoneNumber => primary("phone_number"),
        UserOrderField::Web3Wallet => primary("web3_wallet"),
    };
    format!("{field} {direction} NULLS LAST, id {direction}")
}
