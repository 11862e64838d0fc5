//! What a site has, read off what Hugo lists and builds.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use gates::BuiltPage;
use gates::inventory::{Inventory, OtherHugo, Post, sentence_prints};
use gates::page::Page;
use gates::references;
use jiff::Timestamp;
use url::Url;

use crate::hugo::{Addresses, Hugo, HugoError, Listed};
use crate::page::{is_same_hugo, wanted_hugo};

mod place;
use place::Output;

#[cfg(test)]
mod tests;

/// The most posts that are read of a site.
const MOST_POSTS: usize = 5_000;
/// The most that is read of a post, in bytes; larger ones are none that people read.
const MOST_TEXT: u64 = 4 << 20;
/// The most that is read of a built page, in bytes: more than the gate takes, so that it says so.
pub(super) const MOST_HTML: u64 = 16 << 20;
/// The most files of a built site that are looked at.
const MOST_FILES: usize = 500_000;

/// A site that was built.
pub(super) struct Surveyed {
    pub(super) inventory: Inventory,
    pub(super) listed: Vec<Listed>,
    pub(super) addresses: Addresses,
}

/// Builds the site in `source` into `output` and reads what it has. `tags` is the front matter key of its tags.
///
/// # Errors
/// [`HugoError`]; also where the build succeeded and left none of the site's pages.
pub(super) async fn survey(
    hugo: &Hugo,
    source: &Path,
    output: &Path,
    limit: Duration,
    now: Timestamp,
    tags: &str,
) -> Result<Surveyed, HugoError> {
    let questions = async { tokio::join!(hugo.addresses(source), hugo.list(source), hugo.version()) };
    let build = hugo.build(source, output, limit);
    let (addresses, listed, version) = if hugo.build.command.is_empty() {
        // The questions take a fraction of the build's time.
        let (built, answers) = tokio::join!(build, questions);
        built?;
        answers
    } else {
        // A command may make what is listed.
        build.await?;
        questions.await
    };
    let (addresses, listed) = (addresses?, listed?);
    let (from, to, tags) = (source.to_owned(), output.to_owned(), tags.to_owned());
    let themes = hugo.build.themes.clone();
    let read = move || {
        let mut inventory = read(&from, &addresses, &listed, &to, &tags);
        inventory.file_links |= has_link_hook(&from, themes.as_deref());
        let versions = version.ok().zip(wanted_hugo(&from));
        let other = versions.filter(|(here, there)| !is_same_hugo(here, there));
        inventory.other_hugo = other.map(|(here, there)| OtherHugo { here, there });
        Surveyed { inventory, listed, addresses }
    };
    let site = tokio::task::spawn_blocking(read).await;
    let site = site.map_err(|why| HugoError::Failed { message: format!("its output cannot be read: {why}") })?;
    let visible = || site.listed.iter().filter(|l| l.is_visible(now) && !l.permalink.is_empty());
    // A layout for the home page alone shows no post. Where there is no post, the other pages tell.
    let has_posts = visible().any(|l| l.kind == "page");
    let expected: Vec<&Listed> = visible().filter(|l| !has_posts || l.kind == "page").collect();
    let place = Output::of(output, &site.addresses.base, &site.listed);
    if !expected.is_empty() && expected.iter().all(|l| place.file_of(l).is_none()) {
        return Err(Hugo::wrote_nothing(source, expected.len()));
    }
    Ok(site)
}

/// The references to elsewhere that the layout puts on every page of a language, or of the site.
pub(super) fn common_links(output: &Path, site: &Surveyed) -> Vec<String> {
    let mut all = BTreeSet::new();
    for pages in Output::of(output, &site.addresses.base, &site.listed).some_pages(&site.listed) {
        let texts = pages.iter().filter_map(|page| text_of(page, MOST_HTML));
        let links = texts.map(|html| references(&html, "/", &site.inventory).into_iter().collect::<BTreeSet<String>>());
        all.extend(links.reduce(|known, found| &known & &found).unwrap_or_default());
    }
    all.into_iter().collect()
}

