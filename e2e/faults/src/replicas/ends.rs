//! Sessions that are ended on one server: no other mints for them from the moment of the acknowledgement.

use super::{
    deployment::{Answered, Deployment, Replica, Seat},
    watch::{Seen, watch},
};
use crate::Fault;
use serde_json::{Value, json};
use std::time::Duration;

/// What ends a session.
#[derive(Clone, Copy, Debug)]
enum End {
    Revocation,
    BanOfSubject,
    BanOfActor,
    DeletionOfSubject,
    SignOut,
}

const ALL: [End; 5] =
    [End::Revocation, End::BanOfSubject, End::BanOfActor, End::DeletionOfSubject, End::SignOut];

/// Several sessions for each kind of end, each asked for by client and backend on all servers meanwhile.
pub(super) async fn ends(deployment: &Deployment, rounds: usize) -> Result<String, Fault> {
    let mut seen = Seen::default();
    for round in 0..rounds {
        for (kind, end) in ALL.into_iter().enumerate() {
            let (subject, actor) = (format!("subject-{round}-{kind}"), format!("actor-{round}-{kind}"));
            for user in [&subject, &actor] {
                deployment.replica(kind).post("/v1/users", &json!({ "id": user })).await?;
            }
            let mut seats = Vec::new();
            for number in 0..3 {
                seats.push(deployment.replica(number).sign_in(&subject, &actor).await?);
            }
            let ask = async |replica: &Replica, number: usize| mint(replica, end, &seats, number).await;
            let granted = |answer: &Answered| answer.status == 200;
            let act =
                async || end.bring_about(deployment.replica(round + kind), &subject, &actor, &seats).await;
            let of_end = watch(deployment, Duration::ZERO, ask, granted, act).await;
            seen.add(&of_end.map_err(|fault| format!("{end:?}: {fault}"))?);
        }
    }
    Ok(format!(
        "{} ends of sessions (revoked, subject or actor banned, subject deleted, signed out): {} mints before, {} \
         overlapped, {} began after and none minted (bound: at once)",
        rounds * ALL.len(),
        seen.before,
        seen.overlapping,
        seen.after
    ))
}

/// One asker is the client, the others are backends. Only the one session that is revoked alone may be asked for then.
async fn mint(replica: &Replica, end: End, seats: &[Seat], number: usize) -> Result<Answered, Fault> {
    let seat = match end {
        End::Revocation | End::SignOut => &seats[0],
        End::BanOfSubject | End::BanOfActor | End::DeletionOfSubject => &seats[number % seats.len()],
    };
    match number {
        0 => replica.mint_as_client(seat).await,
        _ => replica.mint_as_backend(seat).await,
    }
}

impl End {
    async fn bring_about(
        self,
        replica: &Replica,
        subject: &str,
        actor: &str,
        seats: &[Seat],
    ) -> Result<(), Fault> {
        let path = match self {
            Self::Revocation => format!("/v1/sessions/{}/revoke", seats[0].session),
            Self::BanOfSubject => format!("/v1/users/{subject}/ban"),
            Self::BanOfActor => format!("/v1/users/{actor}/ban"),
            Self::DeletionOfSubject => return replica.delete(&format!("/v1/users/{subject}")).await,
            Self::SignOut => return replica.sign_out(&seats[0]).await,
        };
        replica.post(&path, &Value::Null).await.map(drop)
    }
}
