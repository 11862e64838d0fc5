//! Bodies that grow when they are unpacked. One test, so that nothing else of this process is measured with it.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use sources::{Conditional, Door, DoorError, DoorOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// 256 MiB of zeros, packed by brotli 1.2 (quality 5, window 2^24).
const BROTLI: &str = "cfffff7f002400e2b14072effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07bffcfffff7f002400e2b00074effff9ffff0f8004401c1680eefd3fffffff01900088c302d0bdffe7ffff3f001200715800baf7fffcffff074002200e0b40f7fe9fffffff004800c46101e8defff3ffff1f000980382c00ddfb7ffeffff032001108705a07bff3f";

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[n * 2..n * 2 + 2], 16).unwrap()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(bytes).unwrap();
    member.finish().unwrap()
}

/// A gigabyte of zeros, packed: one block of a megabyte, over and over, in one stream (RFC 1951, 3.2.3).
fn gigabyte() -> Vec<u8> {
    let mut block = DeflateEncoder::new(Vec::new(), Compression::fast());
    block.write_all(&vec![0; 1 << 20]).unwrap();
    block.flush().unwrap();
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [head.as_slice(), &block.get_ref().repeat(1024), &[3, 0]].concat()
}

/// The answers: name, headers, body. Plain ones send their body a hundred times over.
fn answers() -> Vec<(&'static str, String, Vec<u8>)> {
    let gigabyte = gigabyte();
    let encoded = |names: &str| format!("Content-Encoding: {names}\r\n");
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0xa4, 0, 0, 0, 0x10].to_vec();
    vec![
        ("gzip", encoded("gzip"), gigabyte.clone()),
        ("brotli", encoded("br"), unhex(BROTLI)),
        ("zstd", encoded("zstd"), zstd),
        ("deflate", encoded("deflate"), gigabyte.clone()),
        ("x-gzip", encoded("x-gzip"), gigabyte.clone()),
        ("two in one header", encoded("gzip, gzip"), gzip(&gigabyte)),
        ("two headers", format!("{0}{0}", encoded("gzip")), gzip(&gigabyte)),
        ("three", encoded("br, gzip, gzip"), gzip(&gzip(&gigabyte))),
        (
            "a length that is no limit",
            format!("{}Content-Length: {}\r\n", encoded("gzip"), gigabyte.len()),
            gigabyte.clone(),
        ),
        ("a length beyond all bounds", "Content-Length: 1099511627776\r\n".to_owned(), vec![b'x'; 1 << 20]),
        ("plain", String::new(), vec![b'x'; 1 << 20]),
        ("an error page", encoded("gzip"), gigabyte),
    ]
}

async fn serve() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let sent = Arc::<AtomicUsize>::default();
    let counted = sent.clone();
    tokio::spawn(async move {
        let answers = answers();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let n = socket.read(&mut buffer).await.unwrap_or_default();
            let request = String::from_utf8_lossy(&buffer[..n]).into_owned();
            let asked = request.split(' ').nth(1).and_then(|path| path[1..].parse::<usize>().ok());
            let Some((name, headers, body)) = asked.and_then(|n| answers.get(n)) else {
                let _ =
                    socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwarm").await;
                continue;
            };
            let status = if *name == "an error page" { "503 Busy" } else { "200 OK" };
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{headers}Connection: close\r\n\r\n");
            let _ = socket.write_all(head.as_bytes()).await;
            counted.store(0, Ordering::SeqCst);
            let times = if body.starts_with(b"x") { 100 } else { 1 };
            for piece in std::iter::repeat_n(body.chunks(4096), times).flatten() {
                if socket.write_all(piece).await.is_err() {
                    break;
                }
                counted.fetch_add(piece.len(), Ordering::SeqCst);
            }
        }
    });
    (host, sent)
}

/// The most memory that this process ever held, in bytes. `None` where the system does not say.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

#[tokio::test]
async fn a_bomb_costs_no_more_than_the_largest_page() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (host, sent) = serve().await;
    let door = Door::new(DoorOptions { allow_private: vec![host.clone()], ..DoorOptions::default() }).unwrap();
    let get = |path: String| {
        let (door, host) = (door.clone(), host.clone());
        async move { door.get(&format!("http://{host}/{path}"), &Conditional::default(), &[]).await }
    };
    assert_eq!(get("warm".to_owned()).await.unwrap().body, b"warm");
    let names: Vec<&str> = answers().iter().map(|(name, ..)| *name).collect();
    let before = peak();
    for (n, name) in names.iter().enumerate() {
        let outcome = get(n.to_string()).await;
        match *name {
            "gzip" | "brotli" | "plain" | "a length that is no limit" | "a length beyond all bounds" => {
                assert!(matches!(outcome, Err(DoorError::TooLarge { limit: 8_388_608, .. })), "{name}: {outcome:?}");
            }
            // The outer packing alone goes; what is inside stays packed, and is no page.
            "two headers" => assert!(outcome.is_ok_and(|r| r.body.starts_with(&[0x1f, 0x8b])), "{name}"),
            "an error page" => assert!(outcome.is_ok_and(|r| r.status == 503 && r.body.len() <= 64 * 1024), "{name}"),
            _ => {
                let error = outcome.unwrap_err();
                assert!(matches!(error, DoorError::Broken { .. }), "{name}: {error}");
                assert!(error.to_string().contains("was not asked for"), "{name}: {error}");
            }
        }
        // What the system keeps on the way (some megabytes on loopback) counts as sent.
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent <= 24 << 20, "{name}: {sent} bytes were taken off the wire");
    }
    if let (Some(before), Some(after)) = (before, peak()) {
        let grown = after - before;
        assert!(grown <= 64 << 20, "memory grew by {grown} bytes");
    }
}
