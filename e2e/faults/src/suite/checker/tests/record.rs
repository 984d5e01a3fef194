//! Histories about the record.

use super::*;

#[test]
fn a_record_with_a_gap_or_a_lie() {
    let wrong: [fn(&mut Epoch); 10] = [
        |epoch| drop(epoch.record.remove(4)),
        |epoch| epoch.record[7].position = 7,
        |epoch| epoch.record.push(Entry { position: 9, ..epoch.record[5].clone() }),
        |epoch| epoch.record[5].is_done = false,
        |epoch| drop(epoch.state.sessions.remove("sess")),
        |epoch| {
            epoch.state.users.insert("user".to_owned(), true);
        },
        |epoch| epoch.state.tokens.get_mut("act_2").unwrap().status = "accepted".to_owned(),
        |epoch| epoch.record.push(about(entry(9, "actor_token.accepted"), Some("act_2"), Some("s"), None)),
        |epoch| epoch.events[6].outcome = created("key_2"),
        // It was refused to all who asked, and has happened.
        |epoch| epoch.events[5].outcome = Outcome::Refused { status: 400, code: String::new() },
    ];
    for (number, change) in wrong.into_iter().enumerate() {
        let broken = broken(change);
        assert!(broken.contains(&"record-complete"), "{number}: {broken:?}");
    }
}

/// What an actor comes back to when an impersonation ends.
#[test]
fn a_session_that_no_ticket_began() {
    let returned = |is_told: bool| {
        broken(|epoch| {
            let ended = epoch.state.sessions["sess"].clone();
            epoch.state.sessions.insert("sess_2".to_owned(), ended);
            let told = |position, action| about(entry(position, action), None, Some("sess_2"), None);
            epoch.record.push(told(9, "session.created"));
            epoch.record.extend(is_told.then(|| told(10, "session.replaced")));
            if is_told {
                epoch.state.sessions.get_mut("sess_2").unwrap().status = "replaced".to_owned();
            }
        })
    };
    assert_eq!(returned(true), NOTHING);
    assert_eq!(returned(false), ["record-complete"]);
}

#[test]
fn a_record_in_another_order() {
    let swap = |epoch: &mut Epoch| {
        epoch.record.swap(3, 4);
        epoch.record[3].position = 4;
        epoch.record[4].position = 5;
    };
    assert_eq!(broken(swap), ["record-ordered"]);
    // What overlaps may stand either way.
    let overlapping = |epoch: &mut Epoch| {
        swap(epoch);
        epoch.events[4].begin = epoch.events[3].end;
    };
    assert_eq!(broken(overlapping), NOTHING);
}

#[test]
fn a_refused_request_that_has_done_it() {
    // Somebody else asked for it too, and knows nothing.
    let refused = |trace: &'static str| {
        broken(|epoch| {
            epoch.events[2].outcome = Outcome::Refused { status: 400, code: "used".to_owned() };
            epoch.events[2].trace = text(trace);
            epoch.events.push(event(3, accept("act_1"), Outcome::Unknown));
        })
    };
    assert_eq!(refused("trace-3"), ["record-complete"]);
    assert_eq!(refused("trace-30"), NOTHING);
}
