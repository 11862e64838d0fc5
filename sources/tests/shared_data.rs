//! Real and hostile data from a folder beside the workspace, or from `PIPELINE_TEST_DATA`; skipped where there is none.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sources::{
    Conditional, Door, DoorError, DoorOptions, Fingerprint, Relation, Thresholds, compare, extract, read_feed,
};
use states::words::Timestamp;

fn data(folder: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("PIPELINE_TEST_DATA") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
    };
    let path = root.join(folder);
    if path.exists() {
        return Some(path);
    }
    #[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
    let () = eprintln!("skipped: there is no {}", path.display());
    None
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

fn bytes(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|e| e == "gz") {
        let mut plain = Vec::new();
        let _ = flate2::read::MultiGzDecoder::new(&bytes[..]).take(16_000_000).read_to_end(&mut plain);
        return plain;
    }
    bytes
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

#[test]
fn every_feed_is_read_or_refused_with_a_reason() {
    let folders = [data("feeds"), data("hostile/generated"), data("hostile/xss/feedparser-sanitize")];
    let mut files = Vec::new();
    folders.into_iter().flatten().for_each(|folder| walk(&folder, &mut files));
    let (mut read, mut refused) = (0usize, 0usize);
    for file in &files {
        match read_feed(&bytes(file), None, "https://feed.example/feed", now()) {
            Ok(found) => {
                read += 1;
                assert!(found.found >= found.entries.len());
                for entry in found.entries {
                    assert!(entry.url.starts_with("http"), "{}: {}", file.display(), entry.url);
                    let line = entry.title.unwrap_or_default();
                    assert!(!line.contains('\n') && !line.contains("<script"), "{}: {line}", file.display());
                }
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().len() > 40, "{}: {error}", file.display());
            }
        }
    }
    assert!(files.is_empty() || read * 2 > files.len(), "{read} read, {refused} refused");
}

#[test]
fn every_page_is_extracted_without_panic() {
    for (folder, ending) in
        [("pages/aeb", ".html.gz"), ("pages/readability", "source.html"), ("pages/defuddle/fixtures", ".html")]
    {
        let Some(folder) = data(folder) else { continue };
        let mut files = Vec::new();
        walk(&folder, &mut files);
        files.retain(|file| file.to_string_lossy().ends_with(ending));
        let mut empty = 0;
        for file in &files {
            let html = String::from_utf8_lossy(&bytes(file)).into_owned();
            let page = extract(&html, "https://page.example/a/b").unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            empty += usize::from(page.body.is_empty());
            for line in page.body.lines().filter(|line| line.contains("<script")) {
                assert!(page.body.contains("```"), "{}: {line}", file.display());
            }
        }
        assert!(
            files.len() > 30 && empty * 50 <= files.len(),
            "{}: {empty} of {} are empty",
            folder.display(),
            files.len()
        );
    }
}

#[test]
fn what_a_page_hides_does_not_reach_the_text() {
    let Some(folder) = data("hostile/generated/html") else { return };
    let mut files = Vec::new();
    walk(&folder, &mut files);
    for file in files {
        let html = String::from_utf8_lossy(&bytes(&file)).into_owned();
        if let Ok(page) = extract(&html, "https://page.example/") {
            let all = format!("{:?} {:?} {}", page.title, page.author, page.body);
            assert!(!all.contains("CANARY-"), "{}: {all}", file.display());
        }
    }
}

#[derive(Deserialize)]
struct UrlCase {
    url: String,
    expect: String,
}

#[tokio::test]
async fn urls_that_must_be_blocked_are_refused_before_any_connection() {
    let Some(file) = data("hostile/generated/ssrf-urls.jsonl") else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let door = Door::new(DoorOptions::default()).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let cases: Vec<UrlCase> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.len() > 100);
    for case in cases {
        match case.expect.as_str() {
            "block" => {
                // The check asks nobody; a request goes through it first.
                let checked = door.check(&case.url, &[]);
                assert!(checked.is_err(), "{} is let through as {checked:?}", case.url);
                let error = door.get(&case.url, &Conditional::default(), &[]).await.unwrap_err();
                assert!(matches!(error, DoorError::BadUrl { .. } | DoorError::Refused { .. }), "{}: {error}", case.url);
            }
            "allow" => assert!(door.check(&case.url, &[]).is_ok(), "{} is refused", case.url),
            _ => {}
        }
    }
}

#[derive(Deserialize)]
struct Doc {
    id: String,
    text: String,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    want_dup: Option<bool>,
}

#[test]
fn copies_are_told_from_other_texts_at_the_default_thresholds() {
    let Some(folder) = data("neardup/synthetic") else { return };
    let lines = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let prints: BTreeMap<String, Fingerprint> = lines("docs.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Doc>(line).unwrap())
        .map(|doc| (doc.id, Fingerprint::of(&doc.text)))
        .collect();
    let (mut said, mut wanted, mut right, mut banded) = (0, 0, 0, 0);
    for pair in lines("pairs.jsonl").lines().map(|line| serde_json::from_str::<Pair>(line).unwrap()) {
        let Some(want) = pair.want_dup else { continue };
        let (a, b) = (&prints[&pair.a], &prints[&pair.b]);
        let copy = compare(a, b, &Thresholds::default()) == Relation::Copy;
        let keys = b.bands();
        banded += usize::from(want && a.bands().iter().any(|key| keys.contains(key)));
        (said, wanted, right) =
            (said + usize::from(copy), wanted + usize::from(want), right + usize::from(copy && want));
    }
    assert!(right * 100 >= said * 98, "precision {right}/{said}");
    assert!(right * 100 >= wanted * 95, "recall {right}/{wanted}");
    assert!(banded * 100 >= wanted * 99, "bands find {banded}/{wanted}");
}
