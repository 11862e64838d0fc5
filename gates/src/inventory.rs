//! What the site already has: posts, tags, files and addresses. The engine builds it from the default branch.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use states::words::{BytesHash, hash, text};
use url::Url;

/// One post of the site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Post {
    /// Its path in the repository.
    pub path: String,
    /// Its path on the site, as Hugo gives it (`/posts/x/`).
    pub url: String,
    /// Its title.
    pub title: String,
    /// The last part of its address.
    pub slug: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Other addresses that lead to it.
    pub aliases: Vec<String>,
    /// Its description.
    pub description: Option<String>,
    /// The hash of its files, where they were read.
    pub bytes_hash: Option<BytesHash>,
    /// Its sentences, as [`sentence_prints`] gives them.
    pub sentences: BTreeSet<u64>,
}

/// What the site has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// The site's address, for example `https://example.org/blog/`. Links to it are the site's own.
    pub base_url: Option<String>,
    /// The posts.
    pub posts: Vec<Post>,
    /// The tags in use; empty where the site has none yet.
    pub vocabulary: BTreeSet<String>,
    /// Static files and page resources by their path on the site (`/img/a.png`).
    pub files: BTreeSet<String>,
    /// Other addresses that Hugo makes: home, sections, tags.
    pub permalinks: BTreeSet<String>,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a place on the same page (without the `#`).
    Anchor(String),
    /// To a page or file that the site has.
    Own(String),
    /// To the site, but nothing is there.
    Missing(String),
    /// To another host, over http or https.
    Elsewhere(Url),
    /// An e-mail address.
    Mail(String),
    /// Anything else: another scheme, or no address at all.
    Unsafe,
}

/// The fewest words of a sentence that can be boilerplate: shorter ones repeat by chance.
const PRINTED_WORDS: usize = 8;

/// Fingerprints of the sentences of a text, for comparison with other posts. Short sentences have none.
pub fn sentence_prints(body: &str) -> BTreeSet<u64> {
    text::sentences(body).into_iter().filter_map(|span| sentence_print(span.of(body))).collect()
}

/// The fingerprint of one sentence: its words in lower case, in order. `None` for fewer than eight words.
pub fn sentence_print(sentence: &str) -> Option<u64> {
    let words = text::words(sentence);
    (words.len() >= PRINTED_WORDS).then(|| hash::number_of("sentence", &[words.join(" ").as_bytes()]))
}

/// An address without query and fragment, in the one form in which addresses are compared.
fn comparable(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = path.strip_suffix("index.html").unwrap_or(path);
    let path = path.trim_end_matches('/');
    if path.is_empty() { "/".to_owned() } else { path.to_owned() }
}

impl Inventory {
    /// The address that Hugo gives, or would give, to the page at `path`: the one it has, else the pattern of a post in
    /// the same folder, else the folder's own address.
    pub fn url_of(&self, path: &str, slug: &str) -> String {
        if let Some(post) = self.posts.iter().find(|post| post.path == path) {
            return post.url.clone();
        }
        let pattern = self.posts.iter().find(|post| {
            folder(&post.path) == folder(path) && !post.slug.is_empty() && last_part(&post.url) == post.slug
        });
        let parent = match pattern {
            Some(post) => {
                comparable(&post.url).rsplit_once('/').map(|(parent, _)| parent.to_owned()).unwrap_or_default()
            }
            None => {
                let folder = folder(path);
                format!("/{}", folder.strip_prefix("content").unwrap_or(folder).trim_matches('/'))
            }
        };
        format!("{}/{slug}/", parent.trim_end_matches('/'))
    }

    /// Where `link` leads from the page at `page_url`. `beside` are the files in the page's own folder.
    pub fn target(&self, link: &str, page_url: &str, beside: &BTreeSet<String>) -> Target {
        let link = link.trim();
        if let Some(anchor) = link.strip_prefix('#') {
            return Target::Anchor(anchor.to_owned());
        }
        if let Some(address) = link.strip_prefix("mailto:") {
            return Target::Mail(address.to_owned());
        }
        let site = self.site();
        let page = site.join(page_url.trim_start_matches('/')).unwrap_or_else(|_| site.clone());
        let page = if page_url.starts_with('/') { site.join(page_url).unwrap_or(page) } else { page };
        if link.starts_with("//") || link.contains('\\') || link.is_empty() {
            return Target::Unsafe;
        }
        if beside.contains(link.strip_prefix("./").unwrap_or(link)) {
            return Target::Own(link.to_owned());
        }
        let Ok(url) = page.join(link) else { return Target::Unsafe };
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Target::Unsafe;
        }
        if url.host_str() != site.host_str() || url.port_or_known_default() != site.port_or_known_default() {
            return Target::Elsewhere(url);
        }
        if self.has(url.path()) { Target::Own(url.path().to_owned()) } else { Target::Missing(url.path().to_owned()) }
    }

    /// True where the site has a page or a file at this path.
    pub fn has(&self, path: &str) -> bool {
        let wanted = comparable(path);
        let is = |known: &str| comparable(known) == wanted;
        wanted == "/"
            || self.files.contains(path)
            || self.posts.iter().any(|post| is(&post.url) || post.aliases.iter().any(|alias| is(alias)))
            || self.permalinks.iter().any(|known| is(known))
    }

    /// The site's address, or a stand-in that no link can have.
    pub(crate) fn site(&self) -> Url {
        let given = self.base_url.as_deref().and_then(|base| Url::parse(base).ok());
        given.filter(|url| url.has_host()).unwrap_or_else(stand_in)
    }
}

/// `.invalid` is reserved (RFC 2606), so that nothing from outside is mistaken for the site.
fn stand_in() -> Url {
    #[allow(clippy::expect_used, reason = "a constant that parses")]
    Url::parse("https://site.invalid/").expect("a constant address")
}

/// The folder a page lies in; for a bundle (`x/index.md`) the folder of the bundle's folder.
fn folder(path: &str) -> &str {
    let path = path.strip_suffix("/index.md").unwrap_or(path);
    path.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default()
}

fn last_part(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Inventory {
        Inventory {
            base_url: Some("https://example.org/".into()),
            posts: vec![Post {
                path: "content/posts/2026/old.md".into(),
                url: "/blog/old/".into(),
                slug: "old".into(),
                aliases: vec!["/ancient/".into()],
                ..Post::default()
            }],
            files: BTreeSet::from(["/img/a.png".to_owned()]),
            permalinks: BTreeSet::from(["/tags/rust/".to_owned()]),
            ..Inventory::default()
        }
    }

    #[test]
    fn a_new_page_gets_the_address_that_its_neighbours_have() {
        assert_eq!(site().url_of("content/posts/2026/new.md", "new"), "/blog/new/");
        assert_eq!(site().url_of("content/posts/2026/old.md", "old"), "/blog/old/");
        assert_eq!(site().url_of("content/radar/x/index.md", "x"), "/radar/x/");
    }

    #[test]
    fn links_are_resolved_as_a_browser_would() {
        let beside = BTreeSet::from(["chart.svg".to_owned()]);
        let to = |link: &str| site().target(link, "/blog/new/", &beside);
        assert_eq!(to("/blog/old"), Target::Own("/blog/old".into()));
        assert_eq!(to("../old/?x=1#part"), Target::Own("/blog/old/".into()));
        assert_eq!(to("https://example.org/ancient/"), Target::Own("/ancient/".into()));
        assert_eq!(to("/img/a.png"), Target::Own("/img/a.png".into()));
        assert_eq!(to("chart.svg"), Target::Own("chart.svg".into()));
        assert_eq!(to("old/"), Target::Missing("/blog/new/old/".into()));
        assert_eq!(to("#top"), Target::Anchor("top".into()));
        assert!(matches!(to("https://other.example/"), Target::Elsewhere(_)));
        for hostile in
            ["javascript:alert(1)", "//evil.example/x", "data:text/html,x", "https://a:b@evil.example/", "\\\\evil", ""]
        {
            assert_eq!(to(hostile), Target::Unsafe, "{hostile}");
        }
    }

    #[test]
    fn short_sentences_have_no_fingerprint() {
        assert_eq!(sentence_prints("Too short to matter.").len(), 0);
        let long = "This one has more than eight words, so it is kept.";
        assert_eq!(sentence_prints(long), sentence_prints(&long.to_uppercase()));
        assert_eq!(sentence_prints(long).len(), 1);
    }
}
