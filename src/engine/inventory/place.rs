//! Where a page lies in Hugo's output: by its address, and below a folder of its language where each language has a host.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use url::Url;

use super::text_of;
use crate::hugo::Listed;

/// A base address has a path of so many parts at most.
const DEEPEST_BASE: usize = 2;
/// The most that is read of a language's sitemap, in bytes: its first address is enough.
const MOST_SITEMAP: u64 = 64 * 1024;
/// How many pages are looked at for what is on all of them.
const SOME_PAGES: usize = 12;

/// The output of a build.
pub(super) struct Output<'a> {
    root: &'a Path,
    base: &'a str,
    /// The folders of languages, where languages have hosts of their own.
    languages: Vec<String>,
    /// By the origin of each language, where its pages lie.
    places: BTreeMap<String, Place>,
}

/// The folder of a language, and how many parts the path of its base address has.
struct Place {
    folder: String,
    depth: usize,
}

/// The scheme and host of a page's address.
fn origin(entry: &Listed) -> Option<String> {
    Url::parse(&entry.permalink).ok().map(|url| url.origin().ascii_serialization())
}

impl<'a> Output<'a> {
    pub(super) fn of(root: &'a Path, base: &'a str, listed: &[Listed]) -> Self {
        let origins: BTreeSet<String> = listed.iter().filter_map(origin).collect();
        let mut output = Self { root, base, languages: Vec::new(), places: BTreeMap::new() };
        // A site of several hosts may have pages of one language only so far.
        if origins.is_empty() || (origins.len() == 1 && listed.iter().any(|entry| output.file_of(entry).is_some())) {
            return output;
        }
        let folders: BTreeSet<String> = std::fs::read_dir(root)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| (2..=11).contains(&name.len()))
            .collect();
        output.places = learn(root, &origins, &folders, listed);
        output.languages = match origins.len() {
            1 => output.places.values().map(|place| place.folder.clone()).collect(),
            _ => folders.into_iter().collect(),
        };
        output
    }

    /// The file of a page, where it was built.
    pub(super) fn file_of(&self, entry: &Listed) -> Option<PathBuf> {
        let path = if self.languages.is_empty() {
            entry.output_path(self.base)?
        } else {
            let place = self.places.get(&origin(entry)?)?;
            Path::new(&place.folder).join(without_base(entry, place.depth)?)
        };
        Some(self.root.join(path)).filter(|path| path.is_file())
    }

    /// Some pages of each language that has a host, or of the site: those first that have no content of their own.
    pub(super) fn some_pages(&self, listed: &[Listed]) -> Vec<Vec<PathBuf>> {
        let of = |folder: &Path, entries: &mut dyn Iterator<Item = &Listed>| -> Vec<PathBuf> {
            let plain = ["404.html", "index.html"].map(|name| self.root.join(folder).join(name));
            let mut seen = BTreeSet::new();
            let files = plain.into_iter().filter(|path| path.is_file()).chain(entries.filter_map(|e| self.file_of(e)));
            files.filter(|path| seen.insert(path.clone())).take(SOME_PAGES).collect()
        };
        if self.languages.is_empty() {
            return vec![of(Path::new(""), &mut listed.iter())];
        }
        let languages = self.places.iter().map(|(own, place)| {
            of(Path::new(&place.folder), &mut listed.iter().filter(|entry| origin(entry).as_ref() == Some(own)))
        });
        languages.collect()
    }

    /// A file of the output as addresses have it: without the folder of its language.
    pub(super) fn without_language<'f>(&self, file: &'f str) -> &'f str {
        match file.split_once('/') {
            Some((folder, rest)) if self.languages.iter().any(|language| language == folder) => rest,
            _ => file,
        }
    }
}

/// The folder of each origin. Neither it nor the base address of a language is listed: they are what finds its pages, and no
/// two languages share a folder.
fn learn(
    root: &Path,
    origins: &BTreeSet<String>,
    folders: &BTreeSet<String>,
    listed: &[Listed],
) -> BTreeMap<String, Place> {
    let mut guesses = Vec::new();
    for folder in folders {
        let sitemap = text_of(&root.join(folder).join("sitemap.xml"), MOST_SITEMAP).unwrap_or_default();
        let (by_name, by_folder) = (format!(".{folder}."), format!("/{folder}/"));
        for own in origins {
            let entries: Vec<&Listed> = listed.iter().filter(|entry| origin(entry).as_ref() == Some(own)).collect();
            let says = sitemap.contains(&format!("<loc>{own}/"));
            let named =
                entries.iter().filter(|entry| entry.path.contains(&by_name) || entry.path.contains(&by_folder)).count();
            for depth in 0..=DEEPEST_BASE {
                let found = |entry: &&&Listed| {
                    // The home page of a language says nothing: each has one.
                    let path = without_base(entry, depth).filter(|path| depth == 0 || path.components().count() > 1);
                    path.is_some_and(|path| root.join(folder).join(path).is_file())
                };
                let hits = entries.iter().filter(found).count();
                if hits > 0 {
                    guesses.push((Reverse((says, named, hits)), depth, own, folder));
                }
            }
        }
    }
    guesses.sort();
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for (_, depth, own, folder) in guesses {
        if !places.contains_key(own) && places.values().all(|place| place.folder != *folder) {
            places.insert(own.clone(), Place { folder: folder.clone(), depth });
        }
    }
    places
}

/// The file of a page without the first parts of its address.
fn without_base(entry: &Listed, depth: usize) -> Option<PathBuf> {
    Some(entry.output_path("/")?.components().skip(depth).collect())
}
