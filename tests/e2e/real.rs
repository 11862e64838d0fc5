//! Real feeds and pages: whatever they hold, a run ends, every lead has a reason, and what is quoted stands in its source.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use scraper::Html;

use crate::harness::web::{Item, Route, atom, rss};
use crate::harness::{data_dir, hugo, skip};
use crate::world::{Spec, World, articles, built, dump, evidence, level, quotations, rows, unhurt};

/// Real pages, registered at the fake web: the bytes by address.
fn register_pages(world: &World, data: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut pages = BTreeMap::new();
    for entry in std::fs::read_dir(data.join("pages/aeb/html")).unwrap() {
        let file = entry.unwrap().path();
        let mut html = Vec::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(&file).unwrap()).read_to_end(&mut html).unwrap();
        let path = format!("/aeb/{}", file.file_stem().unwrap().to_string_lossy());
        world.web.put(&path, Route::html(html.clone()));
        pages.insert(world.web.url(&path), html);
    }
    for entry in std::fs::read_dir(data.join("pages/readability")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if let Ok(html) = std::fs::read(folder.join("source.html")) {
            let path = format!("/readability/{name}");
            world.web.put(&path, Route::html(html.clone()));
            pages.insert(world.web.url(&path), html);
        }
    }
    pages
}

/// Everything that a page says, in whatever encoding it comes.
fn text_of(page: &[u8]) -> String {
    let document = Html::parse_document(&String::from_utf8_lossy(page));
    let text: String = document.root_element().text().collect();
    level(&text)
}

fn feeds(data: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["feeds/rsparser", "feeds/feed-rs", "feeds/miniflux"] {
        let mut folders = vec![data.join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.to_string_lossy().ends_with(".serde.json") {
                    files.push(path);
                }
            }
        }
    }
    files.sort();
    files
}

#[test]
fn real_feeds_and_pages_end_in_a_proven_proposal_or_a_reason() {
    let Some(data) = data_dir() else { return skip("there is no recorded data (PIPELINE_TEST_DATA)") };
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let mut world = World::new(3, &Spec::default());
    world.desk = world.desk.with_limit(Duration::from_secs(200));
    let pages = register_pages(&world, &data);
    assert!(pages.len() > 100, "{} pages", pages.len());

    // Feeds whose entries lead to the pages, two each, and real feeds as they are: their links lead nowhere.
    let host = world.web.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
    let newest: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let mut sources = String::new();
    let addresses: Vec<&String> = pages.keys().collect();
    for (n, part) in addresses.chunks(2).enumerate() {
        let items: Vec<Item> = part
            .iter()
            .enumerate()
            .map(|(i, url)| Item {
                title: format!("Entry {i} of paper {n}"),
                url: (*url).clone(),
                date: newest - i64::try_from(i).unwrap().hours(),
                text: "What a feed says of it.".into(),
            })
            .collect();
        let title = format!("Paper {n}");
        let xml = if n % 2 == 0 {
            rss(&title, &world.web.url("/"), &items)
        } else {
            atom(&title, &world.web.url("/"), &items)
        };
        let url = world.web.feed(&format!("/papers/{n}.xml"), xml);
        sources.push_str(&format!(
            "[[source]]\nname = \"paper-{n}\"\nkind = \"feed\"\nurl = \"{url}\"\nallow_private = [\"{host}\"]\n"
        ));
    }
    let files = feeds(&data);
    assert!(files.len() > 50, "{} feeds", files.len());
    for (n, file) in files.iter().enumerate() {
        let url = world.web.page(&format!("/feeds/{n}"), "application/xml", std::fs::read(file).unwrap());
        sources.push_str(&format!(
            "[[source]]\nname = \"real-{n}\"\nkind = \"feed\"\nurl = \"{url}\"\nallow_private = [\"{host}\"]\n"
        ));
    }
    let spec = Spec {
        // What does not answer at once is left to the next run. No host of a real feed is waited for.
        desk: "patience_seconds = 0\n[desk.limits]\nfetch = 16\n[desk.door]\ntimeout_seconds = 5\nconnect_timeout_seconds = 2\n"
            .into(),
        site: "first_poll = 2\nmax_new = 10000\n".into(),
        sources,
        ..Spec::default()
    };
    world.configure(&spec);
    let plain = world.desk.read("pipeline.toml").unwrap();
    world.desk.configure(&plain.replace("max_lead_age_days = 90", "max_lead_age_days = 20000"));

    let (output, report) = world.run();
    unhurt(&output);
    assert!(matches!(output.code, Some(0 | 1 | 75)), "{output}");
    let new = usize::try_from(report["discovered"]["new"].as_u64().unwrap()).unwrap();
    let failed = usize::try_from(report["discovered"]["failed"].as_u64().unwrap()).unwrap();
    assert!(new >= pages.len() * 9 / 10, "{report}");
    assert!(failed < files.len() / 2, "most real feeds are read: {report}");

    // Every lead has a state with a reason; those that could not be read yet say what went wrong.
    let all = articles(&world.desk);
    assert!(all.len() >= new, "{} of {new}", all.len());
    let dump = dump(&world.desk);
    let waiting = rows(&dump, "outbox");
    for article in all.iter().filter(|a| a["state"] == "Fetching") {
        let id = article["id"].as_str().unwrap();
        let row = waiting.iter().find(|row| row.contains(&format!("machine=article:{id}")));
        let row = row.unwrap_or_else(|| panic!("nothing waits for {article}"));
        assert!(!row.ends_with("last=NULL"), "no word on what went wrong: {row}");
    }
    let read = all.iter().filter(|a| pages.contains_key(a["lead"]["url"].as_str().unwrap_or_default()));
    let settled =
        read.filter(|a| !matches!(a["state"].as_str(), Some("Fetching" | "Deduplicating" | "Scoring"))).count();
    assert!(settled >= pages.len() * 9 / 10, "{settled} of {} pages were read: {report}", pages.len());

    // What is quoted stands in the page it came from.
    let branches = world.proposals();
    assert!(!branches.is_empty(), "{:?}\n{report}", world.states());
    let mut quoted = 0;
    for branch in &branches {
        let (_built, html) = built(&world.site, branch).unwrap();
        let rows = evidence(&world.site, branch);
        let found: Vec<String> = quotations(&html);
        for quotation in &found {
            let proof = rows.iter().find(|row| level(row["claim"].as_str().unwrap()).contains(quotation));
            let proof = proof.unwrap_or_else(|| panic!("“{quotation}” has no evidence"));
            assert!(level(proof["quote"].as_str().unwrap()).contains(quotation), "{proof}");
            let url = proof["url"].as_str().unwrap();
            if let Some(page) = pages.get(url) {
                assert!(text_of(page).contains(quotation), "“{quotation}” does not stand in {url}");
                quoted += 1;
            }
        }
    }
    assert!(quoted >= 5, "{quoted} quotations in {branches:?}");
}
