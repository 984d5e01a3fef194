//! Histories about clients that hold an impersonated session.

use super::*;

/// A second ticket is redeemed, by then on a client that may hold the session of the first.
fn second(epoch: &mut Epoch, client: &str) {
    epoch.record[2].client = text("client");
    epoch.events.push(event(9, create_ticket("nine"), created("act_3")));
    epoch.events.push(event(10, accept("act_3"), accepted("sess_3")));
    epoch.record.push(about(entry(9, "actor_token.created"), Some("act_3"), None, Some("nine")));
    let begun = about(entry(10, "actor_token.accepted"), Some("act_3"), Some("sess_3"), None);
    epoch.record.push(Entry { client: text(client), ..begun });
    let token = TokenState { session: text("sess_3"), ..epoch.state.tokens["act_1"].clone() };
    epoch.state.tokens.insert("act_3".to_owned(), token);
    let session = epoch.state.sessions["sess"].clone();
    let session = SessionState { status: "active".to_owned(), client: client.to_owned(), ..session };
    epoch.state.sessions.insert("sess_3".to_owned(), session);
}

#[test]
fn a_ticket_on_a_client_that_holds_an_impersonated_session() {
    let chained = |client: &str, change: fn(&mut Epoch)| {
        broken(|epoch| {
            without_end(epoch);
            second(epoch, client);
            change(epoch);
        })
    };
    assert_eq!(chained("client", |_| ()), ["no-chains"]);
    assert_eq!(chained("client_2", |_| ()), NOTHING);
    // It may have been over by time, and nobody had met it since.
    let idle = |epoch: &mut Epoch| {
        epoch.state.sessions.get_mut("sess").unwrap().created_at = ORIGIN_MILLIS + 10_900 - 20_000;
    };
    assert_eq!(chained("client", idle), NOTHING);
    assert_eq!(chained("client", |epoch| epoch.facts.moved_clocks = [2].into()), NOTHING);
    // An ordinary session is no impersonation.
    let ordinary = |epoch: &mut Epoch| {
        "sign_in_token.accepted".clone_into(&mut epoch.record[2].action);
    };
    assert!(!chained("client", ordinary).contains(&"no-chains"));
    assert_eq!(broken(|epoch| second(epoch, "client")), NOTHING);
}
