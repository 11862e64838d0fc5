//! Spellings of private addresses: none is asked, however it is written.

use sources::DoorError;

use crate::loopback::{Loopback, door, get, page};

/// Ways to write 127.0.0.1 and other loopback addresses, for `http://…:PORT/`.
const LOOPBACK: [&str; 44] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.1.",
    "2130706433",
    "2130706433.",
    "0x7f000001",
    "0X7F000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0x7f.0.0.0x01",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "00000177.000.000.001",
    "0177.0x0.0.1",
    "127.0x1",
    "127.00000001",
    "%31%32%37%2e%30%2e%30%2e%31",
    "127%2e0%2e0%2e1",
    "127.0.0.%31",
    "0%78%37f000001",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "²¹³⁰⁷⁰⁶⁴³³",
    "127.0.\t0.1",
    "127.0.\n0.1",
    "12\r7.0.0.1",
    "127.0.0.1\u{ad}",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
];

/// The same for the rest of what is not the public internet, and for what is no host at all.
const OTHERS: [&str; 58] = [
    "0",
    "0.0.0.0",
    "0x0",
    "00",
    "0.1",
    "[::]",
    "[::ffff:0:0]",
    "10.0.0.1",
    "167772161",
    "0xa000001",
    "012.1",
    "10.1",
    "172.16.0.1",
    "172.31.255.254",
    "0xac.0x10.1",
    "192.168.1.1",
    "0300.0250.1.1",
    "3232235777",
    "192.168.257",
    "100.64.0.1",
    "169.254.169.254",
    "169.254.43518",
    "2852039166",
    "0xa9fea9fe",
    "025177524776",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    // Teredo carries its server and, inverted, its client.
    "[2001:0:a9fe:a9fe::1]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "[fd00:ec2::254]",
    "[fc00::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[100::1]",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "192.88.99.1",
    "224.0.0.251",
    "255.255.255.255",
    "4294967295",
    "localhost",
    "LocalHost.",
    "ｌｏｃａｌｈｏｓｔ",
    "a.b.localhost",
    "localhost.localdomain",
    "metadata.google.internal",
    "instance-data",
    "kubernetes.default.svc",
];

/// URLs that lead elsewhere than they seem to. `PORT` is the listener's.
const TRICKS: [&str; 29] = [
    "http://example.com@127.0.0.1:PORT/",
    "http://example.com:80@127.0.0.1:PORT/",
    "http://@127.0.0.1:PORT/",
    "http://:@127.0.0.1:PORT/",
    "http://user:pass@example.com/",
    "http://user@example.com/",
    "http://127.0.0.1:PORT#@example.com/",
    "http://127.0.0.1:PORT?@example.com/",
    "http://127.0.0.1:PORT\\@example.com/",
    "http:\\\\127.0.0.1:PORT\\",
    "http:/127.0.0.1:PORT/",
    "http:127.0.0.1:PORT/",
    "http:////127.0.0.1:PORT/",
    "\u{1}http://127.0.0.1:PORT/",
    "ht\ntp://127.0.0.1:PORT/",
    "  http://127.0.0.1:PORT/  ",
    "//127.0.0.1:PORT/",
    "http://[::1]:PORT.example.com/",
    "http://[::1",
    "http://127.0.0.1:PORT:80/",
    "http://127.0.0.1%00.example.com:PORT/",
    "http://127.0.0.1 .example.com/",
    "http://",
    "http:///etc/passwd",
    "https://127.0.0.1:PORT/",
    "ws://127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/_GET%20/",
    "data:text/html,http://127.0.0.1:PORT/",
    "file://127.0.0.1:PORT/etc/passwd",
];

#[tokio::test]
async fn no_spelling_of_a_private_address_is_asked() {
    let listener = Loopback::at([127, 0, 0, 1], |_| page("reached")).await;
    let door = door(&[]);
    let port = listener.port.to_string();
    let hosts = LOOPBACK.iter().chain(&OTHERS);
    let urls = hosts
        .flat_map(|host| [format!("http://{host}:{port}/"), format!("http://{host}/"), format!("https://{host}/")])
        .chain(TRICKS.iter().map(|url| url.replace("PORT", &port)));
    let (mut tried, mut refused) = (0, 0);
    for url in urls {
        tried += 1;
        match get(&door, &url).await {
            Err(DoorError::Refused { .. } | DoorError::BadUrl { .. }) => refused += 1,
            other => panic!("{url:?} is not refused: {other:?}"),
        }
    }
    assert!(tried > 300 && refused == tried, "{refused} of {tried}");
    assert_eq!(listener.seen(), Vec::<String>::new(), "nothing may come to the listener");
    // It would have answered.
    let allowed = crate::loopback::door(&[&listener.host]);
    assert_eq!(get(&allowed, &format!("http://{}/", listener.host)).await.unwrap().body, b"reached");
    assert_eq!(listener.seen().len(), 1);
}

#[test]
fn what_only_looks_private_is_let_through() {
    let door = door(&[]);
    for url in [
        "https://example.com/?u=http://127.0.0.1/",
        "https://127.0.0.1.example.com/",
        "https://localhost.example.com/#127.0.0.1",
        "https://example.com/@127.0.0.1/",
        // Browsers and this door read a backslash as a slash: the host is the first one.
        "http://example.com\\@127.0.0.1/",
        "https://172.15.0.1/",
        "https://172.32.0.1/",
        "https://192.167.1.1/",
        "https://100.128.0.1/",
        "https://169.253.1.1/",
        "https://[2606:4700:4700::1111]/",
        "https://[64:ff9b::808:808]/",
        "https://bücher.example/",
        "HTTP://EXAMPLE.COM:8080/",
    ] {
        assert!(door.check(url, &[]).is_ok(), "{url}: {:?}", door.check(url, &[]));
    }
}
