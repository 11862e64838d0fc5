//! `pipeline gate` as people and machines call it: files, folders, standard input; its forms, and its exit codes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::desk::Desk;
use crate::harness::{hugo, skip, workspace};

const GOOD: &str = "---\ntitle: Good\ndate: 2026-03-01T10:00:00Z\ndescription: All is well.\n---\n\nAll is well.\n";
const BAD: &str = "---\ntitle: Bad\ndate: 2026-03-01T10:00:00Z\ndescription: Not well.\n---\n\n# Two titles\n";
const WARNED: &str = "---\ntitle: So so\ndate: 2026-03-01T10:00:00Z\n---\n\nNo description.\n";

/// A folder with three pages, a section's list and other things that are no pages.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("content/posts/good.md", GOOD);
    write("content/posts/two words: bad.md", BAD);
    write("content/warned/index.md", WARNED);
    write("content/_index.md", "A list.\n");
    write("content/notes.txt", "no page");
    write("content/.hidden/x.md", "no page");
    write("content/node_modules/x.md", "no page");
    folder
}

fn gate(folder: &Path, args: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(Desk::program());
    command.arg("gate").args(args).current_dir(folder).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
    // A program that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{output:?}"))
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn errors_give_one_warnings_nothing_and_wrong_use_two() {
    let folder = folder();
    for (args, expected) in [
        (&["content/posts/good.md"][..], 0),
        (&["content/warned/index.md"], 0),
        (&["content/posts/two words: bad.md"], 1),
        (&["content/posts/good.md", "content/posts/two words: bad.md"], 1),
        (&["content"], 1),
        (&["content/warned"], 0),
        (&["nowhere.md"], 2),
        (&["content/.hidden/none"], 2),
        (&["content", "--site", "nowhere"], 2),
        (&["content", "--evidence", "nowhere"], 2),
        (&["content", "--evidence", "content/.hidden/.."], 1),
        (&["content", "--format", "yaml"], 2),
        (&["content/posts/good.md", "--config", "nothere.toml"], 2),
        (&["content/posts/good.md", "--config", "pipeline.toml"], 2),
        (&[], 2),
    ] {
        let output = gate(folder.path(), args, "");
        assert_eq!(code(&output), expected, "{args:?}: {output:?}");
    }
}

#[test]
fn a_folder_gives_its_pages_in_order_and_each_once() {
    let folder = folder();
    let output =
        gate(folder.path(), &["content", "content/posts/good.md", "./content/posts/good.md", "--format", "json"], "");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files: Vec<&str> = told.as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["content/posts/good.md", "content/posts/two words: bad.md", "content/warned/index.md"]);
    let findings = told[1]["findings"].as_array().unwrap();
    let finding = findings.iter().find(|f| f["code"] == "form/second-title").unwrap();
    assert_eq!((finding["line"].as_u64(), finding["end_column"].as_u64()), (Some(7), Some(13)));
    assert_eq!(finding["help"], "docs/rules/form/second-title.md");
    assert_eq!(told[0]["errors"], 0);
}

#[test]
fn standard_input_is_a_page_with_a_name() {
    let folder = folder();
    let output = gate(folder.path(), &["-", "--name", "content/posts/new.md", "--format", "line"], BAD);
    assert_eq!(code(&output), 1);
    let line =
        "content/posts/new.md:7:1: error[form/second-title] the body has a heading of level 1 beside the title\n";
    assert_eq!(out(&output), line);
    assert_eq!(code(&gate(folder.path(), &["-"], GOOD)), 0);
    assert_eq!(code(&gate(folder.path(), &["-"], "")), 1, "an empty page has no front matter");
}

#[test]
fn excerpts_have_no_colours_where_nobody_looks_and_fit_eighty_columns() {
    let folder = folder();
    let output = gate(folder.path(), &["content"], "");
    let told = out(&output);
    assert!(
        told.contains("╭─[content/posts/two words: bad.md:7:1]")
            && told.contains("3 files checked: 2 errors, 1 warning")
    );
    assert!(!told.contains('\u{1b}') && told.lines().all(|line| line.chars().count() <= 80), "{told}");
    let coloured = Command::new(Desk::program())
        .args(["gate", "content"])
        .current_dir(folder.path())
        .env("CLICOLOR_FORCE", "1")
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(out(&coloured).contains("\u{1b}["), "{}", out(&coloured));
}

