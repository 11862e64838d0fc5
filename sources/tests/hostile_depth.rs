//! Nesting of a hundred thousand levels, in every format from outside, on the stack of a small thread. An overflow would end
//! the whole process: that this file's tests end at all is what they show.

use std::time::Instant;

use sources::{
    Conditional, Door, DoorOptions, GithubSource, HackernewsSource, PollState, RedditSource, SitemapSource, SourceSpec,
    extract, poll, read_feed, read_opml,
};
use states::words::Timestamp;

const LEVELS: usize = 100_000;
const STACK: usize = 2 * 1024 * 1024;

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// Runs something with 2 MiB of stack, and says how long it took.
fn small<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let began = Instant::now();
    let done = std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join();
    let took = began.elapsed().as_secs_f32();
    // Unoptimised and beside other work; optimised it is a tenth.
    assert!(took < 60.0, "{name} took {took} s");
    done.unwrap_or_else(|_| panic!("{name} panicked"))
}

/// `open` so many times, a text, and `close` as often.
fn nested(open: &str, close: &str) -> String {
    format!("{}text{}", open.repeat(LEVELS), close.repeat(LEVELS))
}

fn html() -> Vec<(&'static str, String)> {
    vec![
        ("div", nested("<div>", "</div>")),
        ("div, never closed", nested("<div>", "")),
        ("inline", nested("<span>", "</span>")),
        ("formatting", nested("<b>", "</b>")),
        ("formatting, misnested", nested("<b><p>", "</b></p>")),
        ("links", nested("<a href=x><div>", "")),
        ("lists", nested("<ul><li>", "</li></ul>")),
        ("tables", nested("<table><tr><td>", "</td></tr></table>")),
        ("quotations", nested("<blockquote>", "</blockquote>")),
        ("drawings", nested("<svg><g>", "</g></svg>")),
        ("formulas", nested("<math><mrow>", "</mrow></math>")),
        ("templates", nested("<template>", "</template>")),
        ("custom", nested("<x-y>", "</x-y>")),
        ("objects", nested("<object>", "</object>")),
        ("comments", nested("<!--", "-->")[..LEVELS].to_owned()),
        ("closing only", nested("", "</div>")),
        ("rubies", nested("<ruby><rt>", "")),
    ]
}

