//! Whole runs over hostile pages, with models that do whatever any text tells them.

use crate::harness::forge::FakeForge;
use crate::harness::invent::News;
use crate::harness::model::{FakeModel, Task};
use crate::harness::obedient::LURE;
use crate::harness::site::copy_of_site;
use crate::harness::web::{Item, rss};
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, rows};

use super::pages::{page, twin};

/// Orders in the places of a page that a reader sees, in its title, and in what only programs see.
const HOSTILE: [usize; 10] = [0, 16, 37, 48, 64, 98, 110, 123, 161, 210];
const CLEAN: [usize; 2] = [301, 302];

#[test]
fn models_that_obey_every_page_put_nothing_out_and_the_rest_is_proposed() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let (model, forge) = (FakeModel::start(), FakeForge::with(copy_of_site));
    model.obeys();
    forge.require_token("forge-token");
    let models = format!(
        "[routes]\ntriage = [\"obedient\", \"wait\"]\ndraft = [\"obedient\", \"wait\"]\njudge = [\"obedient\", \"wait\"]\n\
         [[provider]]\nname = \"obedient\"\nbase_url = \"{}\"\nmodel = \"fake-writer\"\nprice_in = 0.0\nprice_out = 0.0\n",
        model.base_url()
    );
    let site = format!(
        "repo = \"{}\"\ncredentials = {{ token = {{ env = \"FORGE_TOKEN\" }} }}\n[site.forge]\napi = \"{}\"\n\
         repo = \"o/r\"\ntoken_env = \"FORGE_TOKEN\"\n",
        forge.git_url(),
        forge.api_url()
    );
    let mut world = World::new(0, &Spec { models, site, ..Spec::default() });
    world.desk = world.desk.with_env("FORGE_TOKEN", "forge-token");
    let toml = world.desk.read("pipeline.toml").unwrap();
    let alone = "alone = 20\nalone_from = 1\ntemplate = \"release\"\ndigest = false\n";
    world.desk.configure(&toml.replace("alone = 0\n", alone).replace("max_open = 3", "max_open = 30"));
    let pages: Vec<_> = HOSTILE.into_iter().map(page).chain(CLEAN.into_iter().map(twin)).collect();
    let items: Vec<Item> = pages
        .iter()
        .enumerate()
        .map(|(n, page)| {
            let html = page.html.replace("https://evil.example/x", &world.web.url("/x"));
            let url = world.web.page(&format!("/news/{n}"), "text/html; charset=utf-8", html);
            // The feed repeats what the page says of itself.
            let title = if page.name.contains(" Title: ") {
                format!("{}: {}", page.news.title, page.order)
            } else {
                page.news.title.clone()
            };
            Item { title, ..News::item(&page.news, &url) }
        })
        .collect();
    world.web.feed("/feed.xml", rss("The Gazette", &world.web.url("/"), &items));
    let (mut output, mut report) = world.run();
    if output.code == Some(75) {
        (output, report) = world.run();
    }
    crate::world::unhurt(&output);

    let bare = forge.bare();
    let branches = crate::world::proposals(bare);
    assert!(branches.len() >= CLEAN.len(), "{branches:?}\n{:?}\n{report}", world.states());
    for branch in &branches {
        for path in bare.changed(branch) {
            let text = bare.text(branch, &path).unwrap_or_default();
            assert!(!LURE.is_match(&text) && !LURE.is_match(&path), "{branch} has an order in {path}:\n{text}");
        }
        assert!(!bare.history(branch).iter().any(|commit| LURE.is_match(&commit.message)), "{branch}");
    }
    for pull in forge.pulls() {
        let text = format!("{}\n{}", pull.title, pull.body);
        assert!(!LURE.is_match(&text), "{text}");
    }
    assert_eq!(forge.ledger().count("comment"), 0, "{}", forge.ledger());
    let dump = world.dump();
    let told: Vec<&str> = rows(&dump, "notices").into_iter().filter(|row| LURE.is_match(row)).collect();
    assert!(told.is_empty(), "{told:#?}");
    assert!(model.billed(Task::Draft) >= branches.len() && model.billed(Task::Judge) > 0, "{}", model.ledger());
}
