//! Which users are asked for.

use super::{User, setters::setters};
use crate::{
    call::{Operation, Query},
    pages::{next_offset, sealed::Follow},
    timestamp::Timestamp,
};

/// Which users [`Users::list`](super::Users::list) and [`Users::count`](super::Users::count) answer. What is not
/// said does not matter; all that is said has to match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListUsers {
    email_address: Vec<String>,
    phone_number: Vec<String>,
    username: Vec<String>,
    web3_wallet: Vec<String>,
    external_id: Vec<String>,
    user_id: Vec<String>,
    organization_id: Vec<String>,
    provider_user_id: Vec<String>,
    provider: Option<String>,
    query: Option<String>,
    email_address_query: Option<String>,
    phone_number_query: Option<String>,
    username_query: Option<String>,
    name_query: Option<String>,
    banned: Option<bool>,
    created_at_before: Option<Timestamp>,
    created_at_after: Option<Timestamp>,
    last_active_at_before: Option<Timestamp>,
    last_active_at_after: Option<Timestamp>,
    last_active_at_since: Option<Timestamp>,
    last_sign_in_at_before: Option<Timestamp>,
    last_sign_in_at_after: Option<Timestamp>,
    order_by: Option<String>,
    limit: Option<u32>,
    offset: u64,
    starting_after: Option<String>,
}

impl ListUsers {
    /// All of them, the newest first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Those with this e-mail address, in whatever case.
        email_address: several texts,
        /// Those with this phone number.
        phone_number: several texts,
        /// Those with this username, in whatever case.
        username: several texts,
        /// Those with this wallet.
        web3_wallet: several texts,
        /// Those with this id in the app's own records; with a `-` before it, all others.
        external_id: several texts,
        /// Those with this id; with a `-` before it, all others.
        user_id: several texts,
        /// Those in this organization; with a `-` before it, all others. Actas has none.
        organization_id: several texts,
        /// Those with this id at [`provider`](Self::provider).
        provider_user_id: several texts,
        /// Where [`provider_user_id`](Self::provider_user_id) is from. Actas has none.
        provider: text,
        /// Those with this text in a name, an identifier or an id.
        query: text,
        /// Those with this text in an e-mail address.
        email_address_query: text,
        /// Those with this text in a phone number.
        phone_number_query: text,
        /// Those with this text in the username.
        username_query: text,
        /// Those with this text in the first or last name.
        name_query: text,
        /// Those who are banned, or those who are not.
        banned: flag,
        /// Those made before.
        created_at_before: moment,
        /// Those made after.
        created_at_after: moment,
        /// Those last active before.
        last_active_at_before: moment,
        /// Those last active after.
        last_active_at_after: moment,
        /// Those last active on this day or later.
        last_active_at_since: moment,
        /// Those who last signed in before.
        last_sign_in_at_before: moment,
        /// Those who last signed in after.
        last_sign_in_at_after: moment,
        /// The order: a field, with `+` or `-` before it, for example `-last_active_at`. Default: `-created_at`.
        order_by: text,
        /// The most rows of one answer, 1 to 500. Default: 10.
        limit: number,
        /// Those behind the one of this id, where the order is by `created_at`.
        starting_after: text,
    }

    /// How many rows are left out at the beginning.
    #[must_use]
    pub fn offset(mut self, rows: u64) -> Self {
        self.offset = rows;
        self
    }

    pub(super) fn count_operation(&self) -> Operation {
        Operation::get("users.count", &["users", "count"]).query(self.filters()).documented(&[422])
    }

    fn filters(&self) -> Query {
        let millis = |moment: Option<Timestamp>| moment.map(Timestamp::unix_millis);
        Query::default()
            .list("email_address", &self.email_address)
            .list("phone_number", &self.phone_number)
            .list("username", &self.username)
            .list("web3_wallet", &self.web3_wallet)
            .list("external_id", &self.external_id)
            .list("user_id", &self.user_id)
            .list("organization_id", &self.organization_id)
            .list("provider_user_id", &self.provider_user_id)
            .pair("provider", self.provider.as_ref())
            .pair("query", self.query.as_ref())
            .pair("email_address_query", self.email_address_query.as_ref())
            .pair("phone_number_query", self.phone_number_query.as_ref())
            .pair("username_query", self.username_query.as_ref())
            .pair("name_query", self.name_query.as_ref())
            .pair("banned", self.banned)
            .pair("created_at_before", millis(self.created_at_before))
            .pair("created_at_after", millis(self.created_at_after))
            .pair("last_active_at_before", millis(self.last_active_at_before))
            .pair("last_active_at_after", millis(self.last_active_at_after))
            .pair("last_active_at_since", millis(self.last_active_at_since))
            .pair("last_sign_in_at_before", millis(self.last_sign_in_at_before))
            .pair("last_sign_in_at_after", millis(self.last_sign_in_at_after))
    }

    /// Whether a list in this order can be followed by a cursor.
    fn is_by_creation(&self) -> bool {
        let field = self.order_by.as_deref().map(|text| text.trim_start_matches(['+', '-']));
        field.is_none_or(|field| field == "created_at")
    }
}

impl Follow for ListUsers {
    type Page = Vec<User>;

    fn operation(&self) -> Operation {
        let query = self
            .filters()
            .pair("order_by", self.order_by.as_ref())
            .pair("limit", self.limit)
            .pair("offset", (self.offset > 0).then_some(self.offset))
            .pair("starting_after", self.starting_after.as_ref());
        Operation::get("users.list", &["users"]).query(query).documented(&[400, 401, 422])
    }

    /// By a cursor where that is possible: it neither repeats nor leaves out a user while others come and go.
    fn after(&self, page: &Self::Page) -> Option<Self> {
        let offset = next_offset(self.offset, page.len(), self.limit)?;
        let last = page.last()?;
        if self.offset == 0 && self.is_by_creation() {
            return Some(self.clone().starting_after(&last.id));
        }
        Some(self.clone().offset(offset))
    }
}
