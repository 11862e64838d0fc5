//! Sitemaps and their indexes.

use std::io::Write as _;

use sources::{PollState, SitemapSource, SourceSpec};

use crate::web::{Page, Web};

fn pages(paths: &[(&str, &str)]) -> String {
    let urls: String = paths
        .iter()
        .map(|(path, at)| format!("<url><loc>https://e.org{path}</loc><lastmod>{at}</lastmod></url>"))
        .collect();
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>"
    )
}

fn index(web: &Web, maps: &[(&str, Option<&str>)]) -> String {
    let maps: String = maps
        .iter()
        .map(|(path, at)| {
            let at = at.map(|at| format!("<lastmod>{at}</lastmod>")).unwrap_or_default();
            format!("<sitemap><loc>{}{path}</loc>{at}</sitemap>", web.base())
        })
        .collect();
    format!("<sitemapindex>{maps}</sitemapindex>")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn source(web: &Web) -> SourceSpec {
    SourceSpec::Sitemap(SitemapSource { url: format!("{}/sitemap.xml", web.base()), ..SitemapSource::default() })
}

fn urls(polled: &sources::Polled) -> Vec<&str> {
    polled.entries.iter().map(|entry| entry.url.as_str()).collect()
}

#[tokio::test]
async fn an_index_is_followed_and_only_what_changed_is_asked_again() {
    let web = Web::start().await;
    let maps = [
        ("/old.xml", Some("2026-01-01")),
        ("/new.xml.gz", Some("2026-05-01")),
        ("/timeless.xml", None),
        ("/gone.xml", Some("2025-01-01")),
    ];
    web.set("/sitemap.xml", Page::new(index(&web, &maps)).with("etag", "\"i1\""));
    web.set("/old.xml", Page::new(pages(&[("/old", "2025-12-30")])));
    web.set("/new.xml.gz", Page::new(gzip(&pages(&[("/new", "2026-04-30")]))).with("content-type", "application/gzip"));
    web.set("/timeless.xml", Page::new(pages(&[("/t", "2026-03-01")])).with("etag", "\"t1\""));
    let first = web.poll(&source(&web), &PollState::default()).await.unwrap();
    assert_eq!(urls(&first), ["https://e.org/new", "https://e.org/t", "https://e.org/old"]);
    assert_eq!(web.lines(), ["/sitemap.xml", "/new.xml.gz", "/old.xml", "/gone.xml", "/timeless.xml"], "newest first");
    assert!(first.notes[0].contains("404"), "{:?}", first.notes);

    let second = web.poll(&source(&web), &first.state).await.unwrap();
    assert!(second.unchanged, "{second:?}");
    assert_eq!(web.lines(), ["/sitemap.xml [304]", "/gone.xml", "/timeless.xml [304]"]);

    web.set("/timeless.xml", Page::new(pages(&[("/t", "2026-03-01"), ("/t2", "2026-05-02")])).with("etag", "\"t2\""));
    let third = web.poll(&source(&web), &second.state).await.unwrap();
    assert!(!third.unchanged);
    assert_eq!(urls(&third), ["https://e.org/t2", "https://e.org/t"]);
    web.asked();

    let maps = [("/old.xml", Some("2026-01-01")), ("/new.xml.gz", Some("2026-05-20"))];
    web.set("/sitemap.xml", Page::new(index(&web, &maps)).with("etag", "\"i2\""));
    web.set("/new.xml.gz", Page::new(gzip(&pages(&[("/new", "2026-05-20")]))));
    let fourth = web.poll(&source(&web), &third.state).await.unwrap();
    assert_eq!(web.lines(), ["/sitemap.xml", "/new.xml.gz"]);
    assert_ne!(fourth.entries[0].digest, first.entries[0].digest, "a page that changed is another generation");
}

#[tokio::test]
async fn depth_number_and_circles_are_bounded() {
    let web = Web::start().await;
    let many: Vec<(String, String)> =
        (0..80).map(|n| (format!("/m{n}.xml"), format!("2026-{:02}-{:02}", 1 + n / 28, 1 + n % 28))).collect();
    let listed: Vec<(&str, Option<&str>)> = many.iter().map(|(path, at)| (path.as_str(), Some(at.as_str()))).collect();
    web.set("/sitemap.xml", Page::new(index(&web, &listed)));
    for (path, _) in &many {
        web.set(path, Page::new(pages(&[(path, "2026-05-01")])));
    }
    let polled = web.poll(&source(&web), &PollState::default()).await.unwrap();
    let asked = web.lines();
    assert_eq!((asked.len(), asked[1].as_str(), polled.entries.len()), (51, "/m79.xml", 50));
    assert!(polled.notes[0].contains("30 sitemaps beyond"), "{:?}", polled.notes);

    let web = Web::start().await;
    web.set("/sitemap.xml", Page::new(index(&web, &[("/a.xml", None), ("/sitemap.xml", None)])));
    web.set("/a.xml", Page::new(index(&web, &[("/b.xml", None), ("/a.xml", None)])));
    web.set("/b.xml", Page::new(index(&web, &[("/c.xml", None)])));
    web.set("/c.xml", Page::new(pages(&[("/deep", "2026-05-01")])));
    let polled = web.poll(&source(&web), &PollState::default()).await.unwrap();
    assert_eq!(web.lines(), ["/sitemap.xml", "/a.xml", "/b.xml"]);
    assert!(polled.entries.is_empty() && polled.notes.iter().any(|note| note.contains("deeper than 2")));

    let web = Web::start().await;
    let listed: Vec<(&str, Option<&str>)> = many.iter().map(|(path, at)| (path.as_str(), Some(at.as_str()))).collect();
    web.set("/sitemap.xml", Page::new(index(&web, &listed)));
    assert!(web.poll(&source(&web), &PollState::default()).await.unwrap_err().to_string().contains("404"));
    assert_eq!(web.lines().len(), 4, "after three failures the rest waits");
}

#[tokio::test]
async fn paths_are_chosen_by_patterns_and_only_pages_of_the_web_are_named() {
    let web = Web::start().await;
    let text = pages(&[("/blog/a", "2026-05-03"), ("/blog/tag/x", "2026-05-02"), ("/shop/b", "2026-05-01")]).replace(
        "</urlset>",
        "<url><loc>file:///etc/passwd</loc></url><url><loc>javascript:alert(1)</loc></url></urlset>",
    );
    web.set("/sitemap.xml", Page::new(text));
    let SourceSpec::Sitemap(all) = source(&web) else { unreachable!() };
    let some = SitemapSource { include: vec!["/blog/".into()], exclude: vec!["/*/tag/".into()], ..all.clone() };
    let polled = web.poll(&SourceSpec::Sitemap(some), &PollState::default()).await.unwrap();
    assert_eq!(urls(&polled), ["https://e.org/blog/a"]);
    let polled = web.poll(&SourceSpec::Sitemap(all), &PollState::default()).await.unwrap();
    assert_eq!(polled.entries.len(), 3);
}

#[tokio::test]
async fn fifty_thousand_addresses_give_the_newest() {
    let web = Web::start().await;
    let urls: String = (0..60_000)
        .map(|n| {
            format!(
                "<url><loc>https://e.org/{n}</loc><lastmod>{}-{:02}-01</lastmod></url>",
                1991 + n / 12_000,
                1 + n % 12
            )
        })
        .collect();
    web.set("/sitemap.xml", Page::new(gzip(&format!("<urlset>{urls}</urlset>"))));
    let began = std::time::Instant::now();
    let polled = web.poll(&source(&web), &PollState::default()).await.unwrap();
    assert_eq!(polled.entries.len(), sources::source::MAX_ENTRIES);
    assert!(polled.notes.iter().any(|note| note.contains("first 50000")), "{:?}", polled.notes);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}
