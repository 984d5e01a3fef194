//! The acts, and how random sequences of them are drawn.

use proptest::{collection::vec, prelude::*, sample::select};

/// The longest sequence.
const ACTS_MAX: usize = 100;

/// Ids that users have or could have.
pub(super) const USERS: [&str; 3] = ["ada", "bob", "cy"];
/// `sub` of the actors: the users, and somebody who can be none.
pub(super) const ACTORS: [&str; 4] = ["ada", "bob", "cy", "staff 7"];
/// The first and the last are the same to everybody but a reader.
pub(super) const USERNAMES: [&str; 3] = ["ada_one", "bob_two", "ADA_ONE"];

/// The rules of one instance.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) managed: bool,
    pub(super) development: bool,
    pub(super) impersonation_enabled: bool,
    pub(super) monthly_limit: Option<u64>,
}

/// One act. A number without a name of its own chooses among what there is, the newest first.
#[derive(Clone, Debug)]
pub(super) enum Act {
    CreateUser { who: usize, username: Option<usize>, banned: bool, locked: bool },
    ChangeUser { who: usize, wish: Wish },
    Judge { who: usize, judgement: Judgement },
    DeleteUser { who: usize },
    CreateActorToken { subject: usize, actor: usize, lifetime: i64, session: i64, with_reason: bool },
    CreateSignInToken { user: usize, lifetime: i64 },
    RevokeToken { token: usize },
    Redeem { token: usize, forged: bool, client: Option<usize>, cookie: Cookie },
    OpenLink { token: usize, client: usize, cookie: Cookie },
    CheckTicket { token: usize },
    Touch { session: usize, by: Visitor },
    RefreshToken { session: usize, by: Visitor },
    Leave { session: usize, by: Visitor, remove: bool },
    SignOut { client: usize, cookie: Cookie },
    RevokeSession { session: usize },
    BackendToken { session: usize, lifetime: Option<i64> },
    CreateSession { user: usize },
    VerifySessionToken { token: usize },
    RotateKeys { at_once: bool },
    RemoveDeadKeys,
    CreateSecretKey,
    RevokeSecretKey { key: usize, even_the_last: bool },
    Sweep,
    Purge,
    MoveTime { millis: i64 },
    Reopen,
}

/// What a change of a user asks for.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    FirstName(Option<u8>),
    Username(Option<usize>),
    Password { sign_out: bool },
    Metadata { merge: bool, number: u8 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Ban,
    Unban,
    Lock,
    Unlock,
}

/// Which of its cookies a client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    Newest,
    /// The one before, which a sign-in has replaced.
    Older,
}

/// Who acts on a session: its own client, or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visitor {
    Own(Cookie),
    Other(usize),
}

pub(super) fn rules() -> impl Strategy<Value = Rules> {
    let seldom = prop::bool::weighted(0.05);
    let limit = prop_oneof![6 => Just(None), 1 => (0..6_u64).prop_map(Some)];
    (any::<bool>(), seldom, seldom, limit).prop_map(|(managed, production, disabled, monthly_limit)| Rules {
        managed,
        development: !production,
        impersonation_enabled: !disabled,
        monthly_limit,
    })
}

/// Mostly with all users there from the start, and long enough for tokens to become sessions and sessions to end.
pub(super) fn sequence() -> impl Strategy<Value = Vec<Act>> {
    let everybody = |are_there: bool| {
        let create = |who| Act::CreateUser { who, username: Some(who), banned: false, locked: false };
        if are_there { vec![create(0), create(1)] } else { Vec::new() }
    };
    let beginning =
        (prop::bool::weighted(0.8), prop::bool::weighted(0.4)).prop_map(move |(are_there, acts)| {
            if acts { [everybody(are_there), impersonation()].concat() } else { everybody(are_there) }
        });
    (beginning, vec(act(), 1..=ACTS_MAX)).prop_map(|(beginning, acts)| [beginning, acts].concat())
}

