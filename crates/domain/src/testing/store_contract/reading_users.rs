//! Reading users: every filter.

use super::{
    Harness,
    trial::{ALL, Trial},
};
use crate::{
    change::Write,
    ids::IdentificationId,
    json::JsonObject,
    ports::PasswordDigest,
    testing::rows,
    user::{
        EmailAddress, PhoneNumber, User, Web3Wallet,
        find::{Choice, Period, UserQuery},
    },
};

/// Every member is read as it was written.
pub async fn a_user_is_kept_to_the_letter(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let ada = ada();
    trial.write(vec![Write::AddUser(ada.clone()), Write::AddUser(rows::user("plain"))]).await;
    assert_eq!(trial.user("ada").await, ada);
    assert_eq!(trial.user("plain").await, rows::user("plain"));
    assert_eq!(trial.store.user(&rows::user_id("ADA")).await.unwrap(), None, "ids differ by case");
    // Members that are there may go, and their order may change.
    let mut emails = ada.email_addresses.clone();
    emails.reverse();
    let next =
        User { revision: 2, email_addresses: emails, phone_numbers: Vec::new(), password: None, ..ada };
    trial.write(vec![Write::ReplaceUser(next.clone())]).await;
    assert_eq!(trial.user("ada").await, next);
}

/// Any value of a list will do; all lists must.
pub async fn identifiers_are_matched_whole(harness: &dyn Harness) {
    let trial = people(harness).await;
    let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let emails = |values: &[&str]| UserQuery { email_addresses: list(values), ..all() };
    finds(&trial, &emails(&["ada@example.com"]), &["ada"]).await;
    finds(&trial, &emails(&["second@example.org", "bob@example.com", "no@example.com"]), &["ada", "bob"])
        .await;
    finds(&trial, &emails(&["example.com"]), &[]).await;
    let phones = |values: &[&str]| UserQuery { phone_numbers: list(values), ..all() };
    finds(&trial, &phones(&["+15550000001"]), &["ada"]).await;
    finds(&trial, &phones(&["+1555000000"]), &[]).await;
    let usernames = |values: &[&str]| UserQuery { usernames: list(values), ..all() };
    finds(&trial, &usernames(&["ada_l", "bob"]), &["ada", "bob"]).await;
    finds(&trial, &usernames(&["ada@example.com"]), &[]).await;
    let wallets = |values: &[&str]| UserQuery { web3_wallets: list(values), ..all() };
    finds(&trial, &wallets(&[&format!("0x{:040x}", 2)]), &["bob"]).await;
    let both = UserQuery { usernames: list(&["bob"]), ..emails(&["ada@example.com"]) };
    finds(&trial, &both, &[]).await;
    let both = UserQuery { usernames: list(&["ada_l"]), ..emails(&["ada@example.com"]) };
    finds(&trial, &both, &["ada"]).await;
}

/// Values to include and to leave out; whoever has none is left out by no value.
pub async fn choices_include_and_exclude(harness: &dyn Harness) {
    let trial = people(harness).await;
    let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let choice =
        |include: &[&str], exclude: &[&str]| Some(Choice { include: list(include), exclude: list(exclude) });
    let ids = |choice| UserQuery { ids: choice, ..all() };
    finds(&trial, &ids(choice(&["bob", "ada", "nobody"], &[])), &["ada", "bob"]).await;
    finds(&trial, &ids(choice(&["BOB"], &[])), &[]).await;
    finds(&trial, &ids(choice(&[], &["bob", "carla"])), &["ada", "dora"]).await;
    finds(&trial, &ids(choice(&["ada", "bob"], &["bob"])), &["ada"]).await;
    finds(&trial, &ids(choice(&[], &[])), &["ada", "bob", "carla", "dora"]).await;
    let external = |choice| UserQuery { external_ids: choice, ..all() };
    finds(&trial, &external(choice(&["external-bob"], &[])), &["bob"]).await;
    finds(&trial, &external(choice(&["EXTERNAL-BOB"], &[])), &[]).await;
    finds(&trial, &external(choice(&[], &["external-bob"])), &["ada", "carla", "dora"]).await;
}

