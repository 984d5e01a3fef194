//! The clock: before, at and after each limit, to the millisecond. Both verifiers allow five seconds.

use super::{Corpus, NOW, good_claims, replaced};

const LEEWAY_MILLIS: i64 = 5_000;

pub(super) fn add(corpus: &mut Corpus<'_>) -> Result<(), String> {
    let token = corpus.keys.main.token(&good_claims())?;
    let (end, beginning) = ((NOW + 60) * 1_000, NOW * 1_000);
    for millis in [-60_000, -1, 0, 1, LEEWAY_MILLIS - 1, LEEWAY_MILLIS, LEEWAY_MILLIS + 1, 3_600_000] {
        corpus.add_at(format!("time: exp and {millis} ms"), token.clone(), end + millis);
    }
    for millis in [-3_600_000, -LEEWAY_MILLIS - 1, -LEEWAY_MILLIS, -LEEWAY_MILLIS + 1, -1, 0, 1] {
        corpus.add_at(format!("time: iat and {millis} ms"), token.clone(), beginning + millis);
    }
    let ahead = corpus.keys.main.token(&replaced("nbf", Some("1800000030"))?)?;
    for millis in [-30_000, -LEEWAY_MILLIS - 1, -LEEWAY_MILLIS, -LEEWAY_MILLIS + 1, -1, 0] {
        corpus.add_at(format!("time: nbf and {millis} ms"), ahead.clone(), (NOW + 30) * 1_000 + millis);
    }
    for (name, millis) in [("1970", 0), ("2286", 9_999_999_999_000)] {
        corpus.add_at(format!("time: in {name}"), token.clone(), millis);
    }
    let never = corpus.keys.main.token(&replaced("exp", Some("0"))?)?;
    corpus.add("time: exp is 0", never);
    let backwards = corpus.keys.main.token(&replaced("exp", Some("1799999999"))?)?;
    corpus.add("time: exp before iat, within the leeway", backwards);
    Ok(())
}
