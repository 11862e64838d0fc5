//! The pages that Hugo sees, with the addresses that it gives them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::child::{self, Surroundings};
use super::{ANSWER_WITHIN, Hugo, HugoError};

/// A page as `hugo list all` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its file, relative to the site's folder, `/`-separated.
    pub path: String,
    /// The slug of its front matter; usually empty.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its date, as RFC 3339; `0001-01-01T00:00:00Z` without one.
    pub date: String,
    /// When it becomes visible, and when no longer, where it says so.
    pub shown: (Option<Timestamp>, Option<Timestamp>),
    /// True for a draft.
    pub draft: bool,
    /// Its address, with the site's own host.
    pub permalink: String,
    /// `page`, `section`, `home`, …
    pub kind: String,
    /// Its first folder below the content folder.
    pub section: String,
}

/// The address of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Its base URL; `/` where the configuration has none.
    pub base: String,
    /// True where the base stands before what begins with `/`, also in links of pages.
    pub canonify: bool,
    /// True where Hugo turns links to files of the content into addresses.
    pub file_links: bool,
}

impl Hugo {
    /// All pages of a site, drafts and future ones too, in Hugo's order.
    ///
    /// # Errors
    /// See [`HugoError`].
    pub async fn list(&self, source_dir: &Path) -> Result<Vec<Listed>, HugoError> {
        let said = self.ask(source_dir, &["list", "all"]).await?;
        parse(&said)
    }

    /// The site's own address, and how it is put before links.
    ///
    /// # Errors
    /// See [`HugoError`].
    pub async fn addresses(&self, source_dir: &Path) -> Result<Addresses, HugoError> {
        let said = self.ask(source_dir, &["config", "--format", "json"]).await?;
        let config: serde_json::Value = serde_json::from_str(&said)
            .map_err(|why| HugoError::failed(format!("its configuration cannot be read: {why}")))?;
        let base = config.get("baseurl").and_then(serde_json::Value::as_str).unwrap_or_default();
        let canonify = config.get("canonifyurls").and_then(serde_json::Value::as_bool).unwrap_or_default();
        // Hugo has made up its mind here: `auto` is told as what it means for this site.
        let hook = config.pointer("/markup/goldmark/renderhooks/link/useembedded");
        let file_links =
            hook.and_then(serde_json::Value::as_str).is_some_and(|when| matches!(when, "always" | "fallback"));
        let base = if base.is_empty() { "/" } else { base }.to_owned();
        Ok(Addresses { base, canonify, file_links })
    }

    /// Whether a build reads nothing but files of the site's folder and of the folder of themes, and none of what is called so at
    /// the top of them. False also where that cannot be told.
    pub async fn reads_only(&self, source_dir: &Path, without: &[&str]) -> bool {
        let Ok(source) = super::folder_of(source_dir) else { return false };
        let Ok(said) = self.ask(&source, &["config", "mounts"]).await else { return false };
        let roots: Vec<PathBuf> = std::iter::once(source).chain(self.build.themes.clone()).collect();
        let mut modules = serde_json::Deserializer::from_str(&said).into_iter::<serde_json::Value>().peekable();
        modules.peek().is_some() && modules.all(|module| module.is_ok_and(|m| stays_within(&m, &roots, without)))
    }

    async fn ask(&self, source_dir: &Path, question: &[&str]) -> Result<String, HugoError> {
        let source = super::folder_of(source_dir)?;
        let cache = tempfile::tempdir().map_err(|why| HugoError::failed(format!("no cache: {why}")))?;
        let around = Surroundings { source: Some(&source), cache: Some(cache.path()) };
        let arguments = question.iter().map(OsString::from).chain(self.common(&source));
        let said = child::run(self.binary.as_os_str(), arguments, around, ANSWER_WITHIN).await?;
        Ok(said.out)
    }
}

impl Listed {
    /// True where its front matter lets it be shown at this time.
    pub fn is_visible(&self, at: Timestamp) -> bool {
        let (from, until) = self.shown;
        !self.draft && from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
    }

    /// Where the page lies in Hugo's output. `None` where the address is not below the base URL, or is no plain path.
    pub fn output_path(&self, base_url: &str) -> Option<PathBuf> {
        output_path(&self.permalink, base_url)
    }
}

