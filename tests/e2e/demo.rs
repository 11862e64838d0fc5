//! The project's own desk, as somebody finds it who has just cloned it: no key, no GPU, no network.

use crate::harness::bare::Bare;
use crate::harness::desk::Desk;
use crate::harness::{hugo, skip, workspace};
use crate::world::{articles, built, dump, evidence, level, page, proposals, quotations, states, unhurt};

/// The desk, with feeds that nobody answers: a test does not reach the network.
fn default_desk() -> Desk {
    let toml = std::fs::read_to_string(workspace().join("pipeline.toml")).unwrap();
    let mut nowhere = 0;
    let lines: Vec<String> = toml
        .lines()
        .map(|line| match line.starts_with("url = ") {
            true => {
                nowhere += 1;
                format!("url = \"http://feed{nowhere}.invalid/feed.xml\"")
            }
            false => line.to_owned(),
        })
        .collect();
    assert!(nowhere >= 1, "the default desk has real feeds");
    let desk = Desk::new(&lines.join("\n"));
    desk.bring("hugo-site");
    desk.bring("sources/samples");
    desk
}

fn samples(desk: &Desk) -> Vec<String> {
    let folder = std::fs::read_dir(desk.path("sources/samples")).unwrap();
    let files = folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    // Inline code is quoted without its marks.
    files.map(|text| level(&text.replace('`', ""))).collect()
}

const NOW: [&str; 2] = ["--now", "2026-11-21T06:00:00Z"];
const LATER: [&str; 2] = ["--now", "2026-11-21T08:00:00Z"];

#[test]
fn the_default_desk_proposes_one_proven_digest_and_then_nothing_new() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let desk = default_desk();
    let first = desk.run(&["run", NOW[0], NOW[1]]).ok();
    unhurt(&first);
    assert!(first.stderr.contains("it may cost nothing"), "{first}");
    assert!(first.stdout.contains("Proposed"), "{first}");
    let site = Bare::at(&desk.path("var/site.git"));
    let branches = proposals(&site);
    assert_eq!(branches.len(), 1, "{branches:?}");
    let counted = states(&desk);
    assert_eq!(counted.get("Proposed"), Some(&1), "{counted:?}");
    assert!(counted["Absorbed"] >= 3, "{counted:?}");
    assert_eq!(site.history("main").len(), 1, "nothing is pushed to the default branch");

    let (_built, html) = built(&site, &branches[0]).unwrap();
    let (_, markdown) = page(&site, &branches[0]);
    let cited: Vec<String> =
        articles(&desk).iter().filter(|a| a["state"] == "Absorbed").map(|a| a["lead"]["url"].to_string()).collect();
    for url in &cited {
        let url = url.trim_matches('"');
        assert!(html.contains(&format!("href=\"{url}\"")), "{url} is not cited in\n{markdown}");
    }
    assert!(html.contains("footnote"), "{html}");
    assert!(html.contains("class=\"evidence\""), "{html}");
    assert!(evidence(&site, &branches[0]).len() >= 10);

    let samples = samples(&desk);
    let quoted = quotations(&html);
    assert!(quoted.len() >= 10, "{quoted:?}");
    for quotation in &quoted {
        assert!(samples.iter().any(|text| text.contains(quotation)), "“{quotation}” is in no sample");
    }

    let second = desk.run(&["run", LATER[0], LATER[1]]).ok();
    assert!(second.stdout.contains("Nothing new is proposed") && second.stdout.contains("nothing new is waiting"));
    assert!(second.stdout.contains("no article moved"), "{second}");
    assert_eq!(proposals(&site), branches);
    assert_eq!(site.history(&branches[0]).len(), 2);
    dump(&desk);
}

