//! The ticket: the secret of a pending actor token or sign-in token, usable once.

use crate::{
    actor_token::{self, ActorToken, accept::Redeemed},
    caller::Context,
    client::Presented,
    ids::{ActorTokenId, SignInTokenId},
    ports::Entropy,
    refusal::{Failure, Refusal, TicketRefusal},
    secret::{self, ParsedSecret, SecretHash, SecretKind, SecretText},
    sign_in_token::{self, SignInToken},
    world::World,
};

/// A ticket of the right form, and the token it says it belongs to.
#[derive(Clone, Debug)]
pub enum Ticket {
    ActorToken { id: ActorTokenId, hash: SecretHash },
    SignInToken { id: SignInTokenId, hash: SecretHash },
}

impl Ticket {
    /// `None` for anything that Actas cannot have made.
    pub fn parse(text: &str) -> Option<Self> {
        let parsed = ParsedSecret::parse(text)?;
        let hash = parsed.hash();
        match parsed.kind() {
            SecretKind::ActorTicket => {
                Some(Self::ActorToken { id: ActorTokenId::from_ksuid(parsed.ksuid())?, hash })
            }
            SecretKind::SignInTicket => {
                Some(Self::SignInToken { id: SignInTokenId::from_ksuid(parsed.ksuid())?, hash })
            }
            SecretKind::ClientCookie | SecretKind::TestSecretKey | SecretKind::LiveSecretKey => None,
        }
    }
}

/// The ticket of a new actor token; the second is all that is kept of it.
pub(crate) fn mint_for_actor_token(id: &ActorTokenId, entropy: &dyn Entropy) -> (SecretText, SecretHash) {
    hashed(secret::mint(SecretKind::ActorTicket, id.ksuid(), entropy))
}

/// The ticket of a new sign-in token; the second is all that is kept of it.
pub(crate) fn mint_for_sign_in_token(id: &SignInTokenId, entropy: &dyn Entropy) -> (SecretText, SecretHash) {
    hashed(secret::mint(SecretKind::SignInTicket, id.ksuid(), entropy))
}

fn hashed(text: SecretText) -> (SecretText, SecretHash) {
    let hash = SecretHash::of(text.reveal());
    (text, hash)
}

/// Redeems a ticket of either kind on the presented client, or on a new one.
///
/// # Errors
/// [`Refusal::Ticket`] with why it is dead, [`Refusal::ImpersonationPresent`] for a chain.
pub async fn redeem(
    world: &World,
    context: &Context,
    ticket: &str,
    presented: Option<Presented<'_>>,
) -> Result<Redeemed, Failure> {
    match Ticket::parse(ticket).ok_or(Refusal::Ticket(TicketRefusal::Invalid))? {
        Ticket::ActorToken { id, hash } => {
            actor_token::accept::accept(world, context, &id, hash, presented).await
        }
        Ticket::SignInToken { id, hash } => {
            sign_in_token::accept::accept(world, context, &id, hash, presented).await
        }
    }
}

/// Whether a ticket could be redeemed now, and whose it is. Changes nothing; the refusal of an authentic ticket is on
/// record.
pub async fn check(world: &World, context: &Context, ticket: &str) -> Result<CheckedTicket, Failure> {
    match Ticket::parse(ticket).ok_or(Refusal::Ticket(TicketRefusal::Invalid))? {
        Ticket::ActorToken { id, hash } => {
            Ok(CheckedTicket::ActorToken(actor_token::accept::check(world, context, &id, hash).await?))
        }
        Ticket::SignInToken { id, hash } => {
            Ok(CheckedTicket::SignInToken(sign_in_token::accept::check(world, context, &id, hash).await?))
        }
    }
}

/// A ticket that can be redeemed, and the token it belongs to.
#[derive(Clone, Debug)]
pub enum CheckedTicket {
    ActorToken(ActorToken),
    SignInToken(SignInToken),
}
