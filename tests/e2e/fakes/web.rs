//! The fake web, as a client sees it.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::harness::invent::News;
use crate::harness::web::{FakeWeb, Route, atom, rss};
use crate::harness::{client, data_dir, skip};

#[tokio::test]
async fn pages_are_served_and_counted() {
    let web = FakeWeb::start();
    let url = web.page("/a", "text/html", "<p>Hello");
    for _ in 0..2 {
        let answer = client().get(&url).header("user-agent", "test/1").send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/html");
        assert_eq!(answer.text().await.unwrap(), "<p>Hello");
    }
    assert_eq!(client().get(web.url("/b")).send().await.unwrap().status(), 404);
    assert_eq!((web.count("/a"), web.count("/b"), web.count("/c")), (2, 1, 0));
    assert_eq!(web.ledger().of("get")[0].detail["agent"], "test/1");
    assert_eq!(web.ledger().repeated("get").len(), 1);
}

#[tokio::test]
async fn what_has_not_changed_is_answered_with_304_until_it_changes() {
    let web = FakeWeb::start();
    let url = web.feed("/feed", "<rss/>");
    let first = client().get(&url).send().await.unwrap();
    let etag = first.headers()["etag"].clone();
    let again = client().get(&url).header("if-none-match", etag.clone()).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.text().await.unwrap(), "");
    web.feed("/feed", "<rss>new</rss>");
    let changed = client().get(&url).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(changed.text().await.unwrap(), "<rss>new</rss>");
    let seen: Vec<(bool, u64)> = web
        .ledger()
        .of("get")
        .iter()
        .map(|e| (e.detail["conditional"].as_bool().unwrap(), e.detail["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(seen, [(false, 200), (true, 304), (true, 200)]);
}

#[tokio::test]
async fn a_date_decides_where_there_is_no_etag() {
    let web = FakeWeb::start();
    web.put("/d", Route::html("x").last_modified("2026-10-05T10:00:00Z".parse().unwrap()));
    let ask = async |since: &str| client().get(web.url("/d")).header("if-modified-since", since).send().await.unwrap();
    let same = ask("Mon, 05 Oct 2026 10:00:00 GMT").await;
    assert_eq!(same.status(), 304);
    assert_eq!(same.headers()["last-modified"], "Mon, 05 Oct 2026 10:00:00 GMT");
    assert_eq!(ask("Mon, 05 Oct 2026 09:59:59 GMT").await.status(), 200);
    assert_eq!(ask("not a date").await.status(), 200);
}

#[tokio::test]
async fn redirects_statuses_and_queries_are_answered_as_registered() {
    let web = FakeWeb::start();
    web.redirect("/r", "http://127.0.0.1:1/secret");
    web.status("/busy", 429, &[("retry-after", "7")]);
    web.put("/q?page=2", Route::of("text/plain", "two"));
    web.put("/q", Route::of("text/plain", "any"));
    let get = async |path: &str| client().get(web.url(path)).send().await.unwrap();
    assert_eq!(get("/r").await.status(), 302);
    assert_eq!(get("/r").await.headers()["location"], "http://127.0.0.1:1/secret");
    assert_eq!(get("/busy").await.status(), 429);
    assert_eq!(get("/busy").await.headers()["retry-after"], "7");
    assert_eq!(get("/q?page=2").await.text().await.unwrap(), "two");
    assert_eq!(get("/q?page=3").await.text().await.unwrap(), "any");
    web.remove("/q");
    assert_eq!(get("/q?page=3").await.status(), 404);
}

#[tokio::test]
async fn slow_dripping_endless_and_cut_bodies_are_what_they_say() {
    let web = FakeWeb::start();
    web.put("/slow", Route::html("late").slow(Duration::from_millis(120)));
    web.put("/drip", Route::html("abcdef").drip(2, Duration::from_millis(60)));
    web.put("/endless", Route::html("x".repeat(50_000)).endless());
    web.put("/half", Route::html("0123456789").cut_at(5));
    web.put("/none", Route::html("0123456789").cut_at(0));
    for (path, body) in [("/slow", "late"), ("/drip", "abcdef")] {
        let start = Instant::now();
        assert_eq!(client().get(web.url(path)).send().await.unwrap().text().await.unwrap(), body);
        assert!(start.elapsed() >= Duration::from_millis(115), "{path} took {:?}", start.elapsed());
    }
    let mut endless = client().get(web.url("/endless")).send().await.unwrap();
    let mut read = 0;
    while read < 5_000_000 {
        read += endless.chunk().await.unwrap().expect("it has no end").len();
    }
    let mut half = client().get(web.url("/half")).send().await.unwrap();
    assert_eq!(half.chunk().await.unwrap().unwrap(), "01234");
    assert!(half.chunk().await.is_err());
    assert!(client().get(web.url("/none")).send().await.is_err());
    // The server outlives the connections that it has cut.
    assert_eq!(client().get(web.url("/slow")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_folder_is_served_unpacked_and_nothing_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret.txt"), "no").unwrap();
    std::fs::create_dir_all(dir.path().join("pages/deep")).unwrap();
    std::fs::write(dir.path().join("pages/deep/a.xml"), "<a/>").unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"<p>packed").unwrap();
    std::fs::write(dir.path().join("pages/b.html.gz"), packed.finish().unwrap()).unwrap();
    let web = FakeWeb::start();
    web.folder("/data", &dir.path().join("pages"));
    let get = async |path: &str| client().get(web.url(path)).send().await.unwrap();
    assert_eq!(get("/data/deep/a.xml").await.headers()["content-type"], "application/xml; charset=utf-8");
    for path in ["/data/b.html", "/data/b.html.gz"] {
        let answer = get(path).await;
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.text().await.unwrap(), "<p>packed");
    }
    for path in ["/data/%2e%2e/secret.txt", "/data/..%2fsecret.txt", "/data/deep", "/data/", "/data/none"] {
        assert_eq!(get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn recorded_pages_can_be_served() {
    let Some(data) = data_dir() else { return skip("there is no folder of recorded data") };
    let web = FakeWeb::start();
    web.folder("/", &data);
    let answer = client().get(web.url("/README.md")).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("Test data"));
}

#[test]
fn feeds_are_read_back_by_a_feed_parser() {
    let news: Vec<News> = (0..3).map(|seed| News::of(seed, 60)).collect();
    let items: Vec<_> = news.iter().zip(0..).map(|(n, i)| n.item(&format!("https://a.example/{i}?a=1&b=2"))).collect();
    for xml in [rss("A & B", "https://a.example/", &items), atom("A & B", "https://a.example/", &items)] {
        let feed = feed_rs::parser::parse(xml.as_bytes()).unwrap();
        assert_eq!(feed.title.unwrap().content, "A & B");
        for ((entry, item), news) in feed.entries.iter().zip(&items).zip(&news) {
            assert_eq!(entry.title.as_ref().unwrap().content, news.title);
            assert_eq!(entry.links[0].href, item.url);
            assert_eq!(entry.published.unwrap().timestamp(), news.date.as_second());
        }
        assert_eq!(feed.entries.len(), 3);
    }
}
