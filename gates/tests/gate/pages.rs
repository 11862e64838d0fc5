//! People's pages as `pipeline gate` tells of them: the page, then what was found with the place marked.

use std::fmt::Write as _;

use gates::lint::{self, Against, Checked, Look, MarkdownFile, Source};
use gates::settings::Settings;
use insta::assert_snapshot;

use crate::support::{RELEASE, REPORT, Sample, at};

const PATH: &str = "content/posts/ours.md";
const HEAD: &str = "---\ntitle: What we read in logs\ndescription: How a small desk reads its logs.\ndate: 2026-03-01T10:00:00Z\n---\n\n";

/// The texts that claims are looked up in: one as it is, one taken out of a page.
fn sources() -> Vec<Source> {
    let page = crate::support::snapshot(
        REPORT,
        "sources/survey.html",
        "Who reads your logs?",
        "Omar Haddad",
        "Log Weekly",
        "2026-03-01T18:00:00Z",
    );
    vec![Source::text("sources/release.txt", RELEASE), Source::extracted("sources/survey.html", page)]
}

pub(crate) fn checked(bytes: &[u8], sources: &[Source]) -> Checked {
    let sample = Sample::good();
    let settings = Settings::default();
    let file = MarkdownFile { name: PATH, path: PATH, bytes };
    let now = at("2026-03-02T07:00:00Z");
    lint::check(file, Against { inventory: &sample.inventory, sources, settings: &settings, now })
}

/// The page with its lines numbered, and everything that is told of it.
fn told_with(page: &str, sources: &[Source]) -> String {
    let checked = checked(page.as_bytes(), sources);
    let mut out = String::new();
    for (n, line) in page.split('\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let line = line.trim_end_matches('\r');
        let cut = if line.chars().count() > 100 { "…" } else { "" };
        let _ = writeln!(out, "{:>3}  {}{cut}", n + 1, line.chars().take(100).map(shown).collect::<String>());
    }
    let _ = writeln!(out);
    out.push_str(&lint::excerpts(&checked, Look { colours: false, columns: 80 }));
    out.push_str(&lint::summary(std::slice::from_ref(&checked), &[]));
    out
}

/// What cannot be seen, by its number.
fn shown(c: char) -> String {
    if c.is_control() || matches!(c, '\u{200b}' | '\u{202e}') { c.escape_unicode().to_string() } else { c.to_string() }
}

fn told(body: &str) -> String {
    told_with(&format!("{HEAD}{body}"), &[])
}

#[test]
fn a_page_with_nothing_wrong() {
    assert_snapshot!(told(
        "Logs are read from the end. See [the other post](/posts/logs/) and [below](#what-helps).\n\n## What helps\n\n```sh\ntail -f app.log\n```\n"
    ));
}

#[test]
fn front_matter_in_yaml_is_marked_at_its_keys_and_values() {
    let page = "---\ntitle: \"\"\ndate: 2026-03-01\ntags:\n  - logging\n  - gardening\n  - Rust\n  - 7\ndraft: maybe\nsummary: [a, b]\n---\n\nText.\n";
    assert_snapshot!(told_with(page, &[]));
}

#[test]
fn front_matter_in_toml_is_marked_at_its_keys_and_values() {
    let page = "+++\ntitle = 'Logs'\ndate = 2031-01-01T00:00:00Z\ntags = [\n  'logging',\n  'logging',\n]\nslug = 'a b'\ndescription = 12\n+++\n\nText.\n";
    assert_snapshot!(told_with(page, &[]));
}

#[test]
fn front_matter_in_json_is_marked_at_its_keys_and_values() {
    let page = "{\n  \"title\": [\"Logs\"],\n  \"date\": \"1970-01-01T00:00:00Z\",\n  \"draft\": true\n}\n\nText.\n";
    assert_snapshot!(told_with(page, &[]));
}

#[test]
fn a_title_and_a_description_that_are_too_long() {
    let page = format!(
        "---\ntitle: {}\ndescription: {}\ndate: 2026-03-01T10:00:00Z\n---\n\nText.\n",
        "Logs and what they say ".repeat(5),
        "A description goes on and on. ".repeat(8)
    );
    assert_snapshot!(told_with(&page, &[]));
}

#[test]
fn a_slug_that_another_page_has() {
    let page = "---\ntitle: Again\nslug: logs\ndate: 2026-03-01T10:00:00Z\ndescription: Logs.\n---\n\nText.\n";
    assert_snapshot!(told_with(page, &[]));
}

#[test]
fn headings_out_of_order() {
    assert_snapshot!(told("# A second title\n\n#### Too deep\n\n##\n\n## With braces {#id onclick=\"x()\"}\n"));
}

#[test]
fn links_and_images_that_lead_nowhere_or_where_they_must_not() {
    assert_snapshot!(told(
        "A [gone page](/posts/gone/), ![no picture](/img/none.png), [a script](javascript:alert(1)), [nothing](#nowhere), and //a//b https://desk.example/nope/ bare.\n\n- [host](//evil.example/)\n"
    ));
}

