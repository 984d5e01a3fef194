//! Histories about what was read.

use super::*;

#[test]
fn a_read_of_what_was_before() {
    let token = |token: &str, status: &str| {
        let seen = Outcome::SawToken { status: status.to_owned(), session: None };
        event(9, Act::ReadToken { token: token.to_owned() }, seen)
    };
    let session = |status, active| {
        event(9, Act::ReadSession { session: "sess".to_owned() }, saw_session(status, active))
    };
    let absent = || Outcome::Refused { status: 404, code: String::new() };
    let list = Outcome::SawSessions(vec!["sess".to_owned()]);
    let banned = Outcome::SawUser { banned: true };
    let stale = [
        token("act_1", "pending"),
        token("act_2", "accepted"),
        event(9, Act::ReadToken { token: "act_1".to_owned() }, absent()),
        session("active", 0),
        event(9, Act::ReadSession { session: "sess".to_owned() }, absent()),
        event(9, Act::ListSessions { user: "user".to_owned() }, list),
    ];
    for (number, read) in stale.into_iter().enumerate() {
        assert_eq!(with(read), ["reads-go-forward"], "{number}");
    }
    assert_eq!(with(token("act_1", "accepted")), NOTHING);
    // Whoever is known to be at a primary that was left may read what it had.
    let fenced = |epoch: &mut Epoch| {
        epoch.facts.fenced.push(Fenced { replica: 0, from: 9_000_000, until: 10_000_000 });
        epoch.events.push(session("active", 0));
    };
    assert_eq!(broken(fenced), NOTHING);
    assert_eq!(with(session("revoked", 0)), NOTHING);
    let back = |epoch: &mut Epoch| {
        epoch.events.push(session("revoked", 7));
        epoch.events.push(Event { begin: 10_000_000, end: 10_500_000, ..session("revoked", 6) });
    };
    assert_eq!(broken(back), ["reads-go-forward"]);
    let record = |epoch: &mut Epoch| {
        epoch.events.push(event(9, Act::ReadRecord, Outcome::SawPosition(8)));
        epoch.events.push(event(10, Act::ReadRecord, Outcome::SawPosition(7)));
    };
    assert_eq!(broken(record), ["reads-go-forward"]);
    let unbanned = |epoch: &mut Epoch| {
        epoch.events.push(event(9, Act::SetBanned { user: "user".to_owned(), banned: false }, Outcome::Done));
        epoch.record.push(Entry { user: text("user"), ..entry(9, "user.unbanned") });
        epoch.events.push(event(10, Act::ReadUser { user: "user".to_owned() }, banned));
    };
    assert_eq!(broken(unbanned), ["reads-go-forward"]);
}

#[test]
fn a_ban_that_is_answered_as_having_been_so_is_a_read() {
    let set =
        |second, banned| event(second, Act::SetBanned { user: "user".to_owned(), banned }, Outcome::Done);
    let told = |second, action: &str| Entry { user: text("user"), ..entry(second, action) };
    // Banned and freed; then a ban or the end of one that has no entry.
    let then = |change: fn(&mut Epoch), extra: Event| {
        broken(|epoch| {
            epoch.events.extend([set(9, true), set(10, false), extra]);
            epoch.record.extend([told(9, "user.banned"), told(10, "user.unbanned")]);
            change(epoch);
        })
    };
    assert_eq!(then(|_| (), set(11, false)), NOTHING);
    assert_eq!(then(|_| (), set(11, true)), ["reads-go-forward"]);
    // Also at a replica that was connected to what is no primary any more.
    let fenced = |epoch: &mut Epoch| {
        epoch.facts.fenced = vec![Fenced { replica: 0, from: 0, until: Micros::MAX }];
    };
    assert_eq!(then(fenced, set(11, true)), ["reads-go-forward"]);
    // One whose request was sent first before the ban ended.
    let earlier = |epoch: &mut Epoch| {
        let act = Act::SetBanned { user: "user".to_owned(), banned: true };
        let (begin, end) = (9_600_000, 10_900_000);
        epoch.events.push(Event { begin, end, ..event(9, act, Outcome::Unknown) });
    };
    assert_eq!(then(earlier, set(11, true)), NOTHING);
}