/// Part of a text, in any case, with every character standing for itself.
pub async fn texts_are_matched_in_part(harness: &dyn Harness) {
    let trial = people(harness).await;
    let text = |part: &str| UserQuery { text: Some(part.into()), ..all() };
    for (part, wanted) in [
        ("EXAMPLE.ORG", vec!["ada"]),
        ("+1555000000", vec!["ada", "bob"]),
        ("aDa_L", vec!["ada"]),
        ("0X00000", vec!["ada", "bob"]),
        ("lovelace", vec!["ada", "bob"]),
        ("carl", vec!["carla"]),
        ("100%", vec!["carla"]),
        ("%", vec!["carla"]),
        ("_", vec!["ada"]),
        ("*", vec![]),
        ("'", vec!["carla"]),
        ("\\", vec![]),
        ("external-bob", vec![]),
    ] {
        finds(&trial, &text(part), &wanted).await;
    }
    let email = |part: &str| UserQuery { email_address_text: Some(part.into()), ..all() };
    finds(&trial, &email("@Example.COM"), &["ada", "bob"]).await;
    finds(&trial, &email("lovelace"), &[]).await;
    let phone = |part: &str| UserQuery { phone_number_text: Some(part.into()), ..all() };
    finds(&trial, &phone("0002"), &["bob"]).await;
    let username = |part: &str| UserQuery { username_text: Some(part.into()), ..all() };
    finds(&trial, &username("DA_"), &["ada"]).await;
    finds(&trial, &username("example"), &[]).await;
    let name = |part: &str| UserQuery { name_text: Some(part.into()), ..all() };
    finds(&trial, &name("ADA LOVE"), &["ada", "bob"]).await;
    finds(&trial, &name("100% o'"), &["carla"]).await;
    finds(&trial, &name("ada_l"), &[]).await;
    let both = UserQuery { username_text: Some("bob".into()), ..name("lovelace") };
    finds(&trial, &both, &["bob"]).await;
}

/// Case is a matter of all letters, not only of the English ones.
pub async fn case_is_ignored_beyond_english(harness: &dyn Harness) {
    let trial = Trial::begin(harness).await;
    let user =
        User { first_name: Some("Émile".into()), last_name: Some("ÅNGSTRÖM".into()), ..rows::user("e") };
    trial.write(vec![Write::AddUser(user), Write::AddUser(rows::user("other"))]).await;
    for part in ["émile", "ÉMILE ång", "ngström"] {
        finds(&trial, &UserQuery { name_text: Some(part.into()), ..all() }, &["e"]).await;
        finds(&trial, &UserQuery { text: Some(part.into()), ..all() }, &["e"]).await;
    }
}

/// Strictly before and after, or since; whoever lacks the time is in no period.
pub async fn periods_have_their_bounds(harness: &dyn Harness) {
    let trial = people(harness).await;
    let at = rows::after;
    let before = |seconds| Period { before: Some(at(seconds)), ..Period::default() };
    let after = |seconds| Period { after: Some(at(seconds)), ..Period::default() };
    let since = |seconds| Period { since: Some(at(seconds)), ..Period::default() };
    let created = |created| UserQuery { created, ..all() };
    finds(&trial, &created(before(2)), &["ada"]).await;
    finds(&trial, &created(after(2)), &["carla", "dora"]).await;
    finds(&trial, &created(since(2)), &["bob", "carla", "dora"]).await;
    finds(&trial, &created(Period { before: Some(at(4)), ..since(2) }), &["bob", "carla"]).await;
    let last_active = |last_active| UserQuery { last_active, ..all() };
    finds(&trial, &last_active(before(1_000)), &["ada", "bob"]).await;
    finds(&trial, &last_active(since(20)), &["bob"]).await;
    finds(&trial, &last_active(after(20)), &[]).await;
    let last_sign_in = |last_sign_in| UserQuery { last_sign_in, ..all() };
    finds(&trial, &last_sign_in(before(1_000)), &["bob", "carla"]).await;
    finds(&trial, &last_sign_in(after(5)), &["carla"]).await;
    finds(&trial, &last_sign_in(since(5)), &["bob", "carla"]).await;
}

/// Banned or not, nothing at all, and every filter together.
pub async fn the_other_filters(harness: &dyn Harness) {
    let trial = people(harness).await;
    finds(&trial, &UserQuery { banned: Some(true), ..all() }, &["bob"]).await;
    finds(&trial, &UserQuery { banned: Some(false), ..all() }, &["ada", "carla", "dora"]).await;
    finds(&trial, &UserQuery { matches_nothing: true, ..all() }, &[]).await;
    let choice = |value: &str| Some(Choice { include: vec![value.into()], exclude: vec!["other".into()] });
    let everything = UserQuery {
        email_addresses: vec!["bob@example.com".into()],
        phone_numbers: vec!["+15550000002".into()],
        usernames: vec!["bob".into()],
        web3_wallets: vec![format!("0x{:040x}", 2)],
        external_ids: choice("external-bob"),
        ids: choice("bob"),
        text: Some("bob".into()),
        email_address_text: Some("bob@".into()),
        phone_number_text: Some("555".into()),
        username_text: Some("bob".into()),
        name_text: Some("ada".into()),
        banned: Some(true),
        created: Period { since: Some(rows::after(2)), before: Some(rows::after(3)), after: None },
        last_active: Period { after: Some(rows::after(19)), ..Period::default() },
        last_sign_in: Period { before: Some(rows::after(6)), ..Period::default() },
        ..all()
    };
    finds(&trial, &everything, &["bob"]).await;
    finds(&trial, &UserQuery { banned: Some(false), ..everything }, &[]).await;
}

