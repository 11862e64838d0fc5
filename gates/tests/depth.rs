//! People's own Markdown, nested a hundred thousand levels deep, on the stack of a small thread. An overflow would end the
//! whole process: that this test ends at all is what it shows.

use gates::inventory::Inventory;
use gates::page::MAX_PAGE_BYTES;
use gates::settings::Settings;

const LEVELS: usize = 100_000;

#[test]
fn deep_pages_are_judged_or_refused() {
    let nested = |open: &str, close: &str| {
        let most = MAX_PAGE_BYTES / (open.len() + close.len()).max(1) - 100;
        let levels = LEVELS.min(most);
        format!("{}text{}", open.repeat(levels), close.repeat(levels))
    };
    let page = |body: String| format!("---\ntitle: One\ndescription: Two\n---\n{body}\n");
    let front =
        |open: &str, close: &str| format!("---\ntitle: {}{}\n---\nText.\n", open.repeat(30_000), close.repeat(30_000));
    let mut pages: Vec<(String, String)> = Vec::new();
    for (open, close) in [
        ("> ", ""),
        (">", ""),
        ("- ", ""),
        ("1. ", ""),
        ("*a ", " a*"),
        ("**a ", " a**"),
        ("_a ", " a_"),
        ("~~a ", " a~~"),
        ("[", "](x)"),
        ("![", "](x)"),
        ("[^a", "]"),
        ("`", "` "),
        ("<div>", ""),
        ("<div>\n\n", ""),
        ("(", ")"),
        ("\"", "\""),
        ("# ", ""),
        ("|", ""),
        ("\\", ""),
        ("&#", ";"),
        ("{{< x >}}", ""),
        ("{{</*", ""),
        ("{{%/* {{< ", ""),
        ("{{ x }}", ""),
        ("é{{% x %}}", ""),
    ] {
        pages.push((format!("body {open:?}"), page(nested(open, close))));
    }
    for (open, close) in
        [("[", "]"), ("{a: ", "}"), ("[", ""), ("- ", ""), ("? ", ""), ("&a ", ""), ("!!seq ", ""), ("\"", "")]
    {
        pages.push((format!("YAML {open:?}"), front(open, close)));
    }
    for (open, close) in [("[", "]"), ("{a = ", "}"), ("\"\"\"", "")] {
        pages.push((format!("TOML {open:?}"), front(open, close).replace("---", "+++").replace("title:", "title =")));
    }
    pages.push(("TOML tables".into(), format!("+++\n[{}a]\nx = 1\n+++\nText.\n", "a.".repeat(30_000))));
    pages.push(("TOML keys".into(), format!("+++\n{}a = 1\n+++\nText.\n", "a.".repeat(30_000))));
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[", "")] {
        pages.push((
            format!("JSON {open:?}"),
            format!("{{\"title\":{}1{}}}\n\nText.\n", open.repeat(20_000), close.repeat(20_000)),
        ));
    }
    for (name, text) in pages {
        let began = std::time::Instant::now();
        let judged = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
            let now = "2026-06-01T00:00:00Z".parse().unwrap();
            let read = gates::markdown("content/posts/a.md", &text, &Inventory::default(), &Settings::default(), now);
            // And the verdict is made of it, as `pipeline gate` prints it.
            read.iter().map(|report| report.findings.len()).sum::<usize>()
        });
        let findings = judged.unwrap().join().unwrap_or_else(|_| panic!("{name} panicked"));
        // Unoptimised and beside other work: what grows with the square of the page takes ten times as long.
        let took = began.elapsed().as_secs_f32();
        assert!(took < 60.0, "{name} took {took} s");
        assert!(findings > 0, "{name}: something is to be said of it");
    }
}
