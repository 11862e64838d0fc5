//! Drafts whose text is markup, a shortcode or front matter: a site shows it as text, or the gate sends it back.

use std::collections::BTreeSet;

use pipeline::page::{FrontFormat, front, path, slug_for};
use states::words::ArticleId;

use super::desk::Material;
use super::pages::twin;
use super::site::{CAREFUL, Case, RAN, TRUSTING, built, case, read, site_page, ways_out};
use super::texts::{EXFILTRATION, FIELDS, SHORTCODES};
use crate::harness::hugo;

const FORMATS: [FrontFormat; 3] = [FrontFormat::Yaml, FrontFormat::Toml, FrontFormat::Json];

fn cases(texts: &[&str], format: FrontFormat) -> Vec<Case> {
    texts.iter().enumerate().map(|(n, text)| case(n, text, format)).collect()
}

/// The address of the one source: the only one that a page may lead to.
fn declared() -> String {
    let clean = twin(0);
    Material::of(&clean.html, &clean.news).brief.sources[0].url.clone()
}

fn page_of(case: &Case) -> String {
    format!("posts/{}/index.html", case.slug)
}

/// The files that a site of these pages has, and no other.
fn expected(cases: &[&Case]) -> BTreeSet<String> {
    let own = ["index.html", "index.xml", "posts/index.html", "posts/index.xml", "sitemap.xml", "tags/index.html"];
    let own = own.into_iter().chain(["tags/index.xml", "categories/index.html", "categories/index.xml"]);
    own.map(str::to_owned).chain(cases.iter().map(|case| page_of(case))).collect()
}

/// What is wrong with the built site; nothing where there is no Hugo.
fn wrong_on_the_site(cases: &[&Case], layout: &str) -> Vec<String> {
    let Some((folder, files)) = built(cases, layout) else { return Vec::new() };
    let declared = declared();
    let mut wrong = Vec::new();
    let wanted = expected(cases);
    for file in files.iter().filter(|file| !wanted.contains(*file) && !file.starts_with("tags/")) {
        wrong.push(format!("nobody asked for {file}"));
    }
    wrong.extend(wanted.iter().filter(|file| !files.contains(*file)).map(|file| format!("{file} is missing")));
    for file in files.iter().filter(|file| file.ends_with(".html") || file.ends_with(".xml")) {
        let html = read(&folder, file);
        let about = cases.iter().find(|case| page_of(case) == *file).map_or("", |case| case.text.as_str());
        if html.contains(RAN) {
            wrong.push(format!("{file} ({about:?}): a shortcode or template ran"));
        }
        if file.ends_with(".html") {
            let out = ways_out(&html, &declared);
            wrong.extend(out.into_iter().map(|way| format!("{file} ({about:?}): {way}")));
        }
    }
    wrong
}

/// All texts on one site as its layout shows them, and those that the gate lets pass on a site that trusts them.
fn shown_as_text(texts: &[&str], format: FrontFormat) {
    let cases = cases(texts, format);
    let all: Vec<&Case> = cases.iter().collect();
    let wrong = wrong_on_the_site(&all, CAREFUL);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let passed: Vec<&Case> = cases.iter().filter(|case| case.errors.is_empty()).collect();
    let wrong = wrong_on_the_site(&passed, TRUSTING);
    assert!(wrong.is_empty(), "{} wrong of {} that passed:\n{}", wrong.len(), passed.len(), wrong.join("\n"));
}

#[test]
fn eighty_ways_to_carry_something_out_end_as_text() {
    shown_as_text(&EXFILTRATION, FrontFormat::Yaml);
}

#[test]
fn fifty_shortcodes_run_nowhere_and_break_no_build() {
    shown_as_text(&SHORTCODES, FrontFormat::Yaml);
}

#[test]
fn what_is_written_as_it_comes_is_seen_to_run_and_to_lead_out() {
    let mut raw = case(0, "Plain", FrontFormat::Yaml);
    let [file] = raw.files.as_mut_slice() else { panic!("one file") };
    file.text += "\n{{< owned >}} [x](https://evil.example/x) <img src=https://evil.example/y>\n";
    let wrong = wrong_on_the_site(&[&raw], CAREFUL);
    let all = wrong.join("\n");
    assert!(
        hugo().is_none() || ["ran", "evil.example/x", "evil.example/y"].iter().all(|way| all.contains(way)),
        "{all}"
    );
}

#[test]
fn fifty_values_and_names_stay_values_in_each_format_and_inside_the_content_folder() {
    for format in FORMATS {
        let cases = cases(&FIELDS, format);
        let allowed = site_page(format).allowed_keys();
        for case in &cases {
            let [file] = case.files.as_slice() else { panic!("{:?} makes {} files", case.text, case.files.len()) };
            assert_eq!(file.path, format!("content/posts/{}/index.md", case.slug), "{:?}", case.text);
            assert!(path::is_inside(&file.path, "content"), "{:?} lies at {}", case.text, file.path);
            let front = front::read(&file.text).unwrap_or_else(|| panic!("{:?} breaks the front matter", case.text));
            assert_eq!(front.format, format);
            let more: Vec<&String> = front.keys.keys().filter(|key| !allowed.contains(key)).collect();
            assert!(more.is_empty(), "{:?} adds {more:?}", case.text);
            assert_eq!(front.keys["title"], pipeline::page::text::plain(&case.text), "{:?}", case.text);
        }
        let all: Vec<&Case> = cases.iter().collect();
        let wrong = wrong_on_the_site(&all, CAREFUL);
        assert!(wrong.is_empty(), "{format}: {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[test]
fn a_title_names_a_folder_that_means_nothing_else() {
    let id: ArticleId = "0123456789abcdef0123456789abcdef".parse().unwrap();
    let long = "x/".repeat(10_000);
    for text in FIELDS.into_iter().chain([long.as_str(), "", " ", "NUL", "page", "com1", ".", "git~1"]) {
        let slug = slug_for(text, &id);
        let plain = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(plain && (1..=80).contains(&slug.len()) && !slug.starts_with('-'), "{text:?} becomes {slug:?}");
        let taken = ["index", "_index", "page", "con", "nul", "com1", "git"];
        assert!(!taken.contains(&slug.as_str()), "{text:?} becomes {slug:?}");
    }
}
