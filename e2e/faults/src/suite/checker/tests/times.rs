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