/// The file below the output folder that a page's address names.
fn output_path(permalink: &str, base_url: &str) -> Option<PathBuf> {
    let path = |url: &str| match url::Url::parse(url) {
        Ok(parsed) => parsed.path().to_owned(),
        Err(_) => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    let base = path(base_url);
    let full = path(permalink);
    let below = full.strip_prefix(base.trim_end_matches('/'))?.strip_prefix('/')?;
    let mut out = PathBuf::new();
    for piece in below.split('/').filter(|p| !p.is_empty()) {
        let piece = percent_encoding::percent_decode_str(piece).decode_utf8().ok()?;
        if matches!(piece.as_ref(), "." | "..") || piece.contains(['/', '\\', '\0']) {
            return None;
        }
        out.push(piece.as_ref());
    }
    if below.is_empty() || below.ends_with('/') {
        out.push("index.html");
    }
    Some(out)
}

/// Whether a module, as `hugo config mounts` tells it, lies in one of the folders with all that it mounts.
fn stays_within(module: &serde_json::Value, roots: &[PathBuf], without: &[&str]) -> bool {
    let text = |value: &serde_json::Value, key: &str| value.get(key).and_then(|v| v.as_str()).map(PathBuf::from);
    let plain = |path: &Path| !path.components().any(|part| part == std::path::Component::ParentDir);
    let Some(dir) = text(module, "dir").filter(|dir| plain(dir)) else { return false };
    let read = |path: &Path| {
        let below = roots.iter().find_map(|root| path.strip_prefix(root).ok());
        let first = below.map(|below| below.components().next());
        plain(path)
            && first.is_some_and(|first| first.is_none_or(|name| !without.iter().any(|w| name.as_os_str() == *w)))
    };
    let mounts = module.get("mounts").and_then(serde_json::Value::as_array).map_or(&[][..], Vec::as_slice);
    // Mounts of what node keeps lead to the site's own, whichever module has them.
    let of_node = |source: &Path| source.components().next().is_some_and(|name| name.as_os_str() == "node_modules");
    let mounted = |mount| text(mount, "source").is_some_and(|source| !of_node(&source) && read(&dir.join(source)));
    read(&dir) && mounts.iter().all(mounted)
}

/// Reads the CSV by its header, so that a column that Hugo adds or moves changes nothing.
fn parse(text: &str) -> Result<Vec<Listed>, HugoError> {
    let bad = |why: csv::Error| HugoError::failed(format!("its list of pages cannot be read: {why}"));
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(bad)?.clone();
    let column = |name: &str| header.iter().position(|h| h == name);
    let (Some(path), Some(permalink)) = (column("path"), column("permalink")) else {
        return Err(HugoError::Failed { message: "its list of pages has no `path` or `permalink`".into() });
    };
    let mut listed = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let at = |index: Option<usize>| index.and_then(|i| record.get(i)).unwrap_or_default().to_owned();
        listed.push(Listed {
            path: at(Some(path)).replace('\\', "/"),
            slug: at(column("slug")),
            title: at(column("title")),
            date: at(column("date")),
            shown: (moment(&at(column("publishDate"))), moment(&at(column("expiryDate")))),
            draft: at(column("draft")) == "true",
            permalink: at(Some(permalink)),
            kind: at(column("kind")),
            section: at(column("section")),
        });
    }
    Ok(listed)
}

/// A date of the list; the year 1 stands for none.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(|at: &Timestamp| *at > Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_file_below_the_base() {
        let cases = [
            ("https://a.example/posts/x/", "https://a.example/", Some("posts/x/index.html")),
            ("https://a.example/blog/posts/x/", "https://a.example/blog/", Some("posts/x/index.html")),
            ("https://a.example/posts/x.html", "https://a.example", Some("posts/x.html")),
            ("https://a.example/", "https://a.example/", Some("index.html")),
            ("/posts/%C3%A4/", "/", Some("posts/ä/index.html")),
            ("https://a.example/other/", "https://a.example/blog/", None),
            ("https://a.example/%2e%2e%2fx/", "https://a.example/", None),
            ("https://a.example/blogs/", "https://a.example/blog", None),
        ];
        for (permalink, base, expected) in cases {
            assert_eq!(output_path(permalink, base), expected.map(PathBuf::from), "{permalink}");
        }
    }

    #[test]
    fn titles_with_commas_quotes_and_lines_stay_in_their_column() {
        let text = "path,slug,title,date,expiryDate,publishDate,draft,permalink,kind,section\n\
                    content/a.md,,\"One, \"\"two\"\"\nthree\",2026-01-01T00:00:00Z,,,true,https://x/a/,page,posts\n";
        let listed = parse(text).unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].title, "One, \"two\"\nthree");
        assert!(listed[0].draft);
        assert!(parse("what,is,this\n1,2,3\n").is_err());
    }
}