#[test]
fn pages_are_refused_or_read() {
    for (name, body) in html() {
        let page =
            format!("<!doctype html><html><head><title>T</title></head><body><article>{body}</article></body></html>");
        let outcome = small(name, move || extract(&page, "https://example.org/a"));
        if let Err(error) = outcome {
            let text = error.to_string();
            assert!(
                text.contains("too complex") && text.contains("more than") || text.contains("too many"),
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn feeds_are_refused_or_read() {
    let rss = |what: &str| {
        format!(
            "<rss version='2.0'><channel><title>T</title><item><title>One</title><link>https://example.org/a</link>\
             <description>{what}</description></item></channel></rss>"
        )
    };
    let atom = |kind: &str, what: &str| {
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><title>One</title>\
             <link href='https://example.org/a'/><content type='{kind}'>{what}</content></entry></feed>"
        )
    };
    let json = |what: String| {
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{{\"url\":\"https://example.org/a\",{what}}}]}}"
        )
    };
    let mut feeds: Vec<(String, String)> = Vec::new();
    for (name, body) in html() {
        feeds.push((format!("{name} in RSS"), rss(&body.replace('<', "&lt;"))));
        // How it is packed changes little: the other ways are tried with some.
        if ["div", "templates", "formatting, misnested"].contains(&name) {
            let xhtml = format!("<div xmlns='http://www.w3.org/1999/xhtml'>{body}</div>");
            feeds.push((format!("{name} in a section"), rss(&format!("<![CDATA[{body}]]>"))));
            feeds.push((format!("{name} in XHTML"), atom("xhtml", &xhtml)));
            feeds.push((format!("{name} in JSON"), json(format!("\"content_html\":{}", serde_json::json!(body)))));
        }
    }
    feeds.push(("elements".into(), rss(&nested("<x>", "</x>"))));
    feeds.push(("elements instead of a feed".into(), nested("<x>", "</x>")));
    feeds.push(("channels".into(), nested("<rss version='2.0'><channel>", "</channel></rss>")));
    feeds
        .push(("items".into(), format!("<rss version='2.0'><channel>{}</channel></rss>", nested("<item>", "</item>"))));
    feeds.push((
        "outlines".into(),
        format!("<opml version='2.0'><body>{}</body></opml>", nested("<outline text='a'>", "</outline>")),
    ));
    feeds.push(("site indexes".into(), nested("<sitemapindex><sitemap>", "</sitemap></sitemapindex>")));
    feeds.push((
        "media".into(),
        rss("").replace(
            "</item>",
            &format!(
                "{}</item>",
                nested("<media:group xmlns:media='http://search.yahoo.com/mrss/'>", "</media:group>")
            ),
        ),
    ));
    feeds.push(("threads".into(), atom("text", "x").replace("<entry>", &nested("<entry>", ""))));
    feeds.push(("lists in JSON".into(), nested("[", "]")));
    feeds.push(("objects in JSON".into(), nested("{\"a\":", "}")));
    feeds.push(("values of an item".into(), json(format!("\"x\":{}", nested("[", "]").replace("text", "")))));
    feeds.push(("entities".into(), format!("<!DOCTYPE rss [{}]>{}", nested("<!ENTITY a \"", "\">"), rss("x"))));
    for (name, feed) in feeds {
        small(&name, move || {
            read_feed(feed.as_bytes(), None, "https://example.org/feed", now()).map(drop).map_err(|e| e.to_string())
        })
        .unwrap_or_else(|why| assert!(why.len() > 20, "{name}: {why}"));
    }
}

#[test]
fn files_are_refused_or_read() {
    let front = |yaml: &str| format!("---\ntitle: One\nx: {yaml}\n---\nSome text.\n");
    // Front matter is read up to 64 KiB: half of that each way.
    let yaml = |open: &str, close: &str| front(&format!("{}{}", open.repeat(30_000), close.repeat(30_000)));
    let steps: String = (0..240).map(|n| format!("{}a:\n", " ".repeat(n + 1))).collect();
    let files: Vec<(&str, String)> = vec![
        ("yaml-lists.md", yaml("[", "]")),
        ("yaml-maps.md", yaml("{a: ", "}")),
        ("yaml-dashes.md", front(&format!("\n{}", "- ".repeat(30_000)))),
        ("yaml-unclosed.md", front(&"[".repeat(60_000))),
        ("yaml-questions.md", front(&format!("\n{}", "? ".repeat(30_000)))),
        ("yaml-steps.md", front(&format!("\n{steps}"))),
        ("yaml-anchors.md", front(&"&a ".repeat(20_000))),
        (
            "yaml-laughs.md",
            format!(
                "---\na0: &a0 lol\n{}---\nText.\n",
                (1..60)
                    .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(",")))
                    .collect::<String>()
            ),
        ),
        ("yaml-long.md", format!("---\nx: {}\n---\ntext", nested("[", "]"))),
        ("quotations.md", nested("> ", "")),
        ("quotations-tight.md", nested(">", "")),
        ("lists.md", nested("- ", "")),
        ("numbers.md", nested("1. ", "")),
        ("emphasis.md", nested("*a ", " a*")),
        ("strong.md", nested("**a ", " a**")),
        ("underscores.md", nested("_a ", " a_")),
        ("strikes.md", nested("~~a ", " a~~")),
        ("links.md", nested("[", "](x)")),
        ("images.md", nested("![", "](x)")),
        ("brackets.md", nested("[", "]")),
        ("parentheses.md", nested("[a](", ")")),
        ("ticks.md", (1..2_000).map(|n| format!("{} ", "`".repeat(n))).collect()),
        ("steps.md", (0..2_000).map(|n| format!("{}- a\n", "  ".repeat(n))).collect()),
        ("html.md", nested("<div>", "</div>")),
        ("html-blocks.md", nested("<div>\n\n", "</div>\n\n")),
        ("table.md", format!("{}\n{}\n", "|a".repeat(LEVELS), "|-".repeat(LEVELS))),
        ("page.html", nested("<div>", "</div>")),
        ("text.txt", nested("> ", "")),
    ];
    for (name, text) in files {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
        let base = dir.path().to_owned();
        // Through the poll, as every file comes in; its reading is done on this thread by a runtime of one thread.
        let polled = small(name, move || {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .thread_stack_size(STACK)
                .enable_all()
                .build()
                .unwrap();
            let door = Door::new(DoorOptions::default()).unwrap();
            let spec = SourceSpec::Files { path: ".".into() };
            runtime.block_on(async move {
                poll(&sources::Polite::from(door.clone()), &spec, &base, &PollState::default(), &[], now()).await
            })
        });
        let polled = polled.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(polled.entries.len() + polled.notes.len() >= 1, "{name} is read, or said why not");
    }
}

#[test]
fn listings_are_refused_or_read() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for (name, body) in html() {
        small(name, move || {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .thread_stack_size(STACK)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let host = listener.local_addr().unwrap().to_string();
                tokio::spawn(async move {
                    let (mut socket, _) = listener.accept().await.unwrap();
                    let _ = socket.read(&mut [0; 4096]).await;
                    let head =
                        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", body.len());
                    let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
                });
                let door =
                    Door::new(DoorOptions { allow_private: vec![host.clone()], ..DoorOptions::default() }).unwrap();
                let url = format!("http://{host}/");
                let item = "div, li, td, b, span".to_owned();
                let spec = SourceSpec::Listing { url: url.clone(), item, link: None, title: None, date: None };
                // Nothing in it is an item with a link: an error either way, and never an end of the process.
                poll(
                    &sources::Polite::from(door.clone()),
                    &spec,
                    std::path::Path::new("."),
                    &PollState::default(),
                    &[],
                    now(),
                )
                .await
                .map(drop)
                .unwrap_or_default();
                assert!(door.get(&url, &Conditional::default(), &[]).await.is_err(), "the server answers once");
            });
        });
    }
}

