//! Sites of all kinds as `pipeline gate` and a run see them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::harness::desk::Desk;
use crate::harness::site::site_from;
use crate::harness::{data_dir, hugo, skip};
use crate::world::{Spec, World, proposals, unhurt};

fn without_hugo() -> bool {
    let missing = hugo().is_none();
    if missing {
        skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)");
    }
    missing
}

/// A Hugo that writes down what it is asked for.
fn noted_hugo(desk: Desk) -> Desk {
    use std::os::unix::fs::PermissionsExt as _;
    let real = std::path::absolute(hugo().expect("it was looked for")).expect("a path can be completed");
    let notes = desk.path("asked");
    desk.write(
        "hugo.sh",
        &format!("#!/bin/sh\necho \"$1\" >> '{}'\nexec '{}' \"$@\"\n", notes.display(), real.display()),
    );
    let file = desk.path("hugo.sh");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("it was just written");
    desk.with_env("PIPELINE_HUGO", file)
}

#[test]
fn what_a_site_has_is_built_once_and_again_when_a_file_or_the_time_changes_it() {
    if without_hugo() {
        return;
    }
    let desk = noted_hugo(Desk::new(""));
    std::fs::remove_file(desk.path("pipeline.toml")).unwrap();
    desk.bring("hugo-site");
    let post = |link: &str| {
        format!(
            "---\ntitle: A post\ndescription: What it says.\ndate: 2026-11-01T08:00:00Z\n---\nOne ![chart](chart.svg) and \
             [another]({link}).\n"
        )
    };
    desk.write("hugo-site/content/posts/mine/index.md", &post("/posts/later/"));
    desk.write("hugo-site/content/posts/mine/chart.svg", "<svg/>");
    let judge = |now: &str| {
        let args = ["gate", "--json", "--now", now, "--site", "hugo-site", "hugo-site/content/posts/mine/index.md"];
        let output = desk.run(&args);
        unhurt(&output);
        let codes: BTreeSet<String> = output.json()[0]["findings"]
            .as_array()
            .expect("there are findings")
            .iter()
            .filter(|finding| finding["severity"] == "error")
            .map(|finding| finding["code"].as_str().expect("a finding has a code").to_owned())
            .collect();
        let builds = desk.read("asked").unwrap_or_default().lines().filter(|line| *line == "build").count();
        (codes, builds)
    };
    let missing = BTreeSet::from(["form/link-missing".to_owned()]);
    assert_eq!(judge("2026-11-21T06:00:00Z"), (missing.clone(), 1));
    assert_eq!(judge("2026-11-21T07:00:00Z"), (missing.clone(), 1), "nothing has changed");
    // A post of the future has an address once its time has come.
    desk.write(
        "hugo-site/content/posts/later/index.md",
        "---\ntitle: Later\ndate: 2026-12-01T00:00:00Z\n---\nIt is there now.\n",
    );
    assert_eq!(judge("2026-11-21T08:00:00Z"), (missing.clone(), 2), "there is a new file");
    assert_eq!(judge("2026-11-30T08:00:00Z"), (missing, 2));
    let none = BTreeSet::new();
    assert_eq!(judge("2026-12-02T08:00:00Z"), (none.clone(), 3), "the time has come");
    desk.write("hugo-site/content/posts/mine/index.md", &post("https://elsewhere.example/"));
    assert_eq!(judge("2026-12-02T09:00:00Z"), (none, 4), "the post itself has changed");
}

#[test]
fn a_persons_post_is_told_of_addresses_that_are_taken_and_files_that_are_missing() {
    if without_hugo() {
        return;
    }
    let desk = Desk::new("");
    std::fs::remove_file(desk.path("pipeline.toml")).unwrap();
    desk.bring("hugo-site");
    let other = "---\ntitle: Other\ndescription: D.\ndate: 2026-11-01T08:00:00Z\naliases: [/posts/mine/]\n---\nText.\n";
    desk.write("hugo-site/content/posts/other/index.md", other);
    let text = "---\ntitle: Mine\ndescription: D.\ndate: 2026-11-01T08:00:00Z\n---\n![a](no.svg) [b](../other/)\n";
    desk.write("hugo-site/content/posts/mine/index.md", text);
    let now = "2026-11-21T06:00:00Z";
    let output = desk.run(&["gate", "--now", now, "--site", "hugo-site", "hugo-site/content/posts/mine/index.md"]);
    assert_eq!(output.code, Some(1), "{output}");
    // As one line, without the marks at the border.
    let words = output.stdout.split_whitespace().filter(|word| *word != "│");
    let said = &words.collect::<Vec<_>>().join(" ");
    assert!(said.contains("content/posts/other/index.md, which has it as an alias"), "{said}");
    assert!(said.contains("`no.svg` leads to `/posts/mine/no.svg`"), "{said}");
    assert!(!said.contains("`../other/`"), "{said}");
}

