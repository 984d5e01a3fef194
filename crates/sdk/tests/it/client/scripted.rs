//! A server that answers by a script, one line for each request, and remembers what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// This text is sent as it is, and the connection is closed.
    Say(Vec<u8>),
    /// The connection is closed without a word.
    Cut,
    /// This text is sent, and then nothing more happens.
    SayAndHang(Vec<u8>),
    /// A body without end.
    Endless,
}

/// An answer in full.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Act {
    let mut text =
        format!("HTTP/1.1 {status} Any\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    Act::Say(format!("{text}\r\n{body}").into_bytes())
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &str) -> Act {
    answer(status, &[("content-type", "application/json")], body)
}

/// The API's errors, by their codes.
pub(crate) fn errors(status: u16, codes: &[&str]) -> Act {
    let item = |code: &&str| format!(r#"{{"message":"m {code}","long_message":"l {code}","code":"{code}"}}"#);
    let items: Vec<String> = codes.iter().map(item).collect();
    json(status, &format!(r#"{{"errors":[{}],"clerk_trace_id":"{TRACE}"}}"#, items.join(",")))
}

pub(crate) const TRACE: &str = "0123456789abcdef0123456789abcdef";

/// An actor token as Clerk answers it.
pub(crate) const ACTOR_TOKEN: &str = r#"{"object":"actor_token","id":"act_1","status":"pending","user_id":"user_bob","actor":{"sub":"user_alice"},"token":"ticket-of-bob","url":"https://clerk.example/v1/tickets/accept?ticket=ticket-of-bob","created_at":1700000000000,"updated_at":1700000000001}"#;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    hangs: Arc<Notify>,
    serving: JoinHandle<()>,
}

impl Scripted {
    /// Starts it. A request behind the script's end is answered 418.
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let hangs = Arc::new(Notify::new());
        let (remembered, told) = (Arc::clone(&asked), Arc::clone(&hangs));
        let mut script: Vec<Act> = script.into_iter().collect();
        script.reverse();
        let serving = tokio::spawn(async move {
            let mut hanging = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read(&mut stream).await else { continue };
                remembered.lock().unwrap().push(request);
                let act = script.pop().unwrap_or_else(|| errors(418, &["the_script_is_over"]));
                let is_last_word = matches!(act, Act::SayAndHang(_));
                perform(&mut stream, act).await;
                if is_last_word {
                    hanging.push(stream);
                    told.notify_one();
                }
            }
        });
        Self { address, asked, hangs, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Is told of each request to which nothing more will be said.
    pub(crate) fn hangs(&self) -> Arc<Notify> {
        Arc::clone(&self.hangs)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn perform(stream: &mut TcpStream, act: Act) {
    // The other side may have gone already.
    match act {
        Act::Say(text) | Act::SayAndHang(text) => drop(stream.write_all(&text).await),
        Act::Cut => {}
        Act::Endless => {
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
            let mut text = head.to_owned();
            while stream.write_all(text.as_bytes()).await.is_ok() {
                text = format!("400\r\n{}\r\n", " ".repeat(0x400));
            }
        }
    }
}

/// Reads a request with its body; `None` when the other side goes before its end.
async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Asked { line, headers, body: bytes[end + 4..].to_vec() })
}
