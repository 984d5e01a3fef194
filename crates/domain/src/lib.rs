//! The rules of Actas: who may act as whom, what state follows from an act, what a session token says.
//!
//! Nothing here reads a clock, a file, a socket, the environment or a source of entropy: all of that is handed
//! in through [`world::World`]. One act is one file, for example [`actor_token::accept`].

pub mod actor;
pub mod actor_token;
pub mod audit;
pub mod caller;
pub mod change;
pub mod client;
pub mod idempotency;
pub mod ids;
pub mod json;
pub mod keys;
pub mod lease;
#[cfg(any(feature = "mutations", test))]
pub mod mutation;
pub mod page;
pub mod ports;
pub mod refusal;
pub mod refusal_throttle;
pub mod retention;
pub mod secret;
pub mod secret_key;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod sign_in_token;
pub mod tally;
#[cfg(feature = "testing")]
pub mod testing;
pub mod ticket;
pub mod time;
pub mod transfer;
pub mod user;
pub mod world;
