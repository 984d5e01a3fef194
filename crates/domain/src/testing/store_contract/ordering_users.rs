//! Lists of users: by every field, in both directions, page by page, behind a cursor.

use super::{
    Harness,
    trial::{ALL, Trial},
};
use crate::{
    change::Write,
    page::Page,
    testing::rows,
    user::{
        User,
        find::{UserOrder, UserOrderField, UserQuery},
    },
};

/// Ties go by id in the same direction; whoever lacks the field comes last in both.
pub async fn every_field_orders(harness: &dyn Harness) {
    let trial = crowd(harness).await;
    for (by, ascending, descending) in [
        (UserOrderField::CreatedAt, "a b c d e", "e d c b a"),
        (UserOrderField::UpdatedAt, "e a b d c", "c d b a e"),
        (UserOrderField::LastActiveAt, "c a b d e", "a c e d b"),
        (UserOrderField::LastSignInAt, "b c a d e", "a c b e d"),
        (UserOrderField::FirstName, "b a c d e", "c a b e d"),
        (UserOrderField::LastName, "c a b d e", "b a c e d"),
        (UserOrderField::Username, "b c a d e", "a c b e d"),
        (UserOrderField::EmailAddress, "c b a d e", "a b c e d"),
        (UserOrderField::PhoneNumber, "a b c d e", "c b a e d"),
        (UserOrderField::Web3Wallet, "b a c d e", "c a b e d"),
    ] {
        for (is_descending, wanted) in [(false, ascending), (true, descending)] {
            let order = UserOrder { by, descending: is_descending };
            let found = listed(&trial, &UserQuery { order, page: ALL, ..UserQuery::default() }).await;
            assert_eq!(found.join(" "), wanted, "{order:?}");
        }
    }
}

/// The newest come first when nobody asks for another order.
pub async fn pages_follow_each_other(harness: &dyn Harness) {
    let trial = many(harness).await;
    let whole = listed(&trial, &UserQuery { page: ALL, ..UserQuery::default() }).await;
    let mut newest_first: Vec<_> =
        (0..20).map(|number| (number * 3 % 7, format!("user-{number:02}"))).collect();
    newest_first.sort();
    newest_first.reverse();
    let ids: Vec<_> = newest_first.into_iter().map(|(_, id)| id).collect();
    assert_eq!(whole, ids);
    for limit in [1, 7, 500] {
        let mut seen = Vec::new();
        while seen.len() < whole.len() {
            let page = Page { limit, offset: seen.len() as u64 };
            let found = listed(&trial, &UserQuery { page, ..UserQuery::default() }).await;
            assert!(!found.is_empty() && found.len() <= limit as usize);
            seen.extend(found);
        }
        assert_eq!(seen, whole, "pages of {limit}");
    }
    let beyond = UserQuery { page: Page { limit: 10, offset: 20 }, ..UserQuery::default() };
    assert_eq!(listed(&trial, &beyond).await, Vec::<String>::new());
}

/// Behind a user in either direction, also one that the filters leave out; nobody comes behind an unknown one.
pub async fn a_cursor_goes_on_where_it_stands(harness: &dyn Harness) {
    let trial = many(harness).await;
    for descending in [false, true] {
        let order = UserOrder { by: UserOrderField::CreatedAt, descending };
        let all = UserQuery { order, page: ALL, ..UserQuery::default() };
        let whole = listed(&trial, &all).await;
        let banned = listed(&trial, &UserQuery { banned: Some(true), ..all.clone() }).await;
        assert!(!banned.is_empty() && banned.len() < whole.len());
        for (place, cursor) in whole.iter().enumerate() {
            let starting_after = Some(rows::user_id(cursor));
            let behind = UserQuery { starting_after, ..all.clone() };
            assert_eq!(listed(&trial, &behind).await, whole[place + 1..]);
            let filtered = UserQuery { banned: Some(true), ..behind.clone() };
            let wanted: Vec<_> =
                whole[place + 1..].iter().filter(|id| banned.contains(id)).cloned().collect();
            assert_eq!(listed(&trial, &filtered).await, wanted);
            let second = UserQuery { page: Page { limit: 1, offset: 1 }, ..behind };
            assert_eq!(
                listed(&trial, &second).await,
                whole.iter().skip(place + 2).take(1).cloned().collect::<Vec<_>>()
            );
        }
        let unknown = UserQuery { starting_after: Some(rows::user_id("nobody")), ..all };
        assert_eq!(listed(&trial, &unknown).await, Vec::<String>::new());
    }
}

/// A count looks at filters alone.
pub async fn a_count_ignores_order_and_page(harness: &dyn Harness) {
    let trial = many(harness).await;
    let query = UserQuery {
        order: UserOrder { by: UserOrderField::Username, descending: false },
        page: Page { limit: 1, offset: 15 },
        starting_after: Some(rows::user_id("user-03")),
        ..UserQuery::default()
    };
    assert_eq!(trial.store.count_users(&query).await.unwrap(), 20);
    let banned = UserQuery { banned: Some(true), ..query };
    assert_eq!(trial.store.count_users(&banned).await.unwrap(), 4);
}

async fn listed(trial: &Trial, query: &UserQuery) -> Vec<String> {
    let users = trial.store.users(query).await.unwrap();
    users.into_iter().map(|user| user.id.as_str().to_owned()).collect()
}

/// Twenty users, several of each second; every fifth is banned.
async fn many(harness: &dyn Harness) -> Trial {
    let trial = Trial::begin(harness).await;
    let users = (0..20_u64).map(|number| User {
        banned: number.is_multiple_of(5),
        created_at: rows::after((number * 3 % 7) as i64),
        ..rows::user(&format!("user-{number:02}"))
    });
    trial.write(users.map(Write::AddUser).collect()).await;
    trial
}

/// `a`, `b` and `c` have everything, `d` and `e` nothing but times of their making and change.
async fn crowd(harness: &dyn Harness) -> Trial {
    let trial = Trial::begin(harness).await;
    let full = |id: &str, number, names: [&str; 3], updated, active, signed_in| {
        let [first, last, username] = names.map(|name| Some(name.to_owned()));
        User {
            first_name: first,
            last_name: last,
            username,
            updated_at: rows::after(updated),
            last_active_at: active,
            last_sign_in_at: signed_in,
            ..rows::full_user(id, number)
        }
    };
    let at = |seconds| Some(rows::after(seconds));
    let mut a = full("a", 5, ["bea", "Miller", "zoe"], 20, at(9), at(9));
    let mut b = full("b", 4, ["Ann", "Mills", "Yan"], 20, None, at(2));
    let mut c = full("c", 6, ["cat", "mill", "yan2"], 40, at(4), at(3));
    a.email_addresses[0].address = "z@example.com".into();
    b.email_addresses[0].address = "m@example.com".into();
    c.email_addresses[0].address = "a@example.com".into();
    a.phone_numbers[0].number = "+1555".into();
    b.phone_numbers[0].number = "+1556".into();
    c.phone_numbers[0].number = "+1557".into();
    // Only the primary one counts.
    let mut other = a.email_addresses[0].clone();
    other.id = rows::identification_id(999);
    other.address = "0@example.com".into();
    a.email_addresses.insert(0, other);
    let d = User { updated_at: rows::after(30), ..rows::user("d") };
    let e = User { updated_at: rows::after(10), ..rows::user("e") };
    let mut users = [a, b, c, d, e];
    for (seconds, user) in (1..).zip(&mut users) {
        user.created_at = rows::after(seconds);
    }
    trial.write(users.into_iter().map(Write::AddUser).collect()).await;
    trial
}
