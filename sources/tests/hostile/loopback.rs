//! Small servers on loopback that keep a ledger.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use sources::{Conditional, Door, DoorError, DoorOptions, Resolve, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A port that pages are served from, so that no rule about ports hides what the others would have let through.
pub(crate) const PAGE_PORT: u16 = 8443;

/// A listener and what came to it.
pub(crate) struct Loopback {
    /// `address:port`.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    ledger: Arc<Mutex<Vec<String>>>,
}

impl Loopback {
    /// Answers every request by its path, on any free port, and closes the connection.
    pub(crate) async fn serve(answer: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, answer)
    }

    /// The same at an address of its own and a port of pages, or a free one where that is taken.
    pub(crate) async fn at(address: [u8; 4], answer: fn(&str) -> String) -> Self {
        let address = IpAddr::V4(Ipv4Addr::from(address));
        let listener = match TcpListener::bind((address, PAGE_PORT)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("127.0.0.1:0").await.unwrap(),
        };
        Self::on(listener, answer)
    }

    fn on(listener: TcpListener, answer: fn(&str) -> String) -> Self {
        let at = listener.local_addr().unwrap();
        let ledger = Arc::<Mutex<Vec<String>>>::default();
        let kept = ledger.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                // A connection counts even where nothing is asked over it.
                let entry = {
                    let mut ledger = kept.lock().unwrap();
                    ledger.push("connected".to_owned());
                    ledger.len() - 1
                };
                let kept = kept.clone();
                tokio::spawn(async move { exchange(socket, answer, &kept, entry).await });
            }
        });
        Self { host: at.to_string(), port: at.port(), ledger }
    }

    /// What was asked, in order: `host path` per connection.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.ledger.lock().unwrap().clone()
    }
}

async fn exchange(mut socket: TcpStream, answer: fn(&str) -> String, ledger: &Mutex<Vec<String>>, entry: usize) {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
        match socket.read(&mut buffer).await {
            Ok(n) if n > 0 && head.len() < 64 * 1024 => head.extend_from_slice(&buffer[..n]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let host = head.lines().find_map(|l| l.strip_prefix("host: ")).unwrap_or_default();
    ledger.lock().unwrap()[entry] = format!("{host} {path}");
    let _ = socket.write_all(answer(&path).as_bytes()).await;
    let _ = socket.shutdown().await;
}

/// An answer with a body.
pub(crate) fn page(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A redirect.
pub(crate) fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// A door with exceptions, and limits short enough for a test.
pub(crate) fn door(allow: &[&str]) -> Door {
    Door::new(options(allow)).map_err(|e| e.to_string()).unwrap()
}

/// The same with another resolver.
pub(crate) fn door_by(allow: &[&str], resolver: Arc<dyn Resolve>) -> Door {
    Door::with_resolver(options(allow), resolver).unwrap()
}

pub(crate) fn options(allow: &[&str]) -> DoorOptions {
    let _ = rustls::crypto::ring::default_provider().install_default();
    DoorOptions {
        allow_private: allow.iter().map(|host| (*host).to_owned()).collect(),
        connect_timeout_seconds: 2,
        ..DoorOptions::default()
    }
}

pub(crate) async fn get(door: &Door, url: &str) -> Result<Response, DoorError> {
    door.get(url, &Conditional::default(), &[]).await
}