/// The first user signs in, and on the same client as the second one: chance alone seldom gets so far.
fn impersonation() -> Vec<Act> {
    let redeem = |client| Act::Redeem { token: 0, forged: false, client, cookie: Cookie::Newest };
    vec![
        Act::CreateSignInToken { user: 0, lifetime: 3_600 },
        redeem(None),
        Act::CreateActorToken { subject: 1, actor: 0, lifetime: 3_600, session: 1_800, with_reason: false },
        redeem(Some(0)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => of_users(),
        8 => of_tokens(),
        10 => redemption(),
        12 => of_sessions(),
        2 => of_keys(),
        1 => Just(Act::Sweep),
        2 => Just(Act::Purge),
        6 => moves_of_time(),
        1 => Just(Act::Reopen),
    ]
}

fn of_users() -> impl Strategy<Value = Act> {
    let who = 0..USERS.len();
    let username = || prop::option::of(0..USERNAMES.len());
    let seldom = || prop::bool::weighted(0.15);
    let judgement = prop_oneof![
        1 => Just(Judgement::Ban),
        3 => Just(Judgement::Unban),
        1 => Just(Judgement::Lock),
        3 => Just(Judgement::Unlock),
    ];
    let wish = prop_oneof![
        prop::option::of(0..3_u8).prop_map(Wish::FirstName),
        username().prop_map(Wish::Username),
        any::<bool>().prop_map(|sign_out| Wish::Password { sign_out }),
        (any::<bool>(), 0..3_u8).prop_map(|(merge, number)| Wish::Metadata { merge, number }),
    ];
    prop_oneof![
        2 => (who.clone(), username(), seldom(), seldom())
            .prop_map(|(who, username, banned, locked)| Act::CreateUser { who, username, banned, locked }),
        2 => (who.clone(), wish).prop_map(|(who, wish)| Act::ChangeUser { who, wish }),
        3 => (who.clone(), judgement).prop_map(|(who, judgement)| Act::Judge { who, judgement }),
        1 => who.prop_map(|who| Act::DeleteUser { who }),
    ]
}

fn of_tokens() -> impl Strategy<Value = Act> {
    // The outermost are refused.
    let lifetime = || seldom_else([0, 2_592_001, 1], [60, 3_600, 86_400]);
    let session = seldom_else([0, 3_001, 1], [700, 1_800, 3_000]);
    prop_oneof![
        6 => (0..USERS.len(), 0..ACTORS.len(), lifetime(), session, any::<bool>()).prop_map(
            |(subject, actor, lifetime, session, with_reason)| Act::CreateActorToken {
                subject, actor, lifetime, session, with_reason,
            }
        ),
        3 => (0..USERS.len(), lifetime())
            .prop_map(|(user, lifetime)| Act::CreateSignInToken { user, lifetime }),
        1 => (0..4_usize).prop_map(|token| Act::RevokeToken { token }),
        1 => (0..4_usize).prop_map(|token| Act::CheckTicket { token }),
    ]
}

fn seldom_else(seldom: [i64; 3], mostly: [i64; 3]) -> impl Strategy<Value = i64> {
    prop_oneof![1 => select(seldom.to_vec()), 7 => select(mostly.to_vec())]
}

/// The newest more often than the older ones.
fn recent() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 2 => 1..4_usize]
}

fn redemption() -> impl Strategy<Value = Act> {
    let forged = prop::bool::weighted(0.05);
    let client = prop::option::weighted(0.4, 0..3_usize);
    let redeem = (recent(), forged, client, cookie())
        .prop_map(|(token, forged, client, cookie)| Act::Redeem { token, forged, client, cookie });
    let open = (recent(), recent(), cookie()).prop_map(|(token, client, cookie)| Act::OpenLink {
        token,
        client,
        cookie,
    });
    prop_oneof![6 => redeem, 1 => open]
}

fn cookie() -> impl Strategy<Value = Cookie> {
    prop_oneof![6 => Just(Cookie::Newest), 1 => Just(Cookie::Older)]
}

fn of_sessions() -> impl Strategy<Value = Act> {
    let session = recent;
    let by = || prop_oneof![6 => cookie().prop_map(Visitor::Own), 1 => (0..3_usize).prop_map(Visitor::Other)];
    let lifetime = prop_oneof![
        3 => Just(None),
        2 => select(vec![30, 600, 86_400, 29, 315_360_001]).prop_map(Some),
    ];
    prop_oneof![
        3 => (session(), by()).prop_map(|(session, by)| Act::Touch { session, by }),
        2 => (session(), by()).prop_map(|(session, by)| Act::RefreshToken { session, by }),
        1 => (session(), by(), any::<bool>())
            .prop_map(|(session, by, remove)| Act::Leave { session, by, remove }),
        1 => (0..3_usize, cookie()).prop_map(|(client, cookie)| Act::SignOut { client, cookie }),
        1 => session().prop_map(|session| Act::RevokeSession { session }),
        2 => (session(), lifetime).prop_map(|(session, lifetime)| Act::BackendToken { session, lifetime }),
        1 => (0..USERS.len()).prop_map(|user| Act::CreateSession { user }),
        1 => (0..6_usize).prop_map(|token| Act::VerifySessionToken { token }),
    ]
}

fn of_keys() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => any::<bool>().prop_map(|at_once| Act::RotateKeys { at_once }),
        1 => Just(Act::RemoveDeadKeys),
        1 => Just(Act::CreateSecretKey),
        2 => (0..3_usize, any::<bool>())
            .prop_map(|(key, even_the_last)| Act::RevokeSecretKey { key, even_the_last }),
    ]
}

/// Up to the very ends and past them; sometimes backward, as a clock that is set right goes.
fn moves_of_time() -> impl Strategy<Value = Act> {
    let short = select(vec![1, 999, 29_999, 30_000, 60_000]);
    let long = select(vec![599_999, 600_000, 700_000, 1_800_000, 3_600_000, 86_400_000, 3_000_000_000]);
    let backward = select(vec![-1_000, -20_000]);
    prop_oneof![5 => short, 4 => long, 1 => backward].prop_map(|millis| Act::MoveTime { millis })
}
