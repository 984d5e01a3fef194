//! Listing and counting users. Text is compared in lower case, which is stored: no database's own agrees with the
//! domain's in every language.

use crate::{
    bind::{self, Query},
    conditions::Conditions,
    user_rows,
};
use actas_domain::user::find::{Choice, Period, UserOrder, UserOrderField, UserQuery};

/// The users of the page, and the identifications of the same users.
pub(crate) fn list(query: &UserQuery) -> [Query; 2] {
    let mut conditions = conditions(query);
    if let Some(id) = &query.starting_after {
        let comparison = if query.order.descending { "<" } else { ">" };
        let id = conditions.bind(Some(bind::text(id.as_str())));
        conditions.and(&format!(
            "(created_at, id) {comparison} ((SELECT created_at FROM users WHERE id = {id}), \
             (SELECT id FROM users WHERE id = {id}))"
        ));
    }
    let limit = conditions.bind(Some(bind::integer(i64::from(query.page.limit))));
    let offset = conditions.bind(Some(bind::unsigned(query.page.offset)));
    let page = format!("{} ORDER BY {} LIMIT {limit} OFFSET {offset}", conditions.text(), order(query.order));
    let users = format!("{}{page}", user_rows::SELECT);
    let identifications = format!(
        "{}IN (SELECT id FROM users{page}) ORDER BY kind, ordinal",
        user_rows::SELECT_IDENTIFICATIONS
    );
    let values = conditions.into_values();
    [Query::new(users, values.clone()), Query::new(identifications, values)]
}

/// Ignores the order, the page and the cursor.
pub(crate) fn count(query: &UserQuery) -> Query {
    let conditions = conditions(query);
    let sql = format!("SELECT count(*) FROM users{}", conditions.text());
    Query::new(sql, conditions.into_values())
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
            among(&mut conditions, "coalesce(external_id <> ALL(?), TRUE)", exclude);
        }
    }
    if let Some(Choice { include, exclude }) = &query.ids {
        if !include.is_empty() {
            among(&mut conditions, "id = ANY(?)", include);
        }
        if !exclude.is_empty() {
            among(&mut conditions, "id <> ALL(?)", exclude);
        }
    }
    texts(&mut conditions, query);
    if let Some(banned) = query.banned {
        conditions.and_with("banned = ?", [bind::flag(banned)]);
    }
    within(&mut conditions, "created_at", query.created);
    within(&mut conditions, "last_active_at", query.last_active);
    within(&mut conditions, "last_sign_in_at", query.last_sign_in);
    conditions
}

/// Has one of these identifiers, where there are any.
fn identified_by(conditions: &mut Conditions, kind: &'static str, values: &[String]) {
    if !values.is_empty() {
        let owners =
            format!("id IN (SELECT user_id FROM identifiers WHERE kind = '{kind}' AND value = ANY(?))");
        among(conditions, &owners, values);
    }
}

fn among(conditions: &mut Conditions, condition: &str, values: &[String]) {
    conditions.and_with(condition, [bind::texts(values.iter().map(String::as_str))]);
}

fn texts(conditions: &mut Conditions, query: &UserQuery) {
    let part = |part: &String| bind::text(&part.to_lowercase());
    let has_one_like = |kinds: &str| {
        format!(
            "EXISTS (SELECT 1 FROM identifiers WHERE identifiers.user_id = users.id AND kind {kinds} \
             AND strpos(value_lower, ?) > 0)"
        )
    };
    if let Some(anywhere) = &query.text {
        let identified = has_one_like("<> 'external_id'");
        let condition =
            format!("({identified} OR strpos(users.id, ?) > 0 OR strpos(full_name_lower, ?) > 0)");
        conditions.and_with(&condition, [part(anywhere), bind::text(anywhere), part(anywhere)]);
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
        conditions.and_with("strpos(full_name_lower, ?) > 0", [part(name)]);
    }
}

fn within(conditions: &mut Conditions, column: &'static str, period: Period) {
    for (comparison, bound) in [("<", period.before), (">", period.after), (">=", period.since)] {
        if let Some(bound) = bound {
            conditions.and_with(&format!("{column} {comparison} ?"), [bind::time(bound)]);
        }
    }
}

/// By the field, then by id in the same direction; users without the field come last.
fn order(order: UserOrder) -> String {
    let direction = if order.descending { "DESC" } else { "ASC" };
    let primary = |kind: &str| {
        format!(
            "(SELECT value_lower FROM identifiers WHERE identifiers.user_id = users.id AND kind = '{kind}' \
             AND identifiers.id = primary_{kind})"
        )
    };
    let field = match order.by {
        UserOrderField::CreatedAt => return format!("created_at {direction}, users.id {direction}"),
        UserOrderField::UpdatedAt => "updated_at".to_owned(),
        UserOrderField::LastActiveAt => "last_active_at".to_owned(),
        UserOrderField::LastSignInAt => "last_sign_in_at".to_owned(),
        UserOrderField::FirstName => "first_name_lower".to_owned(),
        UserOrderField::LastName => "last_name_lower".to_owned(),
        UserOrderField::Username => "username_lower".to_owned(),
        UserOrderField::EmailAddress => primary("email_address"),
        UserOrderField::PhoneNumber => primary("phone_number"),
        UserOrderField::Web3Wallet => primary("web3_wallet"),
    };
    format!("{field} {direction} NULLS LAST, users.id {direction}")
}
