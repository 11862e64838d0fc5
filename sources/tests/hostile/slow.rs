//! Servers that are slow, silent or without end: each costs its own time and nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sources::{Door, DoorError, DoorOptions, PollState, SourceError, SourceSpec, poll};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::loopback::{get, options};

/// What a server says once, what it repeats, and how long it rests in between.
#[derive(Debug, Clone)]
struct Endless {
    first: Vec<u8>,
    then: Vec<u8>,
    rest: Duration,
    /// Whether it reads the request before it speaks.
    listens: bool,
}

const DRIP: Duration = Duration::from_millis(100);
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";

fn endless(first: impl Into<Vec<u8>>, then: impl Into<Vec<u8>>, rest: Duration) -> Endless {
    Endless { first: first.into(), then: then.into(), rest, listens: true }
}

/// Serves one of them; counts the connections that are still open.
async fn serve(kind: Endless) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let open = Arc::<AtomicUsize>::default();
    let counted = open.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (kind, counted) = (kind.clone(), counted.clone());
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                if kind.listens {
                    let _ = socket.read(&mut buffer).await;
                }
                let mut alive = socket.write_all(&kind.first).await.is_ok();
                while alive && !kind.then.is_empty() {
                    alive = socket.write_all(&kind.then).await.is_ok();
                    tokio::time::sleep(kind.rest).await;
                }
                // Says nothing more, and waits until the other side hangs up.
                while alive && matches!(socket.read(&mut buffer).await, Ok(n) if n > 0) {}
                counted.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    (host, open)
}

/// One after another: the kinds, and whether it is time (true) or size that ends them.
fn kinds() -> Vec<(&'static str, Endless, bool)> {
    // The head of a gzip file, and then blocks that hold nothing (RFC 1951, 3.2.4).
    let gzip = [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08".as_slice(), &[0; 7]].concat();
    let nothing = [0, 0, 0, 0xff, 0xff].repeat(200);
    vec![
        ("says nothing", endless("", "", DRIP), true),
        ("does not even listen", Endless { listens: false, ..endless("", "", DRIP) }, true),
        ("one byte of the status at a time", endless("", "H", DRIP), false),
        ("one byte of a header at a time", endless("HTTP/1.1 200 OK\r\nX: ", "x", DRIP), true),
        ("headers for ever, slowly", endless("HTTP/1.1 200 OK\r\n", "X: y\r\n", DRIP), true),
        ("headers for ever", endless("HTTP/1.1 200 OK\r\n", "X: yyyyyyyyyy\r\n".repeat(500), Duration::ZERO), false),
        ("one header for ever", endless("HTTP/1.1 200 OK\r\nX: ", "x".repeat(9000), Duration::ZERO), false),
        ("nothing but 100 Continue", endless("", "HTTP/1.1 100 Continue\r\n\r\n", Duration::from_millis(1)), true),
        ("no body after the headers", endless("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "", DRIP), true),
        ("one byte of the body at a time", endless("HTTP/1.1 200 OK\r\n\r\n", "x", DRIP), true),
        ("one byte in one chunk at a time", endless(CHUNKED, "1\r\nx\r\n", DRIP), true),
        ("chunks for ever", endless(CHUNKED, format!("2000\r\n{}\r\n", "x".repeat(0x2000)), Duration::ZERO), false),
        ("a chunk's length for ever", endless(CHUNKED, "0".repeat(1000), Duration::ZERO), false),
        ("a chunk's extension for ever", endless(CHUNKED, format!("1;x={}", "x".repeat(9000)), Duration::ZERO), false),
        ("trailers for ever", endless(CHUNKED, "0\r\n".to_owned() + &"X: y\r\n".repeat(900), Duration::ZERO), false),
        ("a packed nothing for ever", endless(gzip, nothing, Duration::ZERO), true),
    ]
}

fn door(hosts: &[&str], seconds: u64) -> Door {
    Door::new(DoorOptions { timeout_seconds: seconds, max_bytes: 1 << 20, ..options(hosts) }).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ends_within_its_time() {
    let mut asks = Vec::new();
    for (name, kind, by_time) in kinds() {
        let (host, open) = serve(kind).await;
        asks.push(tokio::spawn(async move {
            let began = Instant::now();
            let error = get(&door(&[&host], 2), &format!("http://{host}/")).await.unwrap_err();
            let took = began.elapsed();
            let timeout = matches!(error, DoorError::Timeout { seconds: 2, .. });
            assert!(!by_time || timeout, "{name}: {error}");
            assert!(took < Duration::from_secs(10), "{name}: {took:?}");
            // The connection is given up, not kept reading in the background.
            for _ in 0..200 {
                if open.load(Ordering::SeqCst) == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            panic!("{name}: the connection is still open");
        }));
    }
    for ask in asks {
        ask.await.unwrap();
    }
}

#[tokio::test]
async fn a_chain_of_slow_redirects_counts_as_one_request() {
    let (host, _) = serve(endless("HTTP/1.1 302 Found\r\nLocation: /next\r\nX: ", "x", DRIP)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = listener.local_addr().unwrap().to_string();
    let target = host.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            tokio::time::sleep(Duration::from_millis(1500)).await;
            let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://{target}/\r\nContent-Length: 0\r\n\r\n");
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    let began = Instant::now();
    let error = get(&door(&[&host, &slow], 2), &format!("http://{slow}/")).await.unwrap_err();
    assert!(matches!(error, DoorError::Timeout { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_millis(3400), "{:?}", began.elapsed());
}

#[tokio::test]
async fn other_sources_lose_nothing_beside_them() {
    let feed: String = (0..30).map(|n| format!("<item><title>T{n}</title><link>/{n}</link></item>")).collect();
    let feed = format!("<rss version='2.0'><channel><title>T</title>{feed}</channel></rss>");
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{feed}", feed.len());
    let mut hosts = Vec::new();
    for _ in 0..20 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        hosts.push((listener.local_addr().unwrap().to_string(), true));
        let answer = answer.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
    }
    for (_, kind, by_time) in kinds() {
        if by_time {
            hosts.insert(0, (serve(kind).await.0, false));
        }
    }
    let names: Vec<&str> = hosts.iter().map(|(host, _)| host.as_str()).collect();
    let door = door(&names, 5);
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let polls = hosts.iter().map(|(host, good)| {
        let (door, spec, good) = (door.clone(), SourceSpec::Feed { url: format!("http://{host}/") }, *good);
        tokio::spawn(async move {
            let polled = poll(
                &sources::Polite::from(door.clone()),
                &spec,
                std::path::Path::new("."),
                &PollState::default(),
                &[],
                now,
            )
            .await;
            (good, polled, Instant::now())
        })
    });
    let (mut last_good, mut first_bad) = (None, None);
    for polled in polls.collect::<Vec<_>>() {
        match polled.await.unwrap() {
            (true, polled, at) => {
                assert_eq!(polled.unwrap().entries.len(), 30);
                last_good = last_good.max(Some(at));
            }
            (false, polled, at) => {
                let error = polled.unwrap_err();
                assert!(matches!(error, SourceError::Door(DoorError::Timeout { .. })), "{error}");
                first_bad = Some(first_bad.map_or(at, |bad: Instant| bad.min(at)));
            }
        }
    }
    assert!(last_good.unwrap() < first_bad.unwrap(), "the good ones do not wait for the others");
}
