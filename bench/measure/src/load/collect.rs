//! Sends many requests over a few connections and keeps the bodies of the answers: tickets to be spent later.

use super::connection::Connection;
use crate::{
    Fallible,
    figures::{Figures, rate},
};
use std::{
    fmt::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

const CONNECTIONS: usize = 64;

/// Sends `count` requests, taken in turn from the file, where a line with `---` alone stands between two. The bodies
/// of the answers are written to the other file, one in a line; an answer other than 200 is a failure.
pub(crate) async fn run(address: &str, requests: &Path, count: usize, file: &Path) -> Fallible<Figures> {
    let requests: Arc<Vec<String>> =
        Arc::new(std::fs::read_to_string(requests)?.split("\n---\n").map(ToOwned::to_owned).collect());
    let (next, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(send(address.to_owned(), Arc::clone(&requests), Arc::clone(&next), count)))
        .collect();
    let mut text = String::new();
    for sender in senders {
        for body in sender.await?? {
            writeln!(text, "{body}")?;
        }
    }
    let elapsed = begun.elapsed();
    std::fs::write(file, text)?;
    Ok(rate(count, 1, elapsed))
}

async fn send(
    address: String,
    requests: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
    count: usize,
) -> Fallible<Vec<String>> {
    let mut connection = Connection::open(&address).await?;
    let mut bodies = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok(bodies);
        }
        let request = requests.get(number % requests.len().max(1)).ok_or("a file without a request")?;
        let answer = connection.send(request.as_bytes()).await?;
        let body = String::from_utf8(answer.body)?;
        if answer.status != 200 {
            return Err(format!("{}: {body}", answer.status).into());
        }
        bodies.push(body);
    }
}