#[test]
fn a_theme_that_is_a_submodule_holds_the_work_until_its_folder_is_named() {
    if without_hugo() {
        return;
    }
    let spec = Spec { site: "repo = \"other.git\"\n".into(), ..Spec::default() };
    let world = World::new(4, &spec);
    world.desk.bring("hugo-site");
    let moved = ["layouts", "assets", "static"];
    std::fs::create_dir_all(world.desk.path("themes/desk")).unwrap();
    for folder in moved {
        let (from, to) =
            (world.desk.path(&format!("hugo-site/{folder}")), world.desk.path(&format!("themes/desk/{folder}")));
        std::fs::rename(from, to).unwrap();
    }
    let config = world.desk.read("hugo-site/hugo.toml").unwrap();
    world.desk.write("hugo-site/hugo.toml", &format!("theme = 'desk'\n{config}"));
    // Hidden files stay out of what is committed here; a run sees the submodule all the same.
    let site = site_from(&world.desk.path("hugo-site"), &world.desk.path("other.git"));
    let modules = b"[submodule \"themes/desk\"]\n\tpath = themes/desk\n\turl = https://theme.example/desk\n";
    site.commit("main", "The Owner", "A theme", &[(".gitmodules", modules)]);
    let report = world.run_to(75);
    let causes = report["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 1, "{report}");
    assert_eq!(causes[0]["cause"], "site does not build: desk");
    let message = causes[0]["message"].as_str().unwrap();
    assert!(message.contains("`git submodule update --init`") && message.contains("[site.build]"), "{message}");
    assert!(!world.states().contains_key("Rejected"), "no draft is blamed: {:?}", world.states());

    world.configure(&Spec { site: format!("{}[site.build]\nthemes = \"themes\"\n", spec.site), ..spec });
    let report = world.run_to(0);
    assert_eq!(proposals(&site).len(), 1, "{report}");
    world.dump();
}

#[test]
fn a_command_of_the_sites_own_builds_what_is_checked() {
    if without_hugo() {
        return;
    }
    let world = World::new(4, &Spec::default());
    let real = std::path::absolute(hugo().expect("it was looked for")).unwrap();
    let build = "#!/bin/sh\nset -e\necho built >> \"$3\"\nexec \"$2\" build --quiet --noBuildLock --buildFuture --destination \"$1\"\n";
    world.site.commit("main", "The Owner", "A build", &[("build.sh", build.as_bytes())]);
    let notes = world.desk.path("notes");
    let command = ["sh", "build.sh", "{destination}", real.to_str().unwrap(), notes.to_str().unwrap()];
    let site = format!("[site.build]\ncommand = {command:?}\n");
    world.configure(&Spec { site: site.clone(), ..Spec::default() });
    let report = world.run_to(0);
    assert_eq!(world.proposals().len(), 1, "{report}");
    let built = world.desk.read("notes").unwrap_or_default().lines().count();
    assert!(built >= 2, "the default branch and the draft were built by it, {built} times");

    // One that would leave the site elsewhere is refused before anything runs.
    world.configure(&Spec { site: site.replace("{destination}", "public"), ..Spec::default() });
    let refused = world.desk.run(&["run"]);
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.stderr.contains("{destination}"), "{refused}");
}

/// Gives a site from elsewhere what it needs to build: layouts and shortcodes that stand for those of its theme.
fn stub(site: &Path, files: &[PathBuf]) {
    std::fs::create_dir_all(site.join("layouts/_shortcodes")).unwrap();
    std::fs::write(site.join("layouts/all.html"), "<title>{{ .Title }}</title><h1>{{ .Title }}</h1>{{ .Content }}")
        .unwrap();
    let texts: String = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let shortcode = Regex::new(r"\{\{[<%]\s*(/?)([a-z][a-z-]*)").unwrap();
    let mut names: BTreeSet<(&str, bool)> = BTreeSet::new();
    for found in shortcode.captures_iter(&texts) {
        names.insert((found.get(2).unwrap().as_str(), &found[1] == "/"));
    }
    for (name, _) in names.iter().filter(|(name, _)| !matches!(*name, "ref" | "relref" | "highlight" | "figure")) {
        let text = if names.contains(&(name, true)) { "{{ .Inner }}" } else { "" };
        std::fs::write(site.join(format!("layouts/_shortcodes/{name}.html")), text).unwrap();
    }
    for config in ["hugo.toml", "config.toml", "hugo.yaml"] {
        let Ok(text) = std::fs::read_to_string(site.join(config)) else { continue };
        // The theme is not there, and a cache of this name is no longer known.
        let mut kept = String::new();
        let mut skipping = false;
        for line in text.lines() {
            if line.trim_start().starts_with('[') {
                skipping = line.trim_start().starts_with("[caches");
            }
            if !skipping && !line.starts_with("theme") {
                writeln!(kept, "{line}").unwrap();
            }
        }
        std::fs::write(site.join(config), kept).unwrap();
    }
}

fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn every_page_of_real_sites_is_judged() {
    let Some(data) = data_dir().map(|data| data.join("hugo")).filter(|data| data.is_dir()) else {
        return skip("there are no real sites (PIPELINE_TEST_DATA, ../shared/data)");
    };
    if without_hugo() {
        return;
    }
    let mut judged = 0;
    for entry in std::fs::read_dir(&data).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let desk = Desk::new("");
        std::fs::remove_file(desk.path("pipeline.toml")).unwrap();
        let site = desk.path("site");
        copy(&entry.path(), &site);
        let files = pages(&site.join("content"));
        stub(&site, &files);
        let names: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
        let mut args = vec!["gate", "--json", "--now", "2026-11-21T06:00:00Z", "--site", "site"];
        args.extend(&names);
        let output = desk.run(&args);
        unhurt(&output);
        assert!(matches!(output.code, Some(0 | 1)), "{output}");
        assert!(!output.stderr.contains("not checked"), "the site has to build: {output}");
        let reports = output.json();
        let reports = reports.as_array().unwrap();
        assert_eq!(reports.len(), names.len());
        for report in reports {
            for finding in report["findings"].as_array().unwrap() {
                let own = finding["code"] == "form/slug-taken";
                assert!(!own, "a post stands in its own way: {} {finding}", report["file"]);
            }
        }
        judged += names.len();
    }
    assert!(judged >= 15, "{judged} pages");
}
