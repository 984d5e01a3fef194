//! Histories about secret keys.

use super::*;

#[test]
fn a_key_that_works_after_its_end_or_not_before() {
    let by_key = |second, act, outcome| Event { key: text("key"), ..event(second, act, outcome) };
    let read = |second| by_key(second, Act::ReadRecord, Outcome::SawPosition(8));
    assert_eq!(with(read(9)), NOTHING);
    assert_eq!(with(read(11)), ["key-refused"]);
    let change = |epoch: &mut Epoch| {
        epoch.events.push(by_key(
            9,
            Act::SetBanned { user: "user".to_owned(), banned: false },
            Outcome::Done,
        ));
        epoch.record.push(Entry { user: text("user"), ..entry(9, "user.unbanned") });
    };
    assert_eq!(broken(change), ["key-refused"]);
    let refused = |code: &str| Outcome::Refused { status: 401, code: code.to_owned() };
    let early = |code| {
        let (begin, end) = (7_600_000, 7_700_000);
        Event { begin, end, ..by_key(7, Act::ReadRecord, refused(code)) }
    };
    assert_eq!(with(early("clerk_key_invalid")), ["key-refused"]);
    assert_eq!(with(early("authentication_invalid")), NOTHING);
    let at_an_old_primary = |epoch: &mut Epoch| {
        epoch.facts.fenced.push(Fenced { replica: 0, from: 7_000_000, until: 8_000_000 });
        epoch.events.push(early("clerk_key_invalid"));
    };
    assert_eq!(broken(at_an_old_primary), NOTHING);
    let on_record = |epoch: &mut Epoch| {
        epoch.record.push(Entry { caller: text("key"), ..entry(9, "user.updated") });
    };
    assert_eq!(broken(on_record), ["key-refused"]);
}

#[test]
fn the_key_of_the_run_is_never_refused() {
    let code = "clerk_key_invalid".to_owned();
    assert_eq!(with(event(9, mint(), Outcome::Refused { status: 401, code })), ["key-refused"]);
}
