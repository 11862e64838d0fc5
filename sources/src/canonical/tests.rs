//! Addresses that are one, and addresses that are not.

use super::*;

#[test]
fn spellings_of_one_address_have_one_form() {
    for url in [
        "https://example.org/post?b=2&a=1",
        "http://www.example.org/post/?a=1&b=2",
        "HTTPS://EXAMPLE.ORG:443/post?utm_source=x&a=1&b=2#top",
        "http://m.example.org:80/post/index.html?a=1&b=2&fbclid=1",
        "https://mobile.example.org/post?a=1&b=2&mc_cid=1&gclid=2&ref=home",
        "https://www.example.org./post/amp/?amp=1&b=2&a=1&UTM_Medium=y",
        "https://amp.example.org/post.amp?a=1&b=2&outputType=amp",
        "https://example.org/%70ost?a=1&%62=2",
        "https://user:secret@example.org/post;jsessionid=0A1B?b=2&PHPSESSID=3&a=1",
        "https://www.google.com/amp/s/www.example.org/post?a=1&b=2&usqp=mq",
        "https://google.co.uk/amp/example.org/post/amp?a=1&b=2",
        "https://www-example-org.cdn.ampproject.org/c/s/www.example.org/post.amp?b=2&a=1",
        "https://cdn.ampproject.org/v/s/amp.example.org/post?a=1&b=2&amp_js_v=0.1",
        "https://www.google.com/amp/s/www-example-org.cdn.ampproject.org/c/s/example.org/post?a=1&b=2",
    ] {
        assert_eq!(canonical(url).as_deref(), Ok("https://example.org/post?a=1&b=2"), "{url}");
    }
    for (one, other) in [
        ("https://example.org", "http://www.example.org/index.php"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://en.m.example.org/wiki/A", "https://en.example.org/wiki/A"),
        ("https://example.org/s?q=a+b", "https://example.org/s?q=a%20b"),
        ("https://example.org/a/./b/../c", "https://example.org/a/c"),
        ("https://example.org/x.amp.html", "https://example.org/x.html"),
        ("https://example.org/%e4%bd%a0", "https://example.org/你"),
    ] {
        assert_eq!(canonical(one), canonical(other), "{one} {other}");
    }
}

#[test]
fn what_names_another_page_is_kept() {
    for url in [
        "https://example.org/amp",
        "https://m.io/",
        "https://m.co.uk/",
        "https://amp.dev/about",
        "https://example.org:8443/x",
        "https://example.org/Post",
        "https://example.org/a%2Fb",
        "https://example.org/a//b",
        "https://example.org/?id=7",
        "https://example.org/story?sid=26/11/21",
        "https://example.org/?amp=generator",
        "https://example.org/post.html",
        "https://example.org/#!/post/1",
        "https://example.org/app#/post/1",
        "https://google.com/amp/help",
        "https://[2001:db8::1]/x",
        "https://8.8.8.8/x",
    ] {
        assert_eq!(canonical(url).as_deref(), Ok(url), "{url}");
    }
    for (one, other) in [
        ("https://example.org/?id=1", "https://example.org/?id=2"),
        ("https://example.org/?x=1&x=2", "https://example.org/?x=2&x=1"),
        ("https://example.org/#!a", "https://example.org/#!b"),
        ("https://example.org/?q=a%2Bb", "https://example.org/?q=a+b"),
        ("https://example.org/?q=a%26b=1", "https://example.org/?q=a&b=1"),
        ("https://a.example.org/", "https://b.example.org/"),
        ("https://example.org/post", "https://example.org/post.html"),
        ("https://example.org/amp/a", "https://example.org/a"),
    ] {
        assert_ne!(canonical(one), canonical(other), "{one} {other}");
    }
}

#[test]
fn files_stay_and_other_schemes_are_errors() {
    assert_eq!(canonical("file:samples/a.md").as_deref(), Ok("file:samples/a.md"));
    assert!(matches!(canonical("mailto:a@example.org"), Err(CanonicalError::Scheme(_))));
    assert!(matches!(canonical("not a url"), Err(CanonicalError::NotAUrl(_))));
}

proptest::proptest! {
    #[test]
    fn the_canonical_form_is_its_own_canonical_form(
        host in "((www|m|amp|mobile|en)\\.){0,3}(example\\.org|google\\.com|cdn\\.ampproject\\.org|co\\.uk|m\\.io)",
        path in "(/(amp|s|c|v|index\\.html|a\\.amp|x;jsessionid=1;y|example\\.org|%61mp|%2e|[a-zA-Z0-9%._~;-]{0,6})){0,6}/?",
        query in "[a-zA-Z0-9&=%_+;]{0,30}",
        fragment in "(#[!/]?[a-z%]{0,5})?",
    ) {
        if let Ok(once) = canonical(&format!("http://{host}{path}?{query}{fragment}")) {
            proptest::prop_assert_eq!(canonical(&once), Ok(once.clone()));
        }
    }
}