/// Filters hold for what users are now.
pub async fn a_changed_user_is_found_as_it_is(harness: &dyn Harness) {
    let trial = people(harness).await;
    let username = |name: &str| UserQuery { usernames: vec![name.into()], ..all() };
    let bob = trial.user("bob").await;
    let renamed = User { revision: 2, username: Some("Robert".into()), banned: false, ..bob };
    trial.write(vec![Write::ReplaceUser(renamed)]).await;
    finds(&trial, &username("bob"), &[]).await;
    finds(&trial, &username("robert"), &["bob"]).await;
    finds(&trial, &UserQuery { banned: Some(true), ..all() }, &[]).await;
    trial.write(vec![Write::RemoveUser { user: rows::user_id("bob"), revision: 2 }]).await;
    finds(&trial, &username("robert"), &[]).await;
    finds(&trial, &all(), &["ada", "carla", "dora"]).await;
}

/// The query finds exactly these users, in whatever order, and counts them.
async fn finds(trial: &Trial, query: &UserQuery, wanted: &[&str]) {
    let found = trial.store.users(query).await.unwrap();
    let mut ids: Vec<_> = found.iter().map(|user| user.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, wanted, "{query:?}");
    assert_eq!(trial.store.count_users(query).await.unwrap(), wanted.len() as u64, "{query:?}");
    for user in &found {
        assert_eq!(trial.store.user(&user.id).await.unwrap().as_ref(), Some(user));
    }
}

fn all() -> UserQuery {
    UserQuery { page: ALL, ..UserQuery::default() }
}

/// Ada, Bob, Carla and Dora, made a second apart; Dora has nothing but an id.
async fn people(harness: &dyn Harness) -> Trial {
    let trial = Trial::begin(harness).await;
    let bob = User {
        banned: true,
        created_at: rows::after(2),
        last_active_at: Some(rows::after(20)),
        last_sign_in_at: Some(rows::after(5)),
        ..rows::full_user("bob", 2)
    };
    let carla = User {
        first_name: Some("100%".into()),
        last_name: Some("O'Hara".into()),
        created_at: rows::after(3),
        last_sign_in_at: Some(rows::after(6)),
        ..rows::user("carla")
    };
    let dora = User { created_at: rows::after(4), ..rows::user("dora") };
    let users = [ada(), bob, carla, dora];
    trial.write(users.into_iter().map(Write::AddUser).collect()).await;
    trial
}

/// A user with every member there is.
fn ada() -> User {
    let metadata = |text: &str| JsonObject::parse(text).unwrap();
    let second = |offset: u64| -> IdentificationId { rows::identification_id(900 + offset) };
    let mut ada = User {
        username: Some("Ada_L".into()),
        locale: Some("en-GB".into()),
        password: Some(PasswordDigest::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into())),
        password_updated_at: Some(rows::after(-7)),
        public_metadata: metadata(r#"{"z":1.0,"a":{"n":9007199254740993}}"#),
        private_metadata: metadata(r#"{"é":"\u00e9"}"#),
        unsafe_metadata: metadata(r#"{"list":[1,null,true]}"#),
        locked: true,
        delete_self_enabled: false,
        create_organization_enabled: false,
        create_organizations_limit: Some(3),
        bypass_client_trust: true,
        legal_accepted_at: Some(rows::after(-8)),
        created_at: rows::after(1),
        updated_at: rows::after(9).plus_millis(1),
        last_active_at: Some(rows::after(10)),
        ..rows::full_user("ada", 1)
    };
    let created_at = rows::after(-1);
    let (updated_at, reserved) = (rows::after(-1).plus_millis(5), true);
    let address = "second@example.org".to_owned();
    ada.email_addresses.push(EmailAddress { id: second(1), address, reserved, created_at, updated_at });
    let number = "+4915550000000".to_owned();
    ada.phone_numbers.push(PhoneNumber { id: second(2), number, reserved, created_at, updated_at });
    let address = format!("0x{:040x}", 77);
    ada.web3_wallets.push(Web3Wallet { id: second(3), address, created_at, updated_at });
    ada.primary_email_address = Some(second(1));
    ada
}
