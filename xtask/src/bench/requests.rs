//! Requests as the bytes that are sent. `wrk`, `actas-measure` and this program send the same ones.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

/// Between two requests in a file.
pub(super) const SEPARATOR: &str = "\n---\n";

pub(super) const JSON: (&str, &str) = ("content-type", "application/json");
pub(super) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

pub(super) fn get(path: &str, headers: &[(&str, &str)]) -> String {
    request("GET", path, headers, "")
}

pub(super) fn post(path: &str, headers: &[(&str, &str)], body: &str) -> String {
    request("POST", path, headers, body)
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if method == "POST" {
        let _ = write!(text, "content-length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

/// Sends one over a connection of its own and reads the answer whole.
pub(super) fn send(port: u16, request: &str) -> Result<Answer, String> {
    let described = |error: std::io::Error| format!("port {port}: {error}");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(described)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(described)?;
    let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    stream.write_all(request.as_bytes()).map_err(described)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(described)?;
    parse(&text).ok_or_else(|| format!("port {port} answered in no form of HTTP"))
}

/// The same, for an answer that must be a success.
pub(super) fn succeed(port: u16, request: &str) -> Result<Answer, String> {
    let answer = send(port, request)?;
    if (200..400).contains(&answer.status) {
        return Ok(answer);
    }
    let line = request.lines().next().unwrap_or_default();
    Err(format!("{line} was answered {}: {}", answer.status, answer.body))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.get(9..12)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunked(body)? } else { body.to_owned() };
    Some(Answer { status, head: head.to_owned(), body })
}

fn unchunked(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, after) = rest.split_once("\r\n")?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(after.get(..length)?);
        rest = after.get(length..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_in_both_forms() {
        let plain = parse("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        assert_eq!((plain.status, plain.body.as_str()), (200, "{}"));
        let text = "HTTP/1.1 422 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n2\r\n\":\r\n0\r\n\r\n";
        assert_eq!(parse(text).unwrap().body, "{\"a\":");
        assert!(parse("nothing").is_none());
    }

    #[test]
    fn a_request_says_how_long_it_is() {
        let text = post("/v1/users", &[JSON], "{}");
        assert!(
            text.starts_with("POST /v1/users HTTP/1.1\r\n") && text.ends_with("content-length: 2\r\n\r\n{}")
        );
    }
}