#[test]
fn questions_about_the_desk_are_answered() {
    if hugo().is_none() {
        return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    let desk = default_desk();
    let ask = |args: &[&str]| desk.run(args).ok();
    // Before the first run.
    assert!(ask(&["status"]).stdout.contains("`pipeline run` makes the first run"));
    ask(&["status", "--json"]).json();
    assert_eq!(ask(&["articles", "--json"]).json().as_array().unwrap().len(), 0);
    assert!(ask(&["why", "https://samples.example/x"]).stdout.contains("never seen"));

    let report = ask(&["run", "--json", NOW[0], NOW[1]]).json();
    assert_eq!(report["proposed"].as_array().unwrap().len(), 1);

    let status = ask(&["status", LATER[0], LATER[1]]).stdout;
    assert!(status.contains("1 Proposed") && status.contains("Source rust-blog failed once"), "{status}");
    let status = ask(&["status", "--json", LATER[0], LATER[1]]).json();
    assert_eq!(status["sites"]["desk"]["Proposed"], 1);
    assert_eq!(status["last_run"]["phase"], "finished");

    let listed = ask(&["articles"]).stdout;
    let all = articles(&desk);
    assert_eq!(listed.lines().count(), all.len());
    let proposed = ask(&["articles", "--state", "Proposed", "--json"]).json();
    let id = proposed[0]["id"].as_str().unwrap();
    let shown = ask(&["show", &id[..8], "--page"]).stdout;
    for part in
        ["Digest: ", "Proposed: ", "History", "Gating → Publishing", "Evidence", "--- content/posts/", "Cost: $0"]
    {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
    let shown = ask(&["show", id, "--json"]).json();
    assert_eq!(shown["article"]["state"], "Proposed");
    assert!(shown["report"]["evidence"].as_array().unwrap().len() >= 10);
    assert!(shown["history"].as_array().unwrap().len() >= 4);

    // A lead that was written about, one that repeats another, and one that nobody has named.
    for (state, word) in [("Absorbed", "score "), ("Duplicate", "a copy of ")] {
        let article = all.iter().find(|a| a["state"] == state).unwrap_or_else(|| panic!("none is {state}"));
        let url = article["lead"]["url"].as_str().unwrap();
        // Tracking parameters and fragments make no other page of it.
        let said = ask(&["why", &format!("{url}?utm_source=mail#top")]).stdout;
        assert!(said.contains("named by a source") && said.contains(word) && said.contains(state), "{said}");
        let said = ask(&["why", url, "--json"]).json();
        assert_eq!(said["articles"][0]["article"]["id"], article["id"]);
    }
    let never = ask(&["why", "https://never.example/seen"]).stdout;
    assert!(never.contains("never seen") && never.contains("pipeline try"), "{never}");
    assert_eq!(ask(&["why", "https://never.example/seen", "--json"]).json()["articles"].as_array().unwrap().len(), 0);
    let wrong = desk.run(&["why", "not an address"]);
    assert_eq!(wrong.code, Some(2), "{wrong}");

    for args in [&["graph"][..], &["graph", "--worker"]] {
        assert!(ask(args).stdout.starts_with("stateDiagram"), "{args:?}");
    }
    let unknown = desk.run(&["show", "ffffffffffff"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("`pipeline articles` lists them"), "{unknown}");
}

#[test]
fn what_the_program_prints_as_configuration_it_reads_as_one() {
    let desk = default_desk();
    let shown = desk.run(&["config", "show"]).ok();
    assert_eq!(desk.run(&["config", "show", "--json"]).ok().json()["site"][0]["name"], "desk");
    desk.write("again.toml", &shown.stdout);
    let again = desk.run(&["--config", "again.toml", "config", "show"]).ok();
    assert_eq!(again.stdout, shown.stdout);

    let defaults = desk.run(&["config", "show", "--defaults"]).ok();
    // The one thing that has no default.
    let with_repo = defaults.stdout.replacen("repo = \"\"", "repo = \"site.git\"", 1);
    assert_ne!(with_repo, defaults.stdout, "{defaults}");
    desk.write("defaults.toml", &with_repo);
    let read = desk.run(&["--config", "defaults.toml", "config", "show"]).ok();
    let plain = |text: &str| text.lines().filter(|l| !l.starts_with('#')).collect::<Vec<_>>().join("\n");
    assert_eq!(plain(&read.stdout).trim(), plain(&with_repo).trim());
}