#[test]
fn lists_of_subscriptions_are_refused_or_read() {
    let one = "<outline text='a' xmlUrl='https://a.example/'/>";
    let lists = [
        ("outlines", format!("<opml><body>{}{one}", "<outline text='f'>".repeat(LEVELS)), true),
        ("outlines with feeds", format!("<opml>{}", one.replace("/>", ">").repeat(LEVELS)), true),
        ("elements", format!("<opml>{}{one}{}</opml>", "<x>".repeat(LEVELS), "</x>".repeat(LEVELS)), true),
        ("lists", nested("<opml><body>", "</body></opml>"), false),
        ("other elements", nested("<x>", "</x>"), false),
        ("closing only", nested("", "</outline>"), false),
        ("entities", format!("<!DOCTYPE opml [{}]><opml/>", nested("<!ENTITY a \"", "\">")), false),
        ("comments", nested("<!--", "-->"), false),
    ];
    for (name, list, good) in lists {
        let read = small(name, move || read_opml(list.as_bytes()));
        match read {
            Ok(list) => assert!(good && list.feeds.len() == 1, "{name}: {} feeds", list.feeds.len()),
            Err(error) => assert!(!good && error.to_string().len() > 20, "{name}: {error}"),
        }
    }
}

/// Polls a source of a server that gives every request the same answer, on small stacks.
fn poll_of(
    name: &str,
    body: String,
    spec: impl FnOnce(String) -> SourceSpec + Send + 'static,
) -> Result<usize, String> {
    small(name, move || {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_stack_size(STACK)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let host = listener.local_addr().unwrap().to_string();
            let app = axum::Router::new().fallback(move || std::future::ready(body.clone()));
            tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
            let door = Door::new(DoorOptions { allow_private: vec![host.clone()], ..DoorOptions::default() }).unwrap();
            let spec = spec(format!("http://{host}"));
            let base = std::path::Path::new(".");
            let polled = poll(&sources::Polite::from(door), &spec, base, &PollState::default(), &[], now()).await;
            polled.map(|polled| polled.entries.len()).map_err(|error| error.to_string())
        })
    })
}

#[test]
fn site_maps_are_refused_or_read() {
    let url = "<url><loc>https://e.org/a</loc></url>";
    for (name, body) in [
        ("sets", nested("<urlset>", "</urlset>")),
        ("indexes", nested("<sitemapindex><sitemap>", "</sitemap></sitemapindex>")),
        ("elements", nested("<x>", "</x>")),
        ("in an address", format!("<urlset>{url}<url><loc>{}</loc></url></urlset>", nested("<x>", "</x>"))),
        ("never closed", format!("<urlset>{}", "<url>".repeat(LEVELS))),
        ("closing only", format!("<urlset/>{}", "</url>".repeat(LEVELS))),
        ("entities", format!("<!DOCTYPE urlset [{}]><urlset/>", nested("<!ENTITY a \"", "\">"))),
    ] {
        let spec = |host| {
            SourceSpec::Sitemap(SitemapSource { url: format!("{host}/sitemap.xml"), ..SitemapSource::default() })
        };
        match poll_of(name, body, spec) {
            Ok(entries) => assert!(entries <= 1, "{name}: {entries}"),
            Err(why) => assert!(why.contains("/sitemap.xml") && why.len() < 1_000, "{name}: {why}"),
        }
    }
}

#[test]
fn answers_of_interfaces_are_refused_or_read() {
    let kinds: [fn(String) -> SourceSpec; 4] = [
        |host| SourceSpec::Github(GithubSource { repo: "a/b".into(), api: Some(host), ..GithubSource::default() }),
        |host| SourceSpec::Hackernews(HackernewsSource { api: Some(host), ..HackernewsSource::default() }),
        |host| {
            let query = Some("x".into());
            SourceSpec::Hackernews(HackernewsSource { query, api: Some(host), ..HackernewsSource::default() })
        },
        |host| {
            SourceSpec::Reddit(RedditSource { subreddit: "rust".into(), api: Some(host), ..RedditSource::default() })
        },
    ];
    let deep = [nested("[", "]"), nested("{\"a\":", "}"), nested("[{\"data\":", "}]"), nested("[", "")];
    for (n, spec) in kinds.into_iter().enumerate() {
        for deep in &deep {
            // As the whole, as a value that is passed over, and as one that is read.
            let reads = ["html_url", "objectID", "title", "data"].map(|key| format!("[{{\"{key}\":{deep}}}]"));
            let under = ["hits", "data", "x"].map(|key| format!("{{\"{key}\":{deep}}}"));
            for body in [deep.clone()].into_iter().chain(reads).chain(under) {
                let name = format!("kind {n}: {body:.30}");
                let why = poll_of(&name, body, spec).expect_err(&name);
                assert!(why.contains("127.0.0.1") && why.len() < 1_000, "{name}: {why}");
            }
        }
    }
}
