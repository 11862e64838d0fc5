//! Notices of every kind, and pages that are none.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::extract::extract;

fn page(title: &str, body: &str) -> Extracted {
    Extracted { title: Some(title.to_owned()), body: body.to_owned(), ..Extracted::default() }
}

#[test]
fn notices_are_refused_and_articles_about_them_are_not() {
    let url = "https://example.org/a";
    let filler = "Use the search or go back to the front page. ".repeat(8);
    let long = "An article on how error pages should be written. ".repeat(50);
    for (title, text) in [
        ("404 | Example", filler.as_str()),
        ("Page not found - Example", &filler),
        ("Just a moment...", &filler),
        ("Example", &format!("Sorry, this page does not exist. {filler}")),
        ("Before you continue to Example", &filler),
    ] {
        assert!(of_page(url, url, &page(title, text)).is_some(), "{title}");
    }
    for (title, text) in
        [("Not found: designing a 404 page", long.as_str()), ("How we lost 404 servers", &filler), ("Example", &filler)]
    {
        assert_eq!(of_page(url, url, &page(title, text)), None, "{title}");
    }
    assert!(of_page(url, url, &page("Example", "Short.")).is_some());
    assert!(of_page(url, "https://www.example.org/", &page("Example", &long)).is_some());
}

#[test]
fn what_is_no_page_is_named() {
    assert_eq!(content_kind(b"%PDF-1.7", Some("text/html")).unwrap_err(), not_a_page("a PDF"));
    assert_eq!(content_kind(b"{}", Some("application/json")).unwrap_err(), not_a_page("`application/json`"));
    assert_eq!(content_kind(b"<p>x", Some("text/html; charset=x")), Ok(ContentKind::Html));
    assert_eq!(content_kind(b"<!DOCTYPE HTML><p>x", None), Ok(ContentKind::Html));
    assert_eq!(content_kind(b"words", Some("text/plain")), Ok(ContentKind::Text));
}

/// Why a page with this HTML is refused.
fn refused(html: &str) -> Option<String> {
    let url = "https://news.example.org/2026/11/some-article";
    of_page(url, url, &extract(html, url).unwrap())
}

#[test]
fn notices_as_sites_send_them_are_named_for_what_they_are() {
    for (html, why) in [
        (include_str!("../../../tests/fixtures/refused/bot_wall.html"), "bot wall"),
        (include_str!("../../../tests/fixtures/refused/captcha.html"), "bot wall"),
        (include_str!("../../../tests/fixtures/refused/script_needed.html"), "bot wall"),
        (include_str!("../../../tests/fixtures/refused/consent.html"), "consent page"),
        (include_str!("../../../tests/fixtures/refused/login.html"), "log in"),
        (include_str!("../../../tests/fixtures/refused/paywall.html"), "free to read"),
        (include_str!("../../../tests/fixtures/refused/teaser.html"), "free to read"),
        (include_str!("../../../tests/fixtures/refused/soft_404.html"), "not there"),
        (include_str!("../../../tests/fixtures/refused/gone_article.html"), "not there"),
    ] {
        let said = refused(html).unwrap_or_default();
        assert!(said.contains(why), "wanted {why:?}, got {said:?} for {html:.120}");
    }
}

#[test]
fn an_article_with_the_words_of_notices_around_it_is_read() {
    let text = "The council met for nine hours, and in the end it voted for the tram, by two votes. ".repeat(8);
    let page = format!(
        "<title>Council votes for the tram</title><div class=cookie-banner><p>We value your privacy. We and our partners use \
         cookies. Accept all and continue.</p></div><article><h1>Council votes for the tram</h1><p>{text}</p></article>\
         <div class=newsletter>Log in or subscribe to our newsletter.</div><noscript>Please enable JavaScript to comment.</noscript>"
    );
    assert_eq!(refused(&page), None);
}

/// Real article pages of a corpus, decoded.
fn corpus() -> Vec<(PathBuf, String)> {
    let root = std::env::var_os("PIPELINE_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(root.join("pages/aeb/html")).into_iter().flatten().flatten() {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(entry.path()).unwrap();
        flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        pages.push((entry.path(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    for entry in std::fs::read_dir(root.join("pages/readability")).into_iter().flatten().flatten() {
        let path = entry.path().join("source.html");
        if let Ok(bytes) = std::fs::read(&path) {
            pages.push((path, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    pages
}

#[test]
fn one_in_a_hundred_real_articles_is_refused_at_most() {
    let pages = corpus();
    if pages.is_empty() {
        #[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
        let () = eprintln!("skipped: there is no corpus of pages; set PIPELINE_TEST_DATA");
        return;
    }
    let url = "https://news.example.org/2026/11/some-article";
    let refused: Vec<String> = pages
        .iter()
        .filter_map(|(path, html)| {
            let page = extract(html, url).ok()?;
            // A text that is too short for the desk is so by its length, whatever it is.
            let why = of_page(url, url, &page).filter(|_| too_short(&page.body).is_none())?;
            Some(format!("{}: {why}", path.display()))
        })
        .collect();
    assert!(refused.len() * 100 <= pages.len(), "{} of {}: {refused:#?}", refused.len(), pages.len());
}
