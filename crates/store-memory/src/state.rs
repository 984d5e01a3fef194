//! All that the store holds.

use crate::{
    actor_tokens::ActorTokens, audit::Record, clients::Clients, kept_answers::KeptAnswers, keys::Keys,
    sessions::Sessions, sign_in_tokens::SignInTokens, sign_ins::SignIns, users::Users,
};
use actas_domain::ports::Instance;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) instance: Option<Instance>,
    pub(crate) actor_tokens: ActorTokens,
    pub(crate) sign_in_tokens: SignInTokens,
    pub(crate) sign_ins: SignIns,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) clients: Clients,
    pub(crate) keys: Keys,
    pub(crate) kept_answers: KeptAnswers,
    pub(crate) record: Record,
}
