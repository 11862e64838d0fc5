//! Where a page lies in Hugo's output: by its address, and below a folder of its language where each language has a host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use url::Url;

use crate::hugo::Listed;

/// A base address has a path of so many parts at most.
const DEEPEST_BASE: usize = 2;

/// The output of a build.
pub(super) struct Output<'a> {
    root: &'a Path,
    base: &'a str,
    /// The folders of languages, where languages have hosts of their own.
    languages: Vec<String>,
    /// By the origin of each language, how many parts the path of its base address has.
    bases: BTreeMap<String, usize>,
}

/// The scheme and host of a page's address.
fn origin(entry: &Listed) -> Option<String> {
    Url::parse(&entry.permalink).ok().map(|url| url.origin().ascii_serialization())
}

impl<'a> Output<'a> {
    pub(super) fn of(root: &'a Path, base: &'a str, listed: &[Listed]) -> Self {
        let origins: BTreeSet<String> = listed.iter().filter_map(origin).collect();
        let apart = origins.len() > 1;
        let languages: BTreeSet<String> = match apart {
            false => BTreeSet::new(),
            true => std::fs::read_dir(root)
                .into_iter()
                .flatten()
                .flatten()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .filter_map(|entry| entry.file_name().into_string().ok())
                .filter(|name| (2..=11).contains(&name.len()))
                .collect(),
        };
        let mut output = Self { root, base, languages: languages.into_iter().collect(), bases: BTreeMap::new() };
        for own in origins.iter().filter(|_| apart) {
            // The base address of a language is not listed: its path is as long as it has to be for any page to be found.
            let of_language = || listed.iter().filter(|entry| origin(entry).as_ref() == Some(own));
            let depth =
                (0..=DEEPEST_BASE).find(|depth| of_language().any(|entry| output.below(entry, *depth).is_some()));
            output.bases.insert(own.clone(), depth.unwrap_or_default());
        }
        output
    }

    /// The file of a page, where it was built.
    pub(super) fn file_of(&self, entry: &Listed) -> Option<PathBuf> {
        if self.languages.is_empty() {
            return entry.output_path(self.base).map(|path| self.root.join(path)).filter(|path| path.is_file());
        }
        self.below(entry, *self.bases.get(&origin(entry)?)?)
    }

    /// The file of a page below the folder of its language, without the first parts of its address.
    fn below(&self, entry: &Listed, depth: usize) -> Option<PathBuf> {
        let named = |language: &&String| {
            entry.path.contains(&format!(".{language}.")) || entry.path.contains(&format!("/{language}/"))
        };
        let own: Vec<&String> = self.languages.iter().filter(named).collect();
        let folders = if own.is_empty() { self.languages.iter().collect() } else { own };
        let full = entry.output_path("/")?;
        let path: PathBuf = full.components().skip(depth).collect();
        // The home page of a language is nobody else's.
        let places = folders.into_iter().filter(|_| path.components().count() > 1 || depth == 0);
        places.map(|folder| self.root.join(folder).join(&path)).find(|path| path.is_file())
    }

    /// A file of the output as addresses have it: without the folder of its language.
    pub(super) fn without_language<'f>(&self, file: &'f str) -> &'f str {
        match file.split_once('/') {
            Some((folder, rest)) if self.languages.iter().any(|language| language == folder) => rest,
            _ => file,
        }
    }
}
