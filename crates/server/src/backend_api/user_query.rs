//! The filters, the order and the page of `GET /v1/users` (contract: Backend API §6).

use crate::parameters::Pairs;
use actas_domain::{
    ids::UserId,
    page::Page,
    refusal::{ParameterProblem, ParameterRefusal},
    user::{
        find::{Choice, Period, UserOrder, UserOrderField, UserQuery},
        identifier::comparable_web3_wallet,
    },
};

/// Everything that a list can be asked for.
pub(super) fn listed(pairs: &Pairs) -> Result<UserQuery, ParameterRefusal> {
    let order = order(pairs)?;
    let page = pairs.page()?;
    let starting_after = starting_after(pairs, order, page)?;
    Ok(UserQuery { order, page, starting_after, ..filters(pairs)? })
}

/// The filters alone, as a count takes them.
pub(super) fn filters(pairs: &Pairs) -> Result<UserQuery, ParameterRefusal> {
    let lower_case = |name| Ok(pairs.list(name)?.into_iter().map(str::to_lowercase).collect());
    let text = |name| Ok(pairs.single(name)?.filter(|text| !text.is_empty()).map(str::to_owned));
    let wallets = pairs.list("web3_wallet")?;
    Ok(UserQuery {
        email_addresses: lower_case("email_address")?,
        phone_numbers: pairs.list("phone_number")?.into_iter().map(str::to_owned).collect(),
        usernames: lower_case("username")?,
        web3_wallets: wallets.into_iter().map(comparable_web3_wallet).collect(),
        external_ids: choice(pairs, "external_id")?,
        ids: choice(pairs, "user_id")?,
        text: text("query")?,
        email_address_text: text("email_address_query")?,
        phone_number_text: text("phone_number_query")?,
        username_text: text("username_query")?,
        name_text: text("name_query")?,
        banned: pairs.boolean("banned")?,
        created: period(pairs, "created_at_before", "created_at_after", None)?,
        last_active: period(
            pairs,
            "last_active_at_before",
            "last_active_at_after",
            Some("last_active_at_since"),
        )?,
        last_sign_in: period(pairs, "last_sign_in_at_before", "last_sign_in_at_after", None)?,
        matches_nothing: names_what_is_not_there(pairs)?,
        ..UserQuery::default()
    })
}

/// `+id` or `id` to include, `-id` to leave out; none when there are no values.
fn choice(pairs: &Pairs, name: &'static str) -> Result<Option<Choice>, ParameterRefusal> {
    let values = pairs.list(name)?;
    if values.is_empty() {
        return Ok(None);
    }
    let mut choice = Choice::default();
    for value in values {
        match signed(value) {
            (Sign::Minus, id) => choice.exclude.push(id.to_owned()),
            (Sign::Plus | Sign::None, id) => choice.include.push(id.to_owned()),
        }
    }
    Ok(Some(choice))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
    None,
}

/// The sign before a value. In a query that was not encoded `+` is read as a space.
fn signed(text: &str) -> (Sign, &str) {
    match text.strip_prefix(['+', ' ']) {
        Some(rest) => (Sign::Plus, rest),
        None => text.strip_prefix('-').map_or((Sign::None, text), |rest| (Sign::Minus, rest)),
    }
}

fn period(
    pairs: &Pairs,
    before: &'static str,
    after: &'static str,
    since: Option<&'static str>,
) -> Result<Period, ParameterRefusal> {
    let since = since.map(|name| pairs.time(name)).transpose()?.flatten();
    Ok(Period { before: pairs.time(before)?, after: pairs.time(after)?, since })
}

/// Nobody is in an organization or has an external account, because Actas has neither.
fn names_what_is_not_there(pairs: &Pairs) -> Result<bool, ParameterRefusal> {
    let organizations = pairs.list("organization_id")?;
    let in_organization = organizations.iter().any(|value| signed(value).0 != Sign::Minus);
    let provider = pairs.single("provider")?.is_some();
    let provider_user_ids = !pairs.list("provider_user_id")?.is_empty();
    let missing = |name| Err(ParameterRefusal::new(name, ParameterProblem::Missing));
    match (provider, provider_user_ids) {
        (true, false) => missing("provider_user_id"),
        (false, true) => missing("provider"),
        (has_account, _) => Ok(in_organization || has_account),
    }
}

/// The first of several counts; `+` is implied.
fn order(pairs: &Pairs) -> Result<UserOrder, ParameterRefusal> {
    let Some(text) = pairs.first("order_by").filter(|text| !text.is_empty()) else {
        return Ok(UserOrder::default());
    };
    let (sign, name) = signed(text);
    let by = match name {
        "created_at" => UserOrderField::CreatedAt,
        "updated_at" => UserOrderField::UpdatedAt,
        "email_address" => UserOrderField::EmailAddress,
        "web3wallet" => UserOrderField::Web3Wallet,
        "first_name" => UserOrderField::FirstName,
        "last_name" => UserOrderField::LastName,
        "phone_number" => UserOrderField::PhoneNumber,
        "username" => UserOrderField::Username,
        "last_active_at" => UserOrderField::LastActiveAt,
        "last_sign_in_at" => UserOrderField::LastSignInAt,
        _ => return Err(ParameterRefusal::new("order_by", ParameterProblem::NotOneOf { allowed: ORDERS })),
    };
    Ok(UserOrder { by, descending: sign == Sign::Minus })
}

const ORDERS: &[&str] = &[
    "created_at",
    "updated_at",
    "email_address",
    "web3wallet",
    "first_name",
    "last_name",
    "phone_number",
    "username",
    "last_active_at",
    "last_sign_in_at",
];

/// A cursor is stable only where the order is: by `created_at`.
fn starting_after(pairs: &Pairs, order: UserOrder, page: Page) -> Result<Option<UserId>, ParameterRefusal> {
    let Some(text) = pairs.single("starting_after")?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let refuse = |problem| Err(ParameterRefusal::new("starting_after", problem));
    if order.by != UserOrderField::CreatedAt {
        return refuse(ParameterProblem::ExcludedBy { other: "order_by" });
    }
    if page.offset > 0 {
        return refuse(ParameterProblem::ExcludedBy { other: "offset" });
    }
    UserId::parse(text).map_or_else(|| refuse(ParameterProblem::Invalid), |id| Ok(Some(id)))
}
