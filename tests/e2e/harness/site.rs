//! The site that the tests publish to.

use std::path::Path;

use super::bare::Bare;
use super::workspace;

/// A bare repository with one commit: the workspace's own site, or [`plain_site`] where it is missing.
pub(crate) fn copy_of_site(dest: &Path) -> Bare {
    let folder = workspace().join("hugo-site");
    if folder.is_dir() { site_from(&folder, dest) } else { plain_site(dest) }
}

/// A bare repository with one commit that holds the files of a folder. Build output and hidden files stay out.
pub(crate) fn site_from(folder: &Path, dest: &Path) -> Bare {
    let mut files = Vec::new();
    collect(folder, "", &mut files);
    files.sort();
    commit(dest, &files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect::<Vec<_>>())
}

/// A bare repository with one commit: the least that Hugo builds without a warning, with one post.
pub(crate) fn plain_site(dest: &Path) -> Bare {
    commit(dest, &PLAIN.map(|(path, text)| (path, text.as_bytes())))
}

fn commit(dest: &Path, files: &[(&str, &[u8])]) -> Bare {
    let bare = Bare::init(dest);
    bare.commit("main", "The Owner", "The site", files);
    bare
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("the site's folder can be read") {
        let entry = entry.expect("the site's folder can be read");
        let name = entry.file_name().into_string().expect("the site's file names are UTF-8");
        let kind = entry.file_type().expect("a file has a type");
        if name.starts_with('.') || (prefix.is_empty() && ["public", "resources"].contains(&name.as_str())) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_file() {
            files.push((path, std::fs::read(entry.path()).expect("a file of the site can be read")));
        }
    }
}

const PLAIN: [(&str, &str); 5] = [
    (
        "hugo.toml",
        r#"baseURL = "https://plain.example/"
title = "Plain"
disableKinds = ["taxonomy", "term", "RSS"]
[markup.goldmark.renderer]
unsafe = false
"#,
    ),
    (
        "layouts/_default/single.html",
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head>
<body><main><article><h1>{{ .Title }}</h1>{{ .Content }}</article></main></body></html>
"#,
    ),
    (
        "layouts/_default/list.html",
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head>
<body><main><ul>{{ range .RegularPagesRecursive }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ul></main></body></html>
"#,
    ),
    ("content/posts/_index.md", "---\ntitle: Posts\n---\n"),
    (
        "content/posts/hello/index.md",
        r#"---
title: Hello
description: The first post of a plain site
date: 2026-09-01T08:00:00Z
tags: [site]
draft: false
---

This site has one post, and this is it.
"#,
    ),
];
