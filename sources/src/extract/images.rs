//! The images of a page's main text: their addresses and what stands for them in words. Nothing of them is fetched.

use std::collections::BTreeSet;

use scraper::{ElementRef, Html};
use serde::Serialize;
use url::Url;

use super::hidden::is_hidden;
use super::metadata::short;

/// Most images that one page gives.
const MOST: usize = 50;

/// Most elements that are looked at for them.
const MOST_LOOKED_AT: usize = 1_000;

/// Longest address, in bytes.
const LONGEST: usize = 2_000;

/// An image of a main text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Its absolute address, `http` or `https`.
    pub url: String,
    /// What the page says instead of it, as plain text on one line; empty where it says nothing.
    pub alt: String,
}

/// The images of a tree in its order, each once. `url` is the page's, for addresses that are not absolute.
pub(super) fn images_of(html: &Html, url: &str) -> Vec<Image> {
    let base = Url::parse(url).ok();
    let mut seen = BTreeSet::new();
    let elements = html.root_element().descendants().filter_map(ElementRef::wrap).filter(|e| e.value().name() == "img");
    elements
        .take(MOST_LOOKED_AT)
        .filter(|image| !is_hidden(*image) && !image.ancestors().filter_map(ElementRef::wrap).any(is_hidden))
        .filter_map(|image| {
            let src = image.value().attr("src").map(str::trim).filter(|src| !src.is_empty() && src.len() <= LONGEST)?;
            let url = match &base {
                Some(base) => base.join(src).ok()?,
                None => Url::parse(src).ok()?,
            };
            let fits = matches!(url.scheme(), "http" | "https") && url.host().is_some() && seen.insert(url.to_string());
            fits.then(|| Image { url: url.into(), alt: short(image.value().attr("alt").unwrap_or_default()) })
        })
        .take(MOST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::extract;
    use super::*;

    #[test]
    fn the_images_of_the_main_text_come_in_order_each_once() {
        let text = "<p>A long sentence of the main text, with commas, that says what the picture beside it shows.</p>"
            .repeat(8);
        let page = format!(
            "<html><head><base href='/media/'><title>T</title></head><body><nav><img src=logo.png alt=Logo></nav><article><h1>T</h1>\
             {text}<figure><img src='a.png' alt=' A  chart\nof &amp;lt;b&amp;gt; '><figcaption>One</figcaption></figure>{text}\
             <p><img src='https://cdn.example/b.jpg?x=1&amp;y=2'></p>{text}<p><img src='a.png' alt='Again'>\
             <img src='data:image/png;base64,AAAA' alt='Inline'><img src='javascript:alert(1)'><img alt=None>\
             <img src='http://[' alt=Broken><img src=hidden.png hidden></p><p style='display:none'><img src=canary.png></p>\
             </article><aside class=related><img src=ad.png></aside></body></html>"
        );
        let page = extract(&page, "https://example.org/posts/a").unwrap();
        let found: Vec<(&str, &str)> = page.images.iter().map(|i| (i.url.as_str(), i.alt.as_str())).collect();
        assert_eq!(
            found,
            [("https://example.org/media/a.png", "A chart of <b>"), ("https://cdn.example/b.jpg?x=1&y=2", "")]
        );
        assert!(!page.body.contains(".png"), "the text is as it was: {}", page.body);
    }

    #[test]
    fn a_page_without_a_main_text_gives_the_images_of_what_is_read() {
        let page = "<title>T</title><nav><img src=/logo.png></nav><p>Just this.</p><img src=/x.png alt=X>";
        let page = extract(page, "https://example.org/").unwrap();
        assert_eq!(page.images, [Image { url: "https://example.org/x.png".into(), alt: "X".into() }]);
    }

    #[test]
    fn many_images_are_cut() {
        let many: String = (0..5_000).map(|n| format!("<p>Text {n}<img src=/{n}.png></p>")).collect();
        let page = extract(&format!("<article>{many}</article>"), "https://example.org/").unwrap();
        assert_eq!(page.images.len(), MOST);
        assert_eq!(page.images[0].url, "https://example.org/0.png");
    }
}
