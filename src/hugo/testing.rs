//! Where tests find Hugo and a small site.
#![allow(clippy::print_stderr, reason = "a test that does not run says so")]

use std::path::{Path, PathBuf};

use super::Hugo;

/// Hugo by PIPELINE_HUGO, `.tools/hugo` or the search path; `None`, with a message, where it is missing.
pub(crate) fn hugo() -> Option<Hugo> {
    let named = std::env::var_os("PIPELINE_HUGO").map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/hugo");
    let configured = named.or_else(|| own.is_file().then_some(own));
    let found = Hugo::find(configured.as_deref()).ok();
    if found.is_none() {
        eprintln!("skipped: Hugo was not found (PIPELINE_HUGO, .tools/hugo, PATH)");
    }
    found
}

/// The files of a site that shows a page's title, description and text, with every Markdown extension switched on.
pub(crate) const SITE: [(&str, &str); 3] = [
    (
        "hugo.toml",
        "baseURL = 'https://desk.example/'\ntitle = 'Desk'\nenableEmoji = true\n\
         disableKinds = ['taxonomy', 'term', 'RSS', 'sitemap', '404']\n\
         [markup.goldmark.parser]\nautoHeadingID = false\n\
         [markup.goldmark.parser.attribute]\nblock = true\ntitle = true\n\
         [markup.goldmark.extensions.extras]\n\
         delete = { enable = true }\ninsert = { enable = true }\nmark = { enable = true }\n\
         subscript = { enable = true }\nsuperscript = { enable = true }\n\
         [markup.goldmark.extensions.passthrough]\nenable = true\n\
         [markup.goldmark.extensions.passthrough.delimiters]\n\
         block = [['\\[', '\\]'], ['$$', '$$']]\ninline = [['\\(', '\\)'], ['$', '$']]\n",
    ),
    (
        "layouts/all.html",
        "<!doctype html><title>{{ .Title }}</title><h1>{{ .Title }}</h1><p id=d>{{ .Description }}</p>\
         <article>{{ .Content }}</article>\n",
    ),
    ("layouts/_shortcodes/owned.html", "OWNED"),
];

/// Writes files below a folder.
pub(crate) fn write_all<'a>(root: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
