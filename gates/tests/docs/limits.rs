//! What the texts say of the limits of their rules is so.

use states::words::Layer;

use crate::examples::codes_of;

/// Runs each text and compares the codes of its findings.
fn all_are(layer: Layer, label: &'static str, cases: &[(&'static str, &[&str])]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = codes_of(layer, label, text);
        if found != *expected {
            wrong.push(format!("{text:?} gives {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Front matter with this date and this further line, and a body.
macro_rules! page {
    ($date:literal, $line:literal) => {
        concat!("---\ntitle: Logs\ndescription: x\ndate: ", $date, "\n", $line, "\n---\n\nText.\n")
    };
}

#[test]
fn the_front_matter_is_read_as_the_texts_say() {
    all_are(
        Layer::Form,
        "markdown",
        &[
            ("---\n---\n\nText.\n", &["form/key-missing", "form/key-missing", "coverage/description-missing"]),
            ("Text.\n", &[]),
            (page!("2026-03-01 10:00:00 +01:00", "lastmod: 2"), &[]),
            (page!("2026-03-02T07:10:00Z", ""), &[]),
            (page!("2026-03-02T07:10:01Z", ""), &["form/date-future"]),
            (page!("1994-12-31T23:59:59Z", ""), &["form/date-odd"]),
            (page!("1995-01-01T00:00:00Z", "publishDate: 2030-01-01T00:00:00Z"), &[]),
            (page!("7", ""), &["form/key-type"]),
            (page!("2026-03-01T10:00:00Z", "draft: \"yes\""), &["form/key-type"]),
            (page!("2026-03-01T10:00:00Z", "summary: 7"), &["form/key-type"]),
            (page!("2026-03-01T10:00:00Z", "tags: [parsers, Parsers]"), &["form/tag-twice", "form/tag-unknown"]),
            (page!("2026-03-01T10:00:00Z", "categories: [Unheard, Unheard]\naliases: [/x/]"), &[]),
            (page!("2026-03-01T10:00:00Z", "slug: Über-Logs"), &[]),
            (page!("2026-03-01T10:00:00Z", "slug: a#b"), &["form/slug-form"]),
            (page!("2026-03-01T10:00:00Z", "note: \"\\x7b{< figure >}}\""), &["form/shortcode"]),
            (page!("2026-03-01T10:00:00Z", "note: \"{{ .Title }}\""), &["form/template-syntax"]),
        ],
    );
}

#[test]
fn the_body_is_read_as_the_texts_say() {
    all_are(
        Layer::Form,
        "markdown",
        &[
            ("Two titles\n==========\n\nText.\n", &["form/second-title"]),
            ("## A\n\n### B\n\n#### C\n\n## D\n\nText.\n", &[]),
            ("## ![](/img/chart.png)\n\nText.\n", &["form/empty-heading"]),
            ("## ![A chart](/img/chart.png)\n\nText.\n", &[]),
            ("In  today’s fast‑paced world, all is well.\n", &["form/forbidden-phrase"]),
            ("It runs mastodo:fix and stops.\n", &[]),
            ("```text\ndelve into\n```\n", &[]),
            ("[a](../logs/) [b](https://desk.example/posts/logs/?q=1#part) [c](mailto:me@desk.example)\n", &[]),
            ("[a](https://desk.example/none/) ![b](/img/none.png)\n", &["form/link-missing", "form/link-missing"]),
            ("![a](https://cdn.example/a.png) [b](https://nowhere.example/none/)\n", &[]),
            ("[a](//evil.example/x) <https://me:word@evil.example/>\n", &["form/link-unsafe", "form/link-unsafe"]),
            ("Look[^1].\n\n[^1]: Here.\n", &[]),
            ("- Run:\n\n  ```sh\n  ferrite\n\nText.\n", &["form/fence-open"]),
            ("Run:\n\n    ferrite read\n", &[]),
            ("One.\n\n<!--more-->\n\n<!-- aside -->\n", &["form/raw-html"]),
            ("```text\n{{< figure >}}\n{{ .Title }} <b>\n```\n", &["form/shortcode"]),
            ("A soft\u{ad}hyphen, a zero\u{200b}width space.\n", &["form/hidden-character", "form/hidden-character"]),
            ("А Cyrillic а, an emoji 👩\u{200d}💻, a tab\tand\r\na line.\n", &[]),
            ("It splits records. It splits records. It splits records.\n", &[]),
        ],
    );
    let many: &'static str = Box::leak("a\u{200b}b ".repeat(30).into_boxed_str());
    assert_eq!(codes_of(Layer::Form, "markdown", many).len(), 20);
}

#[test]
fn claims_are_proven_as_the_texts_say() {
    let number: &[&str] = &["evidence/number"];
    all_are(
        Layer::Evidence,
        "text",
        &[
            ("source: The lexer reads 10 thousand files.\nsentence: The lexer reads 10,000 files.", &[]),
            ("source: The lexer reads twelve files.\nsentence: The lexer reads 12 files.", &[]),
            ("source: The lexer reads files.\nsentence: The lexer reads files with one rule.", &[]),
            ("source: The lexer reads files.\nsentence: The lexer reads files with 3 rules.", number),
            (
                "source: Reading took 40 ms and now takes 10 ms.\nsentence: Reading took 40 ms and now takes 10 ms, a difference of 30 ms.",
                &[],
            ),
            (
                "source: Reading took 40 ms and now takes 10 ms.\nsentence: Reading took 40 ms and now takes 10 ms, a difference of 35 ms.",
                number,
            ),
            (
                "source: Memory use fell by 30.4 percent.\nsentence: Memory use fell by 30 percent.",
                &["evidence/percent"],
            ),
            ("source: Support ends in June 2026.\nsentence: Support ends on 30 June 2026.", &["evidence/date"]),
            ("source: The lexer needs Ferrite 4.2 or later.\nsentence: The lexer needs Ferrite 4.2.", &[]),
            (
                "source: “The old lexer simply could not grow any further,” says the maintainer.\nsentence: The maintainer says: “The old lexer […] could not grow any further.”",
                &[],
            ),
            (
                "source: “The old lexer could not grow,” says the maintainer.\nsentence: The maintainer says that “the old lexer could not grow”.",
                &[],
            ),
            (
                "source: “The old lexer could not grow,” says the maintainer.\nsentence: The maintainer says that “the old Lexer could not grow”.",
                &["evidence/quotation"],
            ),
            ("source: The lexer reads files.\nsentence: The lexer reads files by its API and as JSON.", &[]),
            ("source: The lexer reads files.\nsentence: The lexer reads files.\nuncited: Zyntech helps.", &[]),
            (
                "source: The lexer reads files.\nsentence: The lexer reads files.\nuncited: More is at https://ferrite.example/blog/4-2.",
                &[],
            ),
            ("source: The lexer came on 2 March 2026.\nsentence: The lexer came on 2 March 2026.", &[]),
            (
                "source: The new lexer is slower on small files.\nsentence: The new lexer is not faster on small files.",
                &[],
            ),
            (
                "source: The parser drops the need for a lock file.\nsentence: The parser no longer needs a lock file.",
                &[],
            ),
        ],
    );
}

#[test]
fn built_pages_are_read_as_the_texts_say() {
    all_are(
        Layer::Hugo,
        "text",
        &[
            ("title: A B\nhtml: <h1>a, <i>b</i></h1><a href=/x/>x</a><a href=https://desk.example/y>y</a>", &[]),
            ("title: A\nhtml: A<noscript><img src=https://e.example/1.gif></noscript>", &["hugo/undeclared"]),
            ("title: A\nhtml: A<p onclick=f()>", &["hugo/undeclared"]),
            ("title: A\nhtml: A<p style=\"background:url(https://e.example/1)\">", &["hugo/undeclared"]),
            (
                "title: A\ndeclared: https://e.example/f.js\nhtml: A<script src=https://e.example/f.js></script>",
                &["hugo/undeclared"],
            ),
        ],
    );
}
