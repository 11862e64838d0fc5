//! A page that Hugo would not show is never proposed, whatever keeps it away.

use crate::harness::{hugo, skip};
use crate::world::{Spec, World, articles, unhurt};

/// Runs a world whose configuration and site are changed a little: nothing is proposed, and the gate says that the page is
/// missing.
fn never_proposed(what: &str, change: impl Fn(&str) -> String, site: &[(&str, &str)]) {
    let world = World::new(4, &Spec::default());
    let plain = world.desk.read("pipeline.toml").unwrap();
    let changed = change(&plain);
    assert!(changed != plain || !site.is_empty(), "{what}: nothing is changed");
    world.desk.configure(&changed);
    if !site.is_empty() {
        let files: Vec<(&str, Vec<u8>)> = site
            .iter()
            .map(|(path, text)| {
                let before = world.site.text(&world.site.default_branch(), path).unwrap_or_default();
                (*path, text.replace("{before}", &before).into_bytes())
            })
            .collect();
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (*path, bytes.as_slice())).collect();
        world.site.commit("main", "The Owner", "Another way to show pages", &files);
    }
    let (output, report) = world.run();
    unhurt(&output);
    assert!(world.proposals().is_empty(), "{what}: {report}");
    let worked = articles(&world.desk).into_iter().filter(|a| a["state"] != "Absorbed" && a["state"] != "Shortlisted");
    let said: String =
        worked.map(|a| world.desk.run(&["show", a["id"].as_str().unwrap_or_default()]).ok().stdout).collect();
    assert!(said.contains("hugo/page-missing"), "{what}: the gate has to say it\n{said}\n{report}");
    world.dump();
}

fn constants(more: &str) -> impl Fn(&str) -> String + use<'_> {
    move |toml| toml.replace("constants = { draft = false }", &format!("constants = {{ {more} }}"))
}

fn without_hugo() -> bool {
    let missing = hugo().is_none();
    if missing {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    missing
}

#[test]
fn a_draft_or_a_page_of_another_time_is_never_proposed() {
    if without_hugo() {
        return;
    }
    for front in [
        "draft = true",
        "draft = false, publishDate = '2099-01-01T00:00:00Z'",
        "draft = false, expiryDate = '2020-01-01T00:00:00Z'",
    ] {
        never_proposed(front, constants(front), &[]);
    }
}

#[test]
fn a_page_that_is_not_to_be_rendered_is_never_proposed() {
    if without_hugo() {
        return;
    }
    for front in [
        "draft = false, build = { render = 'never' }",
        "draft = false, build = { render = 'link' }",
        "draft = false, headless = true",
        "draft = false, outputs = ['json']",
    ] {
        never_proposed(front, constants(front), &[]);
    }
}

#[test]
fn a_day_without_a_zone_that_has_not_begun_where_the_site_is_is_never_proposed() {
    if without_hugo() {
        return;
    }
    // At six in the morning of UTC it is still the day before in California. The rule that would say so first is off.
    let change = |toml: &str| {
        let page = toml.replace("[site.page]\n", "[site.page]\ndate_form = \"date\"\n");
        format!("{page}\n[site.gate.severities]\n\"form/date-offset\" = \"off\"\n")
    };
    let zone = [("hugo.toml", "timeZone = 'America/Los_Angeles'\n{before}")];
    never_proposed("a day without a zone", |toml| tables_last(&change(toml)), &zone);
}

/// The table of severities belongs to the site, before the sources.
fn tables_last(toml: &str) -> String {
    let (rest, severities) = toml.split_once("\n[site.gate.severities]\n").expect("it was just written");
    let (site, sources) = rest.split_once("\n[[source]]").expect("there is a source");
    format!("{site}\n[site.gate.severities]\n{severities}\n[[source]]{sources}")
}

#[test]
fn a_section_or_a_site_that_shows_no_such_pages_gets_no_proposal() {
    if without_hugo() {
        return;
    }
    let posts = "---\ntitle: Posts\ncascade:\n  build:\n    render: never\n---\n";
    never_proposed("a cascade", str::to_owned, &[("content/posts/_index.md", posts)]);
    let ignoring = "ignoreFiles = ['posts/[^_]+']\n{before}";
    never_proposed("files that are ignored", str::to_owned, &[("hugo.toml", ignoring)]);
}
