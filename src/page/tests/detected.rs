//! How a site writes its pages, read from sites made for it.

#![allow(clippy::print_stderr, reason = "a test that does not run says so")]

use std::path::{Path, PathBuf};

use super::super::{Detected, HugoInfo, SitePage, detect, front};
use super::support::case;
use crate::hugo::testing::write_all;

/// What was found, as people would read it.
fn shown(found: &Detected) -> String {
    let settings = toml::to_string(&found.page).unwrap();
    let newest = found.newest.as_ref().map(|(path, _)| path.as_str()).unwrap_or("none");
    let version = found.hugo_version.as_deref().unwrap_or("none");
    format!("{settings}\n# newest: {newest}\n# hugo: {version}\n# {}\n", found.notes.join("\n# "))
}

/// A sample in the detected form has the keys, and stands in the place, of a post that is there.
fn fits(found: &Detected) {
    found.page.check().unwrap();
    let file = case().render(&found.page).unwrap().remove(0);
    let (path, text) = found.newest.as_ref().unwrap();
    let (sample, post) = (front::read(&file.text).unwrap(), front::read(text).unwrap());
    assert_eq!(sample.format, post.format);
    assert_eq!(file.path.matches('/').count(), path.matches('/').count(), "{} {path}", file.path);
    let again: SitePage = toml::from_str(&toml::to_string(&found.page).unwrap()).unwrap();
    assert_eq!(again, found.page);
}

fn site(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path(), files.iter().copied());
    folder
}

#[test]
fn a_multilingual_site_of_bundles_is_understood() {
    let post = |title: &str, date: &str, tag: &str| {
        format!(
            "---\ntitle: \"{title}\"\ndate: {date}\ndescription: D\nauthors:\n  - Ada\ndraft: false\nlayout: post\ntags: [{tag}, rust]\n---\nText.\n"
        )
    };
    let (a, b, c) = (
        post("A", "2026-01-05T09:00:00+01:00", "web"),
        post("B", "2026-02-05T09:00:00+01:00", "db"),
        post("C", "2026-03-05T09:00:00+02:00", "db"),
    );
    let folder = site(&[
        (
            "hugo.yaml",
            "baseURL: https://x.example/\ndefaultContentLanguage: en\ntimeZone: Europe/Berlin\nlanguages:\n  en:\n    contentDir: content/en\n  de:\n    contentDir: content/de\n",
        ),
        ("content/en/blog/a/index.md", &a),
        ("content/en/blog/b/index.md", &b),
        ("content/en/blog/_index.md", "---\ntitle: Blog\n---\n"),
        ("content/en/about.md", "---\ntitle: About\ndate: 2026-09-09\n---\n"),
        ("content/de/blog/c/index.md", &c),
        (".github/workflows/site.yml", "steps:\n  - with:\n      hugo-version: '0.147.2'\n"),
    ]);
    let found = detect(folder.path(), Some(HugoInfo { version: "0.168.0".into() }));
    insta::assert_snapshot!(shown(&found));
    fits(&found);
}

#[test]
fn a_toml_site_of_files_by_day_is_understood() {
    let post = |title: &str, date: &str| {
        format!(
            "+++\ntitle = '{title}'\ndate = {date}\nauthor = 'Ada'\ncategories = ['News']\ntoc = true\nsubtitle = 'x'\n+++\nText.\n"
        )
    };
    let posts: Vec<(String, String)> = (1..=9)
        .map(|n| {
            (
                format!("content/news/2026/0{n}/2026-0{n}-03-title-{n}.md"),
                post(&format!("T{n}"), &format!("2026-0{n}-03")),
            )
        })
        .collect();
    let mut files = vec![
        ("config/_default/hugo.toml", "title = 'x'\n[taxonomies]\ncategory = 'categories'\n"),
        ("config/_default/permalinks.toml", "[page]\nnews = '/:year/:slug/'\n"),
        ("config/_default/params.toml", "mainSections = ['news']\n"),
        ("netlify.toml", "[build.environment]\nHUGO_VERSION = \"0.120.4\"\n"),
        ("content/notes/x.md", "+++\ntitle = 'x'\ndate = 2026-12-01\n+++\n"),
    ];
    files.extend(posts.iter().map(|(p, t)| (p.as_str(), t.as_str())));
    let folder = site(&files);
    let found = detect(folder.path(), None);
    insta::assert_snapshot!(shown(&found));
    fits(&found);
}