/// Whether a layout of the site or of its themes takes links in hand. A theme may be a link to its folder.
fn has_link_hook(source: &Path, themes: Option<&Path>) -> bool {
    let themes = std::iter::once(source.join("themes")).chain(themes.map(Path::to_owned));
    let each = themes.flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()));
    let mut roots = ["layouts", "_vendor"].map(|folder| source.join(folder)).into_iter().chain(each);
    roots.any(|root| files(&root).iter().any(|file| file.ends_with("_markup/render-link.html")))
}

fn read(source: &Path, addresses: &Addresses, listed: &[Listed], output: &Path, tags_key: &str) -> Inventory {
    let mut inventory = Inventory { base_url: Some(addresses.base.clone()), ..Inventory::default() };
    inventory.canonify = addresses.canonify;
    inventory.file_links = addresses.file_links;
    let place = Output::of(output, &addresses.base, listed);
    for entry in listed.iter().filter(|l| !l.permalink.is_empty()).take(MOST_POSTS) {
        let url = on_site(&entry.permalink);
        let shown = place.file_of(entry).is_some();
        if entry.kind != "page" {
            inventory.permalinks.insert(url);
            continue;
        }
        let text = text_of(&source.join(&entry.path), MOST_TEXT).unwrap_or_default();
        let page = Page::parse(&entry.path, &text).ok();
        let list = |key: &str| -> Vec<String> {
            let values = page.as_ref().and_then(|p| p.front.get(key)).and_then(|v| v.as_array());
            values.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
        };
        let tags = list(tags_key);
        let mut sentences = BTreeSet::new();
        if shown {
            inventory.vocabulary.extend(tags.iter().cloned());
            sentences = page.as_ref().map(|p| sentence_prints(p.body())).unwrap_or_default();
        }
        let last = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let slug = last.strip_suffix(".html").unwrap_or(last);
        inventory.posts.push(Post {
            path: entry.path.clone(),
            slug: decoded(slug),
            url,
            title: entry.title.clone(),
            date: if entry.date.starts_with("0001-") { String::new() } else { entry.date.clone() },
            hidden: !shown,
            tags,
            aliases: list("aliases"),
            description: page.as_ref().and_then(|p| p.front_text("description")).map(str::to_owned),
            bytes_hash: None,
            sentences,
        });
    }
    for file in files(output) {
        // Addresses carry the path of the site's own address; files do not.
        let address = address(&addresses.base, place.without_language(&file));
        match address.strip_suffix("index.html") {
            Some(page) => inventory.permalinks.insert(page.to_owned()),
            None => inventory.files.insert(address),
        };
    }
    inventory
}

/// The files below a folder, `/`-separated. Links are not followed.
fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(path);
            } else if let Ok(relative) = path.strip_prefix(root).map(Path::to_owned) {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
            if found.len() >= MOST_FILES {
                return found;
            }
        }
    }
    found
}

/// The path on the site, as addresses write it, of a file of its output.
fn address(base: &str, file: &str) -> String {
    let stand_in = || Url::parse("https://site.invalid/").ok();
    let Some(mut url) = Url::parse(base).ok().filter(Url::has_host).or_else(stand_in) else { return String::new() };
    let below = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{below}/{file}"));
    url.path().to_owned()
}

fn on_site(permalink: &str) -> String {
    Url::parse(permalink).map_or_else(|_| permalink.to_owned(), |url| url.path().to_owned())
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The beginning of a file, at most so many bytes; `None` where it cannot be read.
pub(super) fn text_of(path: &Path, most: u64) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The page of a built site whose file this is.
pub(super) fn built_page(output: &Path, listed: &[Listed], base_url: &str, path: &str) -> Option<BuiltPage> {
    let entry = listed.iter().find(|l| l.path == path)?;
    let html = text_of(&Output::of(output, base_url, listed).file_of(entry)?, MOST_HTML)?;
    Some(BuiltPage { url: on_site(&entry.permalink), html })
}