#[test]
fn code_fences_without_label_and_without_end() {
    assert_snapshot!(told("```\nno label\n```\n\n> ~~~sh\n> quoted\n> ~~~\n\n```sh\nnever closed\n"));
}

#[test]
fn what_would_run_is_marked_wherever_it_stands() {
    assert_snapshot!(told(
        "Text {{< figure src=\"a.png\" >}} and {{ .Site.Title }} and {% raw %}.\n\n```go-html-template\n{{% include \"x\" %}}\n```\n\n<div onclick=\"x()\">\nraw\n</div>\n\nInline <b>bold</b>.\n"
    ));
}

#[test]
fn characters_that_cannot_be_seen_are_shown_as_what_they_are_not() {
    assert_snapshot!(told("A pass\u{202e}word, a zero\u{200b}width and a bell\u{7}.\n"));
}

#[test]
fn a_long_line_is_cut_around_what_is_meant() {
    let body = format!(
        "{}Let us delve into it, {}[gone](/nowhere/).\n",
        "People write a paragraph as one line. ".repeat(6),
        "and it goes on, ".repeat(8)
    );
    assert_snapshot!(told(&body));
}

#[test]
fn a_phrase_that_is_broken_over_two_lines_is_found_where_its_sentence_begins() {
    assert_snapshot!(told("All is well. Now let us delve\ninto the **cutting-edge** of it.\n"));
}

#[test]
fn a_page_in_another_script_is_marked_in_its_columns() {
    assert_snapshot!(told("ログの読み方です。[古い記事](/posts/古い/)を見てください。\n"));
}

#[test]
fn lines_that_end_as_windows_ends_them() {
    assert_snapshot!(told_with(&format!("{HEAD}# One\n\n[gone](/x/)\n").replace('\n', "\r\n"), &[]));
}

#[test]
fn sentences_that_another_post_has() {
    assert_snapshot!(told(
        "This desk collects what is new about logs and tells it in short. We said so before, in the same words as here. We said so before, in the same words as here.\n"
    ));
}

#[test]
fn pages_that_cannot_be_read_say_where() {
    let mut all = String::new();
    let deep = format!("{HEAD}{} x\n", ">".repeat(80));
    for page in [
        "# Only Markdown\n",
        "---\ntitle: never closed\n",
        "---\ntitle: \"x\ndate: 2026\n---\n",
        "---\ntitle: a\ntitle: b\n---\n",
        "+++\ntitle = 'x'\ndate = \n+++\n",
        "{\n  \"title\": x\n}\n",
        &deep,
    ] {
        all.push_str(&told_with(page, &[]));
        all.push('\n');
    }
    assert_snapshot!(all);
}

#[test]
fn a_file_that_is_no_text() {
    let mut bytes = format!("{HEAD}Caf").into_bytes();
    bytes.extend(b"\xe9 and more.\n");
    let checked = checked(&bytes, &[]);
    assert_snapshot!(lint::excerpts(&checked, Look { colours: false, columns: 80 }));
}

#[test]
fn claims_that_the_sources_prove() {
    let page = format!(
        "{HEAD}Parsing a file of 10 MB takes *12 ms* in Ferrite 2.4, down from 40 ms. The release needs Rust 1.85 or later.\n\n“We did not plan a rewrite”, says Jane Doe.\n"
    );
    assert_snapshot!(told_with(&page, &sources()));
}

#[test]
fn claims_that_the_sources_do_not_prove() {
    let page = format!(
        "{HEAD}Rendering takes **20 ms**, as before. It needs Rust 1.86 or later.\nA survey counted 12,000 companies that use it.\n\nThe Nordlicht fund gave the project €1.5 million. “We never planned a rewrite”, says Jane Doe. Support for Rust 1.70 ends on 30 July 2026.\n"
    );
    assert_snapshot!(told_with(&page, &sources()));
}

#[test]
fn figures_that_changed_places() {
    let page = format!("{HEAD}Parsing a file of 10 MB takes 25 ms, while rendering takes 12 ms.\n");
    assert_snapshot!(told_with(&page, &sources()));
}

#[test]
fn what_the_source_says_the_other_way_round() {
    let page = format!("{HEAD}Memory use rose by 30 percent. The lexer allocates memory while it reads a file.\n");
    assert_snapshot!(told_with(&page, &sources()));
}

#[test]
fn a_source_with_front_matter_has_a_day() {
    let source = Source::markdown(
        "sources/notes.md",
        "---\ntitle: Notes\ndate: 2025-12-01T00:00:00Z\n---\n\nA survey ran in January 2026 and counted 1,200 companies.\n",
    );
    let page = format!("{HEAD}A survey counted 1,200 companies in January 2026.\n");
    assert_snapshot!(told_with(&page, &[source]));
}

#[test]
fn one_line_for_each_finding() {
    let page = format!("{HEAD}# One\n\n[gone](/x/) {{{{ x }}}}\n");
    assert_snapshot!(lint::line(&checked(page.as_bytes(), &[])));
}
