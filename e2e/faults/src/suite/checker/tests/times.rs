//! Histories about times, and about replicas that had a wrong one.

use super::*;

#[test]
fn a_wrong_time_excuses_nobody_but_the_replica_that_had_it() {
    let late = |replica| Event { replica, ..event(3, mint(), minted(300, |_| ())) };
    let of = |replica| {
        broken(|epoch| {
            epoch.facts.moved_clocks = [2].into();
            epoch.events.push(late(replica));
        })
    };
    assert_eq!(of(2), NOTHING);
    assert_eq!(of(0), ["token-truthful"]);
}

#[test]
fn a_ticket_that_has_lapsed() {
    // It is accepted by a request that begins 3 s behind the origin.
    let lapsed_at = |millis: i64, change: fn(&mut Epoch)| {
        broken(|epoch| {
            let answer = format!(r#"{{"id":"act_1","expires_at":{}}}"#, ORIGIN_MILLIS + millis);
            epoch.events[1].outcome = Outcome::Created { id: "act_1".to_owned(), answer };
            change(epoch);
        })
    };
    assert_eq!(lapsed_at(3_000, |_| ()), NOTHING);
    assert_eq!(lapsed_at(2_999, |_| ()), ["revoked-refused"]);
    assert_eq!(lapsed_at(2_999, |epoch| epoch.facts.moved_clocks = [0].into()), NOTHING);
}

fn touch() -> Act {
    Act::Touch { session: "sess".to_owned() }
}

/// The session's end by time, which is due so much behind the origin.
fn expired(epoch: &mut Epoch, due_millis: i64) {
    epoch.events.remove(3);
    epoch.record[3] = Entry { cause: text("maximum_duration"), ..epoch.record[3].clone() };
    "session.expired".clone_into(&mut epoch.record[3].action);
    let session = epoch.state.sessions.get_mut("sess").unwrap();
    "expired".clone_into(&mut session.status);
    session.expire_at = ORIGIN_MILLIS + due_millis;
}

#[test]
fn an_end_by_time_that_came_early() {
    // What is behind its entry was acknowledged at 5.5 s.
    let due = |millis| broken(|epoch| expired(epoch, millis));
    assert_eq!(due(5_900), NOTHING);
    assert_eq!(due(6_100), ["ends-in-time"]);
    // The time without any use was over before.
    let idle = |millis| {
        broken(|epoch| {
            expired(epoch, 600_000);
            let session = epoch.state.sessions.get_mut("sess").unwrap();
            session.last_active_at = ORIGIN_MILLIS + millis;
        })
    };
    assert_eq!(idle(5_900 - 20_000), NOTHING);
    assert_eq!(idle(6_100 - 20_000), ["ends-in-time"]);
    let moved = |epoch: &mut Epoch| {
        expired(epoch, 6_100);
        epoch.facts.moved_clocks = [2].into();
    };
    assert_eq!(broken(moved), NOTHING);
}

#[test]
fn an_end_by_time_that_was_shown_early() {
    let shown = |second| {
        broken(|epoch| {
            expired(epoch, 8_000);
            // Nothing tells when it was stored.
            epoch.record.drain(4..);
            epoch.events.drain(3..);
            epoch.state.tokens.remove("act_2");
            epoch.state.keys.clear();
            let read = Act::ReadSession { session: "sess".to_owned() };
            epoch.events.push(event(second, read, saw_session("expired", 0)));
        })
    };
    assert_eq!(shown(8), NOTHING);
    assert_eq!(shown(5), ["ends-in-time"]);
}

#[test]
fn a_session_that_is_used_though_nobody_used_it_in_time() {
    // It began before 3.5 s.
    let used = |second, change: fn(&mut Epoch)| {
        broken(|epoch| {
            without_end(epoch);
            let moment = i64::try_from(second).unwrap();
            epoch.events.push(event(second, mint(), minted(moment, |_| ())));
            change(epoch);
        })
    };
    assert_eq!(used(23, |_| ()), NOTHING);
    assert_eq!(used(25, |_| ()), ["ends-in-time"]);
    assert_eq!(used(25, |epoch| epoch.events.push(event(10, touch(), Outcome::Done))), NOTHING);
    assert_eq!(used(26, |epoch| epoch.events.push(event(4, touch(), Outcome::Done))), ["ends-in-time"]);
    assert_eq!(used(25, |epoch| epoch.events.push(event(4, touch(), Outcome::Unknown))), NOTHING);
    // Whatever was done on its client may have been a use.
    let beside = |epoch: &mut Epoch| {
        let beside = text("sess");
        let act = Act::Accept { token: "act_1".to_owned(), kind: Ticket::Actor, beside };
        epoch.events.push(event(10, act, Outcome::Refused { status: 409, code: String::new() }));
    };
    assert_eq!(used(25, beside), NOTHING);
    assert_eq!(used(25, |epoch| epoch.facts.moved_clocks = [2].into()), NOTHING);
}
