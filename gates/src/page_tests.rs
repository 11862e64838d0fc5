//! Tests of [`super`]: pages parsed.

use super::*;

fn page(body: &str) -> Page {
    Page::parse("content/posts/a.md", &format!("---\ntitle: A\n---\n{body}")).unwrap()
}

#[test]
fn the_three_front_matter_formats_give_the_same_values() {
    let yaml =
        Page::parse("a.md", "---\ntitle: A\ndate: 2026-03-01T10:00:00Z\ntags: [x, y]\ndraft: false\n---\nText\n")
            .unwrap();
    let toml = Page::parse(
        "a.md",
        "+++\ntitle = 'A'\ndate = 2026-03-01T10:00:00Z\ntags = ['x', 'y']\ndraft = false\n+++\nText\n",
    )
    .unwrap();
    let json = Page::parse(
        "a.md",
        "{\n\"title\": \"A\", \"date\": \"2026-03-01T10:00:00Z\", \"tags\": [\"x\", \"y\"], \"draft\": false\n}\nText\n",
    )
    .unwrap();
    assert_eq!(yaml.front, toml.front);
    assert_eq!(yaml.front, json.front);
    assert_eq!(json.body().trim(), "Text");
}

#[test]
fn front_matter_that_cannot_be_read_says_why() {
    let fail = |text: &str| Page::parse("a.md", text).unwrap_err().to_string();
    assert!(fail("Text").contains("begins with `---`"));
    assert!(fail("---\ntitle: A\n").contains("does not end"));
    assert!(fail("---\ntitle: [A\n---\n").contains("not valid YAML"));
    assert!(fail("+++\ntitle = \n+++\n").contains("not valid TOML"));
    assert!(fail("{\"title\": }\n").contains("not valid JSON"));
    assert!(fail("---\ntitle: A\ntitle: B\n---\n").contains("not valid YAML"), "a key that stands twice");
}

#[test]
fn places_are_counted_in_lines_and_characters() {
    let page = page("Ü <b>x</b>\n");
    assert_eq!(page.place(page.html[0].start), Place::Line { line: 4, column: 3 });
}

#[test]
fn headings_links_code_and_html_are_found_where_they_are() {
    let page = page(
        "## One\n\nA [link](/x/) and https://bare.example/y. `{{ code }}`\n\n```rust\nlet a = 1;\n```\n\n<!-- c -->\n\n![i](p.png)\n",
    );
    assert_eq!(page.headings[0].text, "One");
    let urls: Vec<&str> = page.links.iter().map(|l| l.url.as_str()).collect();
    assert_eq!(urls, ["/x/", "https://bare.example/y", "p.png"]);
    assert_eq!(page.code[0].label.as_deref(), Some("rust"));
    assert!(page.code[0].closed);
    assert_eq!(page.html.len(), 1);
    assert!(page.is_verbatim(page.text.find("{{").unwrap()));
    assert!(!page.is_verbatim(page.text.find("link").unwrap()));
}

#[test]
fn a_fence_without_an_end_is_seen() {
    assert!(!page("```rust\nlet a = 1;\n").code[0].closed);
    assert!(!page("````\na\n```\n").code[0].closed);
    assert!(page("> ```\n> a\n> ```\n").code[0].closed);
}

#[test]
fn code_is_not_counted_as_words() {
    assert_eq!(page("## Two words\n\n- three more here\n\n```\nnot these at all\n```\n").count_words(), 5);
}

#[test]
fn nesting_without_bound_is_refused_on_a_small_stack() {
    let deep = 100_000;
    let bodies = [
        ">".repeat(deep) + " x",
        "> ".repeat(deep) + "x",
        "- ".repeat(deep) + "x",
        "1. ".repeat(deep) + "x",
        "*a ".repeat(deep),
        "**a".repeat(deep),
        "[".repeat(deep),
        "![".repeat(deep) + "x" + &"](y)".repeat(deep),
        "[a](".repeat(deep),
        "<".repeat(deep),
        "`".repeat(deep),
        "_a __b ".repeat(deep / 2),
    ];
    let fronts = [
        format!("---\na: {}\n---\n", "[".repeat(deep)),
        format!("---\na: {}{}\n---\n", "[".repeat(30_000), "]".repeat(30_000)),
        format!("---\na: {}1\n---\n", "{b: ".repeat(15_000)),
        format!("---\n{}x\n---\n", "- ".repeat(30_000)),
        format!("+++\na = {}{}\n+++\n", "[".repeat(30_000), "]".repeat(30_000)),
        format!("+++\n{}a = 1\n+++\n", "a.".repeat(30_000)),
        format!("+++\n[{}a]\n+++\n", "a.".repeat(30_000)),
        format!("{{\"a\": {}{}}}\n", "[".repeat(deep), "]".repeat(deep)),
    ];
    let pages: Vec<String> = bodies.iter().map(|body| format!("---\ntitle: A\n---\n{body}\n")).chain(fronts).collect();
    for text in pages {
        let start = std::time::Instant::now();
        let name: String = text.chars().skip(18).take(12).collect();
        let worker = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
            // What counts is that it ends, and in an answer.
            let _ = Page::parse("a.md", &text);
        });
        assert!(worker.unwrap().join().is_ok());
        assert!(start.elapsed().as_secs() < 20, "{name} took {:?}", start.elapsed());
    }
}

#[test]
fn a_page_that_is_too_large_is_refused() {
    let error = Page::parse("a.md", &"x".repeat(MAX_PAGE_BYTES + 1)).unwrap_err();
    assert!(matches!(error, PageError::TooLarge { .. }));
}

#[test]
fn the_slug_is_the_one_that_hugo_takes() {
    assert_eq!(page("x").slug(), "a");
    assert_eq!(Page::parse("content/posts/b/index.md", "---\ntitle: A\n---\n").unwrap().slug(), "b");
    assert_eq!(Page::parse("content/posts/b.md", "---\nslug: c\n---\n").unwrap().slug(), "c");
}
