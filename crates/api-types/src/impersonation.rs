//! What Actas's own page and its banner ask: who would act as whom by a ticket, and who does in this browser.

use serde::{Deserialize, Serialize};

/// One side of an impersonation, with a name to show.
#[derive(Debug, Serialize, Deserialize)]
pub struct Person {
    /// The user's id, or `actor.sub`.
    pub id: String,
    /// Never empty: where nothing better is known it is the id.
    pub name: String,
}

/// A ticket that can be redeemed. Looking at it spends nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct TicketCheck {
    /// `ticket_check`
    pub object: String,
    pub subject: Person,
    /// `null` for the ticket of a sign-in token.
    pub actor: Option<Person>,
    pub reason: Option<String>,
    /// When the ticket is too old, in Unix milliseconds.
    pub expires_at: i64,
    /// The longest that its session can last.
    pub session_max_duration_in_seconds: i64,
    /// The server's time, in Unix milliseconds: browsers' clocks are not to be trusted with a countdown.
    pub now: i64,
}

/// Whether this browser's session is an impersonated one.
#[derive(Debug, Serialize, Deserialize)]
pub struct CurrentImpersonation {
    pub impersonation: Option<Impersonation>,
}

/// A live impersonated session.
#[derive(Debug, Serialize, Deserialize)]
pub struct Impersonation {
    /// `impersonation`
    pub object: String,
    pub session_id: String,
    pub subject: Person,
    pub actor: Person,
    pub reason: Option<String>,
    /// The absolute end, in Unix milliseconds.
    pub expire_at: i64,
    /// The end if nothing happens any more, in Unix milliseconds; activity moves it.
    pub idle_end_at: i64,
    /// The server's time, in Unix milliseconds.
    pub now: i64,
}
