//! Reading small feeds written for it.

use super::raw::is_full;
use super::*;

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn read(body: &str) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    let read = read_feed(body.as_bytes(), None, "https://example.org/feeds/all.xml", now())?;
    Ok((read.entries, read.notes))
}

const ITEM: &str = "<item><title>One &amp;amp; &lt;b&gt;two&lt;/b&gt;</title><link>/posts/one?utm_source=rss</link>\
    <pubDate>Wed, 04 Mar 2026 05:06:07 GMT</pubDate><description>&lt;p&gt;Short &lt;i&gt;text&lt;/i&gt;.&lt;/p&gt;</description></item>";

fn rss(attributes: &str, items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss {attributes}><channel><title>T</title><link>https://example.org/</link>{items}</channel></rss>"
    )
}

#[test]
fn an_rss_item_becomes_an_entry_in_plain_text() {
    let (entries, notes) = read(&rss("version=\"2.0\"", ITEM)).unwrap();
    assert_eq!(notes, Vec::<String>::new());
    let entry = &entries[0];
    assert_eq!(entry.url, "https://example.org/posts/one?utm_source=rss");
    assert_eq!(entry.canonical, "https://example.org/posts/one");
    assert_eq!(entry.title.as_deref(), Some("One & two"));
    assert_eq!(entry.summary.as_deref(), Some("Short text."));
    assert_eq!(entry.published.unwrap().to_string(), "2026-03-04T05:06:07Z");
    assert_eq!(entry.full_text, None);
}

#[test]
fn an_atom_entry_keeps_its_base_its_author_and_its_full_text() {
    let paragraph = "A sentence that is long enough to count for something. ".repeat(12);
    let atom = format!(
        "\u{feff}\n<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://other.example/blog/'>\
         <title>T</title><entry><title type='html'>&lt;em&gt;A&lt;/em&gt; title</title><link href='2026/one'/>\
         <link rel='self' href='x'/><author><name>Ann</name></author><updated>2026-03-04T00:00:00Z</updated>\
         <content type='html'>&lt;h2&gt;Part&lt;/h2&gt;&lt;p&gt;{paragraph}&lt;/p&gt;&lt;p&gt;{paragraph}&lt;/p&gt;</content></entry></feed>"
    );
    let (entries, _) = read(&atom).unwrap();
    let entry = &entries[0];
    assert_eq!(entry.url, "https://other.example/blog/2026/one");
    assert_eq!((entry.title.as_deref(), entry.author.as_deref()), (Some("A title"), Some("Ann")));
    let text = entry.full_text.as_deref().unwrap();
    assert!(text.starts_with("## Part\n\nA sentence"), "{text}");
    assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 3);
}

#[test]
fn a_json_feed_is_read() {
    let json = r#"{"version":"http://jsonfeed.org/version/1","title":"T","items":[
        {"id":"1","url":"https://example.org/1","title":"Vec<T> is fine","content_text":"x","date_published":"2026-03-04T05:06:07+01:00"},
        {"id":"https://example.org/2","content_html":"<p>no link</p>"},{"id":"3"}]}"#;
    let (entries, notes) = read(json).unwrap();
    let seen: Vec<_> = entries.iter().map(|e| (e.url.as_str(), e.title.as_deref())).collect();
    assert_eq!(seen, [("https://example.org/1", Some("Vec<T> is fine")), ("https://example.org/2", None)]);
    assert_eq!(notes, ["1 entries have no address of a page and are left out."]);
}

#[test]
fn what_real_feeds_get_wrong_is_mended() {
    let stray = ITEM.replace("Short", "AT&T & Short \u{b}");
    for attributes in ["version=\"2.0.1\"", "", "version='0.93' xmlns:a='b'"] {
        let (entries, _) = read(&rss(attributes, &stray)).unwrap();
        assert_eq!(entries[0].summary.as_deref(), Some("AT&T & Short text."), "{attributes}");
    }
}

#[test]
fn an_author_that_the_parser_stumbles_over_costs_nothing() {
    let odd = "<item><link>https://example.org/1</link><author>a@example.org“x”</author></item>";
    let (entries, _) = read(&rss("version=\"2.0\"", odd)).unwrap();
    assert_eq!(entries[0].url, "https://example.org/1");
}

#[test]
fn what_is_no_feed_is_refused_with_the_next_step() {
    let page =
        "<!DOCTYPE html><html><head><link rel=alternate type='application/atom+xml' href='/a.xml'></head></html>";
    for (body, expected) in [
        (page, "its feed is https://example.org/a.xml"),
        ("<html><body>x</body></html>", "this is an HTML page that names no feed: try https://example.org/feed"),
        ("", "the answer is empty"),
        ("%PDF-1.4", "this is a PDF"),
        ("Too many requests", "it begins with `Too many requests`"),
        ("<opml version='1.0'><body/></opml>", "neither RSS, Atom nor JSON Feed"),
        ("<rss version='2.0'><channel><item><title>cut", "validator"),
        ("{\"items\": [", "validator"),
    ] {
        let error = read(body).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn entities_are_not_expanded_and_files_not_read() {
    let bomb = "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY x SYSTEM 'file:///etc/passwd'>]>\
        <rss version='2.0'><channel><item><title>&b; &x;</title><link>https://example.org/1</link></item></channel></rss>";
    if let Ok((entries, _)) = read(bomb) {
        let title = entries[0].title.as_deref().unwrap();
        assert!(!title.contains("haha") && !title.contains("root:"), "{title}");
    }
}

#[test]
fn only_what_matters_changes_the_digest() {
    let digest = |item: &str| read(&rss("version=\"2.0\"", item)).unwrap().0[0].digest.clone();
    let first = digest(ITEM);
    assert_eq!(first, digest(&ITEM.replace("Short", "Points: 12")));
    assert_ne!(first, digest(&ITEM.replace("One", "Update: One")));
    assert_ne!(first, digest(&ITEM.replace("05:06:07", "06:06:07")));
}

#[test]
fn excerpts_are_not_full_texts() {
    let long = "A sentence that is long enough to count for something. ".repeat(30);
    assert!(is_full(&long));
    assert!(!is_full(&format!("{long} […]")));
    assert!(!is_full(&format!("{long}\n\nContinue reading How it was →")));
    assert!(!is_full("short"));
}

#[test]
fn unbelievable_dates_are_dropped() {
    for date in ["Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 04 Mar 2099 05:06:07 GMT", "soon"] {
        let (entries, _) = read(&rss("version=\"2.0\"", &ITEM.replace("Wed, 04 Mar 2026 05:06:07 GMT", date))).unwrap();
        assert_eq!(entries[0].published, None, "{date}");
    }
}