#[test]
fn a_json_site_is_understood() {
    let post = |date: &str| {
        format!(
            "{{\n  \"Title\": \"T\",\n  \"date\": \"{date}\",\n  \"description\": \"D\",\n  \"keywords\": [\"a\"],\n  \"type\": \"entry\"\n}}\n\nText.\n"
        )
    };
    let (a, b) = (post("2026-01-01T00:00:00Z"), post("2026-02-01T00:00:00Z"));
    let folder = site(&[
        (
            "config.json",
            "{\"contentDir\": \"pages\", \"markup\": {\"goldmark\": {\"extensions\": {\"footnote\": false}}}}",
        ),
        ("pages/log/one.md", &a),
        ("pages/log/two.md", &b),
    ]);
    let found = detect(folder.path(), None);
    insta::assert_snapshot!(shown(&found));
    fits(&found);
}

#[test]
fn an_empty_site_gets_the_defaults_of_its_archetype() {
    let folder = site(&[
        ("hugo.toml", "title = 'x'\n"),
        (
            "archetypes/default.md",
            "+++\ntitle = '{{ replace .Name \"-\" \" \" | title }}'\ndate = '{{ .Date }}'\ndraft = true\ncategories = []\n+++\n",
        ),
    ]);
    let found = detect(folder.path(), None);
    assert_eq!(found.page.format, super::super::FrontFormat::Toml);
    assert_eq!(found.page.keys.tags, "categories");
    assert!(found.newest.is_none() && found.notes.iter().any(|n| n.contains("no dated posts")));
    found.page.check().unwrap();
}

#[test]
fn a_hostile_site_is_read_without_following_or_panicking() {
    let folder = site(&[
        ("hugo.toml", "contentDir = '../../etc'\ndefaultContentLanguage = '../x'\ntimeZone = 'Mars/Olympus'\n"),
        ("content/p/a.md", "---\ntitle: x\ndate: \"2026é-é-é-é\"\n---\n"),
        ("content/p/b.md", "---\ntitle: x\ndate: 2026-01-01\n---\n"),
        ("content/p/c.md", "---\na: &a [1]\nb: *a\n"),
        ("content/{slug}/..md", "---\ntitle: x\ndate: 2026-01-01\n---\n"),
        ("archetypes/default.md", "{{{{"),
    ]);
    std::os::unix::fs::symlink("/etc", folder.path().join("content/etc")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("content/p/passwd.md")).unwrap();
    let deep = format!("---\na: {}\n---\n", "[".repeat(100_000));
    std::fs::write(folder.path().join("content/p/deep.md"), deep).unwrap();
    let found = detect(folder.path(), None);
    assert_eq!(found.page.content, "content");
    assert!(!found.notes.iter().any(|n| n.contains("etc")), "{:?}", found.notes);
    assert!(found.notes.iter().any(|n| n.contains("Mars/Olympus")), "{:?}", found.notes);
    assert_eq!(detect(Path::new("/nowhere"), None).newest, None);
}

#[test]
fn real_sites_are_understood() {
    let shared = std::env::var_os("PIPELINE_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from)
        .join("hugo");
    if !shared.is_dir() {
        eprintln!("skipped: no shared data at {}", shared.display());
        return;
    }
    let xmin = detect(&shared.join("hugo-xmin"), None);
    assert_eq!(xmin.page.path, "content/{section}/{date}-{slug}.md");
    assert_eq!(xmin.page.permalinks["post"], "/post/:year/:month/:day/:slug/");
    fits(&xmin);
    let bear = detect(&shared.join("hugo-bearblog"), None);
    assert_eq!((bear.page.section.as_str(), bear.page.path.as_str()), ("blog", "content/{section}/{slug}.md"));
    assert_eq!(bear.page.format, super::super::FrontFormat::Toml);
    fits(&bear);
    // A site of documentation pages without dates.
    let docs = detect(&shared.join("containerd.io"), None);
    assert!(docs.newest.is_none() && docs.page.check().is_ok());
}
