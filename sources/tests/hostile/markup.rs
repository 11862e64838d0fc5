//! XML that wants to grow, to read files or to fetch: it is read as the text it is, or refused, at once.

use std::time::{Duration, Instant};

use sources::read_feed;

use crate::loopback::{Loopback, page};

const CANARY: &str = "CANARY-IN-A-FILE-4711";

/// Documents by name. `FILE` is the URL of a file with a canary, `HOST` a listener.
fn documents() -> Vec<(&'static str, String)> {
    let feed = |dtd: &str, title: &str| {
        format!(
            "<?xml version=\"1.0\"?>{dtd}<rss version=\"2.0\"><channel><title>{title}</title><item><title>{title}</title>\
             <link>https://example.org/a</link><description>{title}</description></item></channel></rss>"
        )
    };
    let laughs: String =
        (1..=12).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let chain: String = (1..2_000).map(|n| format!("<!ENTITY c{n} \"&c{};\">", n - 1)).collect();
    let large = "A".repeat(100_000);
    vec![
        ("billion laughs", feed(&format!("<!DOCTYPE rss [<!ENTITY l0 \"lol\">{laughs}]>"), "&l12;")),
        ("quadratic", feed(&format!("<!DOCTYPE rss [<!ENTITY a \"{large}\">]>"), &"&a;".repeat(20_000))),
        ("chain", feed(&format!("<!DOCTYPE rss [<!ENTITY c0 \"x\">{chain}]>"), "&c1999;")),
        ("circle", feed("<!DOCTYPE rss [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]>", "&a;")),
        ("file", feed("<!DOCTYPE rss [<!ENTITY x SYSTEM \"FILE\">]>", "a &x; b")),
        ("file, public", feed("<!DOCTYPE rss [<!ENTITY x PUBLIC \"p\" \"FILE\">]>", "&x;")),
        ("passwords", feed("<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>", "&x;")),
        ("http", feed("<!DOCTYPE rss [<!ENTITY x SYSTEM \"http://HOST/x\">]>", "&x;")),
        ("http dtd", feed("<!DOCTYPE rss SYSTEM \"http://HOST/evil.dtd\">", "plain")),
        ("file dtd", feed("<!DOCTYPE rss SYSTEM \"FILE\">", "plain")),
        (
            "parameters",
            feed("<!DOCTYPE rss [<!ENTITY % f SYSTEM \"FILE\"><!ENTITY % d SYSTEM \"http://HOST/d\">%f;%d;]>", "&all;"),
        ),
        ("parameter bomb", feed("<!DOCTYPE rss [<!ENTITY % a \"<!ENTITY &#37; b '%a;%a;%a;'>\">%a;%b;]>", "x")),
        (
            "xinclude",
            feed("", "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"FILE\" parse=\"text\"/>"),
        ),
        (
            "schema",
            feed("", "t").replace(
                "<rss ",
                "<rss xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"x http://HOST/s\" ",
            ),
        ),
        ("stylesheet", feed("<?xml-stylesheet type=\"text/xsl\" href=\"http://HOST/x.xsl\"?>", "t")),
        (
            "attribute default",
            feed("<!DOCTYPE rss [<!ENTITY x SYSTEM \"FILE\"><!ATTLIST title a CDATA \"&x;\">]>", "t"),
        ),
        (
            "attributes",
            format!("<rss version=\"2.0\" {}>", (0..60_000).map(|n| format!("a{n}=\"\" ")).collect::<String>()),
        ),
        ("unclosed", format!("<rss version=\"2.0\"><channel>{}", "<item><title>x".repeat(100_000))),
        ("comment", format!("<rss version=\"2.0\"><!--{}", "-".repeat(3_000_000))),
        ("ampersands", feed("", &"&".repeat(100_000))),
        ("angles", feed("", &"<".repeat(100_000))),
        (
            "name spaces",
            format!(
                "<rss version=\"2.0\" {}>",
                (0..20_000).map(|n| format!("xmlns:n{n}=\"u{n}\" ")).collect::<String>()
            ),
        ),
    ]
}

#[tokio::test]
async fn no_document_takes_long_reads_a_file_or_asks_anyone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("canary.txt");
    std::fs::write(&file, CANARY).unwrap();
    let listener = Loopback::serve(|_| page("<!ENTITY all \"fetched\">")).await;
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let mut read = 0;
    for (name, document) in documents() {
        let document = document.replace("FILE", &format!("file://{}", file.display())).replace("HOST", &listener.host);
        let base = format!("http://{}/feed", listener.host);
        let (outcome, took) = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let outcome = read_feed(document.as_bytes(), Some("application/rss+xml"), &base, now);
            (outcome, began.elapsed())
        })
        .await
        .unwrap();
        assert!(took <= LONGEST, "{name}: {took:?}");
        read += usize::from(outcome.is_ok());
        let shown = format!("{outcome:?}");
        for stolen in [CANARY, "root:x:0", "fetched", "lollollol"] {
            assert!(!shown.contains(stolen), "{name}: {shown:.500}");
        }
        assert!(shown.len() < 3_000_000, "{name}: {} bytes came out", shown.len());
    }
    assert!(read >= 4, "documents that are feeds all the same are read: {read}");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(listener.seen(), Vec::<String>::new());
}

/// The bound is a second; code that is not optimised, on a machine that does other things too, gets more.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });
