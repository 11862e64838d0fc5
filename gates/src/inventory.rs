//! What the site already has: posts, tags, files and addresses. The engine builds it from the default branch.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use states::words::{BytesHash, hash, text};
use url::Url;

use crate::page::Page;

mod address;

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
    /// The last part of its address, without an ending.
    pub slug: String,
    /// Its date, as its site has it (RFC 3339); empty without one.
    pub date: String,
    /// True where the site does not show it: a draft, a post of the future. Its address is taken all the same.
    pub hidden: bool,
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
    /// True where Hugo puts the path of the base address before links that begin with `/`.
    pub canonify: bool,
    /// True where links may name files of the content (`other.md`), which the site turns into addresses.
    pub file_links: bool,
    /// The Hugo that builds the site where it is live, where that is another one than here.
    pub other_hugo: Option<OtherHugo>,
}

/// Two versions of Hugo: what one builds, the other may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherHugo {
    /// The one that builds here.
    pub here: String,
    /// The one that the site names.
    pub there: String,
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
    /// The address that Hugo gives, or would give, to a page: the one it has, else what its neighbours' addresses are made
    /// like, else the folder's own address.
    pub fn url_of(&self, page: &Page) -> String {
        if let Some(post) = self.posts.iter().find(|post| post.path == page.path) {
            return post.url.clone();
        }
        let base = self.base_path();
        if let Some(own) = page.front_text("url").filter(|own| !own.trim().is_empty()) {
            return format!("{base}/{}", own.trim().trim_start_matches('/'));
        }
        if page.path.rsplit('/').next().is_some_and(|name| name.starts_with("_index.")) {
            let (folder, _) = page.path.rsplit_once('/').unwrap_or_default();
            return format!("{base}/{}/", below_content(folder)).replace("//", "/");
        }
        let made = address::NewPage {
            path: &page.path,
            slug: self.slug_of(page),
            title: page.front_text("title").unwrap_or_default(),
            date: page.front_text("date").unwrap_or_default(),
        };
        address::like_neighbours(&self.posts, &made).unwrap_or_else(|| {
            let folder = below_content(folder(&page.path));
            let parent = if folder.is_empty() { base } else { format!("{base}/{folder}") };
            format!("{parent}/{}/", made.slug)
        })
    }

    /// The files in the folder of a bundle (`x/index.md`): what lies beside the page can be linked to from it, also where the
    /// page itself is not built. A page that is none, or cannot be read, adds nothing.
    pub fn add_bundle(&mut self, path: &str, text: &str, names: &[String]) {
        if names.is_empty() || !path.rsplit('/').next().is_some_and(|name| name.starts_with("index.")) {
            return;
        }
        let Ok(page) = Page::parse(path, text) else { return };
        let Ok(url) = self.site().join(&self.url_of(&page)) else { return };
        let files = names.iter().filter(|name| !name.ends_with(".md"));
        self.files.extend(files.filter_map(|name| {
            let mut file = url.clone();
            file.path_segments_mut().ok()?.pop_if_empty().push(name);
            Some(file.path().to_owned())
        }));
    }

    /// The last part of a page's address: its slug without the language that a file's name may end in (`post.de.md`).
    pub fn slug_of(&self, page: &Page) -> String {
        let slug = page.slug();
        if page.front_text("slug").is_some_and(|own| !own.is_empty()) {
            return slug;
        }
        if let Some(bundle) = bundle(&page.path) {
            return bundle.rsplit('/').next().unwrap_or(bundle).to_owned();
        }
        match slug.rsplit_once('.') {
            Some((stem, language)) if address::is_language(&self.posts, language) => stem.to_owned(),
            _ => slug,
        }
    }

    /// What lies at an address already, other than the page at `path`: the post there, or the one that has it as an alias.
    pub fn taken_by(&self, address: &str, path: &str) -> Option<String> {
        let wanted = comparable(address);
        let mut others = self.posts.iter().filter(|post| post.path != path);
        others.find_map(|post| {
            let alias = || post.aliases.iter().any(|alias| comparable(&self.alias(alias, post)) == wanted);
            match () {
                () if comparable(&post.url) == wanted => Some(post.path.clone()),
                () if alias() => Some(format!("{}, which has it as an alias", post.path)),
                () => None,
            }
        })
    }

    /// True where a link of the page at `path` names a post by its file, and the site turns that into an address.
    pub fn names_a_file(&self, link: &str, path: &str) -> bool {
        let link = link.trim().split(['?', '#']).next().unwrap_or_default();
        if !self.file_links || link.is_empty() || link.contains(':') || link.starts_with("//") {
            return false;
        }
        let mut parts: Vec<&str> = match link.starts_with('/') {
            true => path.split('/').take(1).collect(),
            false => path.rsplit_once('/').map_or("", |(folder, _)| folder).split('/').collect(),
        };
        for part in link.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if part != ".." {
                parts.push(part);
            } else if parts.pop().is_none() {
                return false;
            }
        }
        let file = parts.join("/");
        self.posts
            .iter()
            .filter(|post| !post.hidden)
            .any(|post| post.path.strip_prefix(&file).is_some_and(|rest| matches!(rest, "" | ".md" | "/index.md")))
    }

    /// True where it was read off a site: only then can something be missing there.
    pub fn is_known(&self) -> bool {
        self.base_url.is_some()
    }

    /// True where Hugo makes a page at this address: a post, a section, a list of tags, an alias.
    pub fn makes(&self, address: &str) -> bool {
        self.built(&comparable(address))
    }

    /// The address of an alias: one without `/` in front lies beside its post.
    fn alias(&self, alias: &str, post: &Post) -> String {
        if alias.starts_with('/') {
            return format!("{}{alias}", self.base_path());
        }
        let beside = post.url.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent);
        format!("{beside}/{alias}")
    }

    /// The path of the site's address, without a `/` at its end.
    fn base_path(&self) -> String {
        self.site().path().trim_end_matches('/').to_owned()
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
        let canonical = (self.canonify && link.starts_with('/')).then(|| format!("{}{link}", self.base_path()));
        let Ok(url) = page.join(canonical.as_deref().unwrap_or(link)) else { return Target::Unsafe };
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
            || self.built(&wanted)
            || self
                .posts
                .iter()
                .filter(|post| !post.hidden)
                .any(|post| is(&post.url) || post.aliases.iter().any(|alias| is(&self.alias(alias, post))))
    }

    /// True where Hugo makes a page at an address in its comparable form.
    fn built(&self, wanted: &str) -> bool {
        self.permalinks.contains(wanted) || self.permalinks.contains(&format!("{wanted}/"))
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
    let path = bundle(path).unwrap_or(path);
    path.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default()
}

fn below_content(folder: &str) -> &str {
    folder.strip_prefix("content").unwrap_or(folder).trim_matches('/')
}

/// The folder of a bundle, whose page is `index.md` or, in a language, `index.de.md`.
fn bundle(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    (name.starts_with("index.") && name.ends_with(".md")).then_some(folder)
}

#[cfg(test)]
mod tests;