#[test]
fn a_sarif_log_names_files_by_relative_encoded_addresses() {
    let folder = folder();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("other.md"), BAD).unwrap();
    let other = elsewhere.path().join("other.md");
    let args = ["content", other.to_str().unwrap(), "--format", "sarif", "--docs-url", "https://git.example/pipeline"];
    let output = gate(folder.path(), &args, "");
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = &log["runs"][0];
    let root = run["originalUriBaseIds"]["SRCROOT"]["uri"].as_str().unwrap();
    assert!(root.starts_with("file:///") && root.ends_with('/'), "{root}");
    let places: Vec<&Value> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"]["artifactLocation"])
        .collect();
    assert_eq!(places[0]["uri"], "content/posts/two%20words%3A%20bad.md");
    assert_eq!(places[0]["uriBaseId"], "SRCROOT");
    let last = places.last().unwrap();
    assert!(last["uri"].as_str().unwrap().starts_with("file:///") && last.get("uriBaseId").is_none(), "{last}");
    let help = run["tool"]["driver"]["rules"][0]["helpUri"].as_str().unwrap();
    assert!(help.starts_with("https://git.example/pipeline/docs/rules/form/"), "{help}");
}

#[test]
fn claims_are_looked_up_in_a_folder_of_texts_and_pages() {
    let folder = tempfile::tempdir().unwrap();
    let sources = folder.path().join("sources");
    std::fs::create_dir(&sources).unwrap();
    std::fs::write(sources.join("release.txt"), "Ferrite 2.4 is out.\n\nRendering takes 25 ms, as before.\n").unwrap();
    let paragraph =
        "The project received $1.5 million from the Nordlicht fund, which pays for tools that read log files.";
    let html = format!(
        "<html><head><title>News</title></head><body><nav>Home</nav><article><h1>News</h1><p>{paragraph}</p><p>{}</p></article></body></html>",
        "Its makers say that more is to come, and that the money lasts for a while. ".repeat(4)
    );
    std::fs::write(sources.join("news.html"), html).unwrap();
    std::fs::write(sources.join("empty.html"), "<html></html>").unwrap();
    let page = GOOD.replace(
        "All is well.\n",
        "Rendering takes 20 ms, as before. The Nordlicht fund gave the project $1.5 million.\n",
    );
    std::fs::write(folder.path().join("page.md"), page.replace("description: Rendering", "description: All")).unwrap();
    let output = gate(folder.path(), &["page.md", "--evidence", "sources", "--format", "json"], "");
    assert_eq!(code(&output), 1, "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("sources/empty.html is left out"), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = told[0]["findings"].as_array().unwrap();
    let number = findings.iter().find(|f| f["code"] == "evidence/number").unwrap_or_else(|| panic!("{told:#}"));
    assert_eq!(
        (number["source"]["file"].as_str(), number["source"]["line"].as_u64()),
        (Some("sources/release.txt"), Some(3))
    );
    let rows = told[0]["evidence"].as_array().unwrap();
    let money = rows.iter().find(|row| row["kind"] == "money").unwrap_or_else(|| panic!("{told:#}"));
    assert_eq!((money["claim"].as_str(), money["source"]["verbatim"].as_bool()), (Some("$1.5 million"), Some(false)));
    let text = out(&gate(folder.path(), &["page.md", "--evidence", "sources"], ""));
    assert!(text.contains("compared with") && text.contains("[sources/release.txt:3:1]"), "{text}");
}

#[test]
fn a_page_that_is_too_large_or_endless_is_refused_without_being_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("large.md"), "x".repeat(3 << 20)).unwrap();
    let output = gate(folder.path(), &["large.md", "/dev/zero", "--format", "line"], "");
    assert_eq!(code(&output), 1);
    assert_eq!(out(&output).matches("at most 1048576 are read").count(), 2, "{output:?}");
}

#[test]
fn the_sites_own_pages_pass_and_a_link_to_nowhere_does_not() {
    let Some(hugo) = hugo() else { return skip("there is no Hugo (PIPELINE_HUGO, .tools/hugo)") };
    let site = workspace().join("hugo-site");
    let run = |name: &str, text: &str| {
        let mut child = Command::new(Desk::program())
            .args(["gate", "-", "--name", name, "--site", ".", "--format", "line"])
            .current_dir(&site)
            .env("PIPELINE_HUGO", &hugo)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let linked = GOOD.replace("All is well.\n", "See [nothing](/nowhere/).\n");
    let output = run("content/posts/new.md", &linked.replace("description: See", "description: All"));
    assert!(out(&output).contains("error[form/link-missing]"), "{output:?}");
}
