//! What is wrong with the world is named once and goes on by itself; what people do is respected.

use crate::harness::bare::Bare;
use crate::harness::site::copy_of_site;
use crate::harness::web::Route;
use crate::harness::{hugo, skip};
use crate::world::{Spec, World, page, rows, states, unhurt};

fn without_hugo() -> bool {
    let missing = hugo().is_none();
    if missing {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    missing
}

#[test]
fn a_broken_configuration_is_refused_with_its_place_and_what_is_expected() {
    let world = World::new(0, &Spec::default());
    let good = world.desk.read("pipeline.toml").unwrap();
    let line = good.lines().position(|l| l == "threshold = 1").unwrap() + 1;
    for (bad, place, expected) in [
        (good.replace("threshold = 1", "treshold = 1"), format!(":{line}:1:"), "expected one of"),
        (good.replace("threshold = 1", "threshold = 999"), format!(":{line}:13:"), "expected u8"),
        (good.replace("threshold = 1", "threshold = \"high\""), format!(":{line}:13:"), "expected u8"),
        (good.replace("threshold = 1", "threshold = "), format!(":{line}:13:"), "expected"),
        (good.replace("kind = \"feed\"", "kind = \"fead\""), ":".to_owned(), "expected one of `feed`"),
        (good.replace("[[source]]", "[routes]\ntriage = [\"gpt\"]\n[[source]]"), ":".to_owned(), "[[provider]]"),
        (String::new(), ":".to_owned(), "[[site]]"),
    ] {
        world.desk.configure(&bad);
        let output = world.desk.run(&["run"]);
        assert_eq!(output.code, Some(2), "{output}");
        unhurt(&output);
        assert!(output.stderr.contains(&format!("pipeline.toml{place}")), "no `{place}` in {output}");
        assert!(output.stderr.contains(expected), "no `{expected}` in {output}");
    }
    let missing = world.desk.run(&["--config", "nowhere.toml", "run"]);
    assert_eq!(missing.code, Some(2), "{missing}");
    assert!(missing.stderr.contains("nowhere.toml") && missing.stderr.contains("pipeline init"), "{missing}");
    assert!(world.desk.read("var/pipeline.db").is_none(), "a run that cannot be made leaves nothing behind");
}

#[test]
fn an_unreachable_remote_holds_the_work_under_one_cause_until_it_appears() {
    if without_hugo() {
        return;
    }
    let spec = Spec { site: "repo = \"elsewhere.git\"\n".into(), ..Spec::default() };
    let world = World::new(4, &spec);
    let report = world.run_to(75);
    let causes = report["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{report}");
    assert_eq!(causes[0]["cause"], "remote unreachable: desk");
    assert!(causes[0]["message"].as_str().unwrap().contains("elsewhere.git"), "{report}");
    let stuck = states(&world.desk);
    assert_eq!(
        stuck,
        [("Deduplicating".to_owned(), 4)].into(),
        "nothing is compared before the site's posts are known"
    );
    world.dump();
    // Asked for at once, not only when the next probe is due.
    let again = world.run_to(75);
    assert_eq!(again["causes"].as_array().unwrap().len(), 1);
    assert_eq!(states(&world.desk), stuck, "nothing is lost");

    let site = copy_of_site(&world.desk.path("elsewhere.git"));
    let report = world.run_to(0);
    assert_eq!(crate::world::proposals(&site).len(), 1, "{report}");
    assert!(!world.states().contains_key("Rejected"), "{:?}", world.states());
    assert_eq!(rows(&world.dump(), "causes").len(), 0);
}

#[test]
fn without_hugo_a_person_decides() {
    if without_hugo() {
        return;
    }
    let mut world = World::new(4, &Spec::default());
    world.desk = world.desk.with_env("PIPELINE_HUGO", "/nowhere/hugo");
    let report = world.run_to(3);
    assert!(world.proposals().is_empty());
    let waiting = report["in_review"].as_array().unwrap();
    assert_eq!(waiting.len(), 1, "{report}");
    let id = waiting[0]["article"].as_str().unwrap();
    let shown = world.desk.run(&["show", id]).ok().stdout;
    assert!(shown.contains("/nowhere/hugo"), "the page says which check did not run, and why: {shown}");
    // Asked again, it still waits for the same person.
    world.run_to(3);
    let bytes = world.desk.run(&["show", id, "--page"]).ok().stdout;
    let approved = world.desk.run(&["approve", id, "--now", "2026-11-21T07:30:00Z"]).ok();
    assert!(approved.stdout.contains("is Publishing now"), "{approved}");
    let twice = world.desk.run(&["approve", id, "--now", "2026-11-21T07:30:00Z"]);
    assert_eq!(twice.code, Some(2), "{twice}");
    let report = world.run_to(0);
    let branches = world.proposals();
    assert_eq!(branches.len(), 1, "{report}");
    let (path, text) = page(&world.site, &branches[0]);
    assert!(bytes.contains(&format!("--- {path}\n{text}")), "what was approved is what is proposed");
    world.dump();
}

#[test]
fn a_feed_that_is_none_harms_no_other_source() {
    if without_hugo() {
        return;
    }
    let world = World::new(4, &Spec::default());
    let host = world.web.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut sources = String::new();
    let mut source = |name: &str, url: String| {
        let table =
            format!("[[source]]\nname = \"{name}\"\nkind = \"feed\"\nurl = \"{url}\"\nallow_private = [\"{host}\"]\n");
        sources.push_str(&table);
    };
    source("page", world.web.page("/page", "text/html", "<!doctype html><title>Hello</title><p>No feed here."));
    source("empty", world.web.feed("/empty.xml", ""));
    source("missing", world.web.url("/missing.xml"));
    source("broken", world.web.status("/broken.xml", 500, &[]));
    world.web.put("/endless.xml", Route::of("application/xml", "<rss><channel><item>".repeat(64)).endless());
    source("endless", world.web.url("/endless.xml"));
    source("inside", "http://127.0.0.1:1/feed.xml".into());
    world.configure(&Spec { sources, ..Spec::default() });

    let args = world.args();
    let loud: Vec<&str> = args.iter().map(String::as_str).filter(|a| *a != "--json").collect();
    let output = world.desk.run(&loud).ok();
    unhurt(&output);
    world.proposed();
    let status = world.desk.run(&["status"]).ok().stdout;
    for name in ["page", "empty", "missing", "broken", "endless", "inside"] {
        let line = status.lines().find(|l| l.starts_with(&format!("Source {name} failed once: ")));
        let why = line.unwrap_or_else(|| panic!("`{name}` is not named in\n{status}"));
        assert!(why.len() > 50, "{why}");
        assert!(output.stderr.contains(&format!("source {name}: ")), "{output}");
    }
    assert!(!status.contains("Source gazette failed"), "{status}");

    // A source that is mended is read by the next run.
    let news = crate::harness::invent::News::of(900, 500);
    let url = world.web.page("/news/900", "text/html; charset=utf-8", news.page("The Herald"));
    world.web.feed("/empty.xml", crate::harness::web::rss("The Herald", &world.web.url("/"), &[news.item(&url)]));
    let report = world.run_to(0);
    assert_eq!(report["discovered"]["new"], 1, "{report}");
    let status = world.desk.run(&["status"]).ok().stdout;
    assert!(!status.contains("Source empty failed") && status.contains("Source missing failed 2 times"), "{status}");
}

#[test]
fn a_site_that_does_not_build_blames_no_draft() {
    if without_hugo() {
        return;
    }
    let world = World::new(4, &Spec::default());
    let whole = world.site.text("main", "layouts/page.html").unwrap();
    let broken = whole.replace("{{ define \"main\" }}", "{{ define \"main\" }}{{ nosuch .Title }}");
    assert_ne!(whole, broken);
    world.site.commit("main", "A Person", "Break the layout", &[("layouts/page.html", broken.as_bytes())]);
    let report = world.run_to(75);
    let causes = report["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{report}");
    assert_eq!(causes[0]["cause"], "site does not build: desk");
    assert!(causes[0]["message"].as_str().unwrap().contains("nosuch"), "{report}");
    let stuck = states(&world.desk);
    assert!(!stuck.contains_key("Rejected") && !stuck.contains_key("Parked"), "{stuck:?}");
    assert_eq!(stuck.get("Shortlisted"), Some(&4), "nothing is begun that could not be checked: {stuck:?}");

    world.site.commit("main", "A Person", "Mend the layout", &[("layouts/page.html", whole.as_bytes())]);
    world.run_to(0);
    world.proposed();
    let dump = world.dump();
    assert!(!world.states().contains_key("Rejected"), "{:?}", world.states());
    assert_eq!(rows(&dump, "causes").len(), 0);
}

#[test]
fn what_is_mended_goes_on_with_the_next_run_however_soon_that_is() {
    if without_hugo() {
        return;
    }
    let spec = Spec { site: "repo = \"elsewhere.git\"\n".into(), ..Spec::default() };
    let world = World::new(4, &spec);
    let at = |now: &str| world.desk.run(&["run", "--now", now]);
    assert_eq!(at("2026-11-21T06:00:00Z").code, Some(75));
    let site = copy_of_site(&world.desk.path("elsewhere.git"));
    let second = at("2026-11-21T06:00:20Z").ok();
    assert_eq!(crate::world::proposals(&site).len(), 1, "{second}");
}

/// One run that stops after a station, and the one article it began.
fn begun_until(world: &World, station: &str) -> String {
    let mut args: Vec<String> = world.args().into();
    args.extend(["--until".into(), station.into()]);
    let output = world.desk.run(&args.iter().map(String::as_str).collect::<Vec<_>>()).ok();
    let all = crate::world::articles(&world.desk);
    let digest = all.iter().find(|a| a["lead"].is_null()).unwrap_or_else(|| panic!("nothing was begun\n{output}"));
    digest["id"].as_str().unwrap().to_owned()
}

/// Held under this one cause, and proposed once it is mended: the same article as before.
fn held_then_proposed(world: &World, id: &str, cause: &str, mend: impl FnOnce()) {
    let report = world.run_to(75);
    let causes = report["causes"].as_array().unwrap();
    assert_eq!((causes.len(), causes[0]["cause"].as_str()), (1, Some(cause)), "{report}");
    let again = world.run_to(75);
    assert_eq!(again["causes"].as_array().unwrap().len(), 1, "{again}");
    assert!(world.proposals().is_empty());
    mend();
    world.run_to(0);
    let branch = world.proposed();
    assert!(branch.ends_with(&id[..8]), "{branch} is not of {id}");
    assert_eq!(rows(&world.dump(), "causes").len(), 0);
}

#[test]
fn a_site_that_breaks_under_a_draft_holds_it_without_blame() {
    if without_hugo() {
        return;
    }
    let world = World::new(4, &Spec::default());
    let id = begun_until(&world, "drafting");
    let whole = world.site.text("main", "hugo.toml").unwrap();
    let broken = format!("{whole}\n= broken\n");
    world.site.commit("main", "A Person", "Break it", &[("hugo.toml", broken.as_bytes())]);
    held_then_proposed(&world, &id, "site does not build: desk", || {
        world.site.commit("main", "A Person", "Mend it", &[("hugo.toml", whole.as_bytes())]);
    });
}

#[test]
fn a_remote_that_goes_away_before_the_push_holds_the_page() {
    if without_hugo() {
        return;
    }
    let world = World::new(4, &Spec::default());
    let id = begun_until(&world, "gating");
    let (here, away) = (world.desk.path("site.git"), world.desk.path("away.git"));
    std::fs::rename(&here, &away).unwrap();
    let moved = Bare::at(&away);
    assert!(crate::world::proposals(&moved).is_empty());
    let report = world.run_to(75);
    assert_eq!(report["causes"][0]["cause"], "remote unreachable: desk", "{report}");
    assert!(!here.exists(), "a remote that is away is not made anew");
    std::fs::rename(&away, &here).unwrap();
    world.run_to(0);
    assert!(world.proposed().ends_with(&id[..8]));
    assert_eq!(rows(&world.dump(), "causes").len(), 0);
}

/// A world in which one digest is proposed.
fn proposed(leads: u64) -> (World, String) {
    let world = World::new(leads, &Spec::default());
    world.run_to(0);
    let branch = world.proposed();
    (world, branch)
}

fn state_of_digest(world: &World) -> String {
    let all = crate::world::articles(&world.desk);
    let digest: Vec<_> = all.iter().filter(|a| a["lead"].is_null()).collect();
    assert_eq!(digest.len(), 1, "{digest:?}");
    digest[0]["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_proposal_that_a_person_merges_is_live() {
    if without_hugo() {
        return;
    }
    for squash in [false, true] {
        let (world, branch) = proposed(4);
        world.site.merge(&branch, "Merge it", squash).unwrap();
        // Tidy people delete the branch at once.
        world.site.delete(&branch);
        world.run_to(0);
        assert_eq!(state_of_digest(&world), "Live", "squash: {squash}");
        let tip = world.site.tip("main");
        world.run_to(0);
        assert_eq!((world.site.tip("main"), world.proposals().len()), (tip, 0));
        world.dump();
    }
}

#[test]
fn a_branch_that_a_person_deletes_is_declined_and_never_comes_back() {
    if without_hugo() {
        return;
    }
    let (world, branch) = proposed(4);
    world.site.delete(&branch);
    for _ in 0..3 {
        world.run_to(0);
        assert_eq!(state_of_digest(&world), "Declined");
        assert!(world.proposals().is_empty(), "it was reopened");
    }
    world.dump();
}

#[test]
fn a_person_s_commit_on_the_branch_stays() {
    if without_hugo() {
        return;
    }
    let (world, branch) = proposed(4);
    let (path, text) = page(&world.site, &branch);
    let edited = text.replace("## ", "## A person writes: ");
    let tip = world.site.commit(&branch, "A Person", "My words", &[(&path, edited.as_bytes())]);
    for _ in 0..3 {
        world.run_to(0);
        assert_eq!(world.site.tip(&branch), Some(tip.clone()), "somebody's commit was overwritten");
        assert_eq!(state_of_digest(&world), "Proposed");
    }
    // Merged after the edit, it is as live as any.
    world.site.merge(&branch, "Merge it", false).unwrap();
    world.run_to(0);
    assert_eq!(state_of_digest(&world), "Live");
    world.dump();
}

#[test]
fn no_more_is_begun_than_the_open_proposals_leave_room_for() {
    if without_hugo() {
        return;
    }
    let world = World::new(4, &Spec::default());
    let capped = world.desk.read("pipeline.toml").unwrap().replace("max_open = 3", "max_open = 1");
    world.desk.configure(&capped);
    world.run_to(0);
    let first = world.proposals();
    assert_eq!(first.len(), 1);
    world.more_news(50, 4);
    let report = world.run_to(0);
    assert_eq!(world.proposals(), first);
    assert!(report["selected"][0]["why"].as_str().unwrap().contains("1 of 1 proposals are open"), "{report}");
    assert_eq!(states(&world.desk).get("Shortlisted"), Some(&4));
    // Room again.
    Bare::at(world.site.path()).delete(&first[0]);
    world.run_to(0);
    world.proposed();
    assert_ne!(world.proposals(), first);
}
