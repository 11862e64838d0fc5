//! Tests of [`super`].

use std::collections::HashSet;

use states::words::Timestamp;

use super::super::claims::NameSense;
use super::*;

fn snapshot(body: &str) -> Snapshot {
    let title = Some("Ferrite notes".to_owned());
    Snapshot::compose(body, 1, "https://ferrite.example/n", title, None, None, None, None, Timestamp::UNIX_EPOCH, false)
}

/// What becomes of the first value of `draft` when all of `source` is cited.
fn proof(draft: &str, source: &str) -> &'static str {
    let snapshot = snapshot(source);
    let span = Span { start: snapshot.body_start, end: snapshot.text.len() };
    let windows = [Window::new(&snapshot, span)];
    let library = Library::of_texts(std::slice::from_ref(&snapshot), 2_000);
    let plain = HashSet::new();
    let reading = Reading::of_draft(draft, NameSense { plain: &plain, capitals: true });
    let mut worst = "found";
    for claim in reading.claims.iter().filter(|c| !matches!(c.kind, Kind::Name | Kind::Quotation)) {
        let this = match value(claim, draft, &reading, &windows, &library) {
            Proof::Found(_) => continue,
            Proof::FoundUnbounded(_) => "unbounded",
            Proof::Missing => "missing",
            Proof::Context(_) => "context",
            Proof::Attached(..) => "attached",
            Proof::Bound(_) => "bound",
        };
        worst = this;
    }
    worst
}

#[test]
fn the_same_value_in_other_writing_is_found() {
    for (draft, source) in [
        ("Parsing takes 1.5 s.", "Parsing takes 1,500 milliseconds."),
        ("It has 1,200 users.", "It has 1200 users."),
        ("It has twelve parsers.", "It has 12 parsers."),
        ("It was released on 1 March 2026.", "It was released on 2026-03-01."),
        ("It was released in March 2026.", "It was released on March 1st, 2026."),
        ("The round brought $1.2 million.", "The round brought 1,200,000 dollars."),
        ("Parsing is 40 percent faster.", "Parsing is 40% faster."),
        ("Parsing is twice as fast.", "Parsing is 2x as fast."),
        ("Version 2.4 is out.", "v2.4.0 is out."),
        ("Latency is 10–20 ms.", "Latency is 10 ms to 20 ms."),
        ("The link carries 10 MB/s.", "The link carries 10 megabytes per second."),
        ("Memory is 2 GiB.", "Memory is 2048 MiB."),
        ("It has 1,234 parsers.", "It has 1 234 parsers."),
        ("It has 25,000 parsers.", "Es hat 25.000 parsers."),
        ("It has 1,234,567 rows.", "It has 1.234.567 rows."),
        ("It has 1,200,000 rows.", "It has 1.2 million rows."),
        ("It has 12,000 rows.", "It has 12k rows."),
        ("It has 36 parsers.", "It has three dozen parsers."),
        ("It has 500,000 rows.", "It has half a million rows."),
        ("It has 205 parsers.", "It has two hundred and five parsers."),
        ("It has 2.5 million rows.", "It has two and a half million rows."),
        ("It has 25 parsers.", "It has twenty-five parsers."),
        ("It has 100 parsers.", "It has a hundred parsers."),
        ("It took 1.5 hours.", "It took 1½ hours."),
        ("It uses half of the memory.", "It uses 50 percent of the memory."),
        ("It uses a quarter of the memory.", "It uses 25% of the memory."),
        ("It uses two thirds of the memory.", "It uses two-thirds of the memory."),
        ("Latency is between 3 and 5 ms.", "Latency is 3–5 ms."),
        ("It was released on 14 March 2026.", "It was released on 3/14/2026."),
        ("It was released on 14 March 2026.", "Released: 14.03.2026."),
        ("It was released on Mar. 14.", "It was released on March 14th."),
        ("It was released last Tuesday.", "It was released on Tuesday."),
        ("It was released two weeks ago.", "It was released 14 days ago."),
        ("It cost $5 million.", "It cost 5 million US dollars."),
        ("It cost $2.2 billion.", "It cost US$2.2bn."),
    ] {
        assert_eq!(proof(draft, source), "found", "{draft} / {source}");
    }
}

#[test]
fn another_value_is_missing() {
    for (draft, source) in [
        ("Parsing takes 15 ms.", "Parsing takes 1.5 ms."),
        ("Parsing takes 12 s.", "Parsing takes 12 ms."),
        ("The round brought $5 million.", "The round brought €5 million."),
        ("Version 2.4.1 is out.", "Version 2.4.0 is out."),
        ("Version 2.40 is out.", "Version 2.4 is out."),
        ("It was released on 1 March 2026.", "It was released in March 2026."),
        ("It was released on 2 March 2026.", "It was released on 2026-03-01."),
        ("It grew by 5 percentage points.", "It grew by 5%."),
        ("It carries 10 MB/s.", "It carries 10 MB."),
        ("The 3rd run failed.", "The 3 runs failed."),
        ("Latency fell to -5 ms.", "Latency fell to 5 ms."),
    ] {
        assert_eq!(proof(draft, source), "missing", "{draft} / {source}");
    }
}

#[test]
fn swapped_figures_of_one_page_are_seen() {
    for (draft, source) in [
        ("Parsing takes 40 ms and rendering takes 12 ms.", "Parsing takes 12 ms and rendering takes 40 ms."),
        ("Parsing takes 40 ms.", "Parsing takes 12 ms. Rendering takes 40 ms."),
        ("Rendering takes 12 ms.", "It needs 12 ms for parsing and 40 ms for rendering."),
        ("Latency fell from 12 ms to 40 ms.", "Latency fell from 40 ms to 12 ms."),
        ("Memory use grew to 40%.", "Memory use grew by 40%."),
        ("Ferrite 1.85 requires Rust 2.4 now.", "Ferrite 2.4 requires Rust 1.85 now."),
        ("Fixes came from 12 bugs and 40 contributors.", "40 bugs were fixed by 12 contributors."),
        ("The beta came on 5 May, the release on 1 March.", "The beta came on 1 March, the release on 5 May."),
    ] {
        assert_eq!(proof(draft, source), "attached", "{draft} / {source}");
    }
}

#[test]
fn figures_that_are_told_in_another_order_are_no_swap() {
    for (draft, source) in [
        ("Rendering takes 40 ms, parsing 12 ms.", "Parsing takes 12 ms and rendering takes 40 ms."),
        ("It needs 40 ms for rendering.", "It needs 12 ms for parsing and 40 ms for rendering."),
        ("Latency is now 12 ms.", "Latency fell from 40 ms to 12 ms."),
        ("Latency is 12 ms, down from 40 ms.", "Latency fell from 40 ms to 12 ms."),
        (
            "Throughput rose 30% while memory use fell 12%.",
            "We saw a 30% gain in throughput, and a 12% drop in memory use.",
        ),
        ("The 12 contributors fixed 40 bugs.", "40 bugs were fixed by 12 contributors."),
        ("Ferrite 2.4 needs Rust 1.85.", "Ferrite 2.4 requires Rust 1.85 or later to build."),
    ] {
        assert!(matches!(proof(draft, source), "found" | "unbounded"), "{draft} / {source}: {}", proof(draft, source));
    }
}

#[test]
fn a_figure_about_something_else_is_seen() {
    assert_eq!(proof("The team has 40 engineers.", "The suite has 40 tests."), "context");
    assert_eq!(proof("Startup costs 12 ms.", "Nightly builds wait 12 ms."), "context");
}

#[test]
fn bounds_are_kept() {
    assert_eq!(proof("It has more than 40 users.", "It has fewer than 40 users."), "bound");
    assert_eq!(proof("It has 40 users.", "It has up to 40 users."), "unbounded");
    assert_eq!(proof("It has at least 40 users.", "It has 40 or more users."), "found");
}

#[test]
fn names_stand_together_and_in_order() {
    let snapshot = snapshot("Jane M. Doe met John Smith in Oslo.");
    let span = Span { start: snapshot.body_start, end: snapshot.text.len() };
    let windows = [Window::new(&snapshot, span)];
    let found = |name_: &str| {
        let wanted: Vec<String> = name_.split(' ').flat_map(|w| parts(w, true)).collect();
        name(&wanted, &windows).map(|c| snapshot.text[c.start..c.end].to_owned())
    };
    assert_eq!(found("Jane Doe").as_deref(), Some("Jane M. Doe"));
    assert_eq!(found("Jane Smith"), None);
    assert_eq!(found("Doe Jane"), None);
    assert_eq!(found("Ferrite").as_deref(), Some("Ferrite"), "the title says whose text it is");
    assert_eq!(found("Acme"), None);
    assert_eq!(found("Smith Oslo"), None, "a plain word is no part of a name");
}

#[test]
fn quotations_match_exactly_but_for_marks_and_spaces() {
    let snapshot = snapshot("She said: “We didn’t plan\nthis — it just happened, and we kept it.”");
    let span = Span { start: snapshot.body_start, end: snapshot.text.len() };
    let windows = [Window::new(&snapshot, span)];
    let found = |q: &str| quotation(&Folded::of(q).text, &windows).is_some();
    assert!(found("We didn't plan this"));
    assert!(found("it just happened,"));
    assert!(found("We didn't plan this [...] and we kept it."));
    assert!(!found("We did plan this"));
    assert!(!found("we kept it [...] it just happened"));
    assert!(!found("appened, and we"), "a word is not cut");
}

/// What becomes of the last value of `draft` where `source` was told on Tuesday, 3 March 2026.
fn told(draft: &str, source: &str) -> bool {
    let mut snapshot = snapshot(source);
    snapshot.published = Some("2026-03-03T09:00:00Z".parse().unwrap());
    let windows = [Window::new(&snapshot, Span { start: snapshot.body_start, end: snapshot.text.len() })];
    let library = Library::of_texts(std::slice::from_ref(&snapshot), 2_000);
    let plain = HashSet::new();
    let reading = Reading::of_draft(draft, NameSense { plain: &plain, capitals: true });
    let claim = reading.claims.iter().rfind(|c| c.is_value()).unwrap();
    matches!(value(claim, draft, &reading, &windows, &library), Proof::Found(_))
}

#[test]
fn days_are_told_from_the_day_of_their_source() {
    for (draft, source) in [
        ("Ferrite came out on 3 March 2026.", "Ferrite came out today."),
        ("Ferrite came out on March 2.", "Ferrite came out yesterday."),
        ("Ferrite came out on Tuesday.", "Ferrite came out today."),
        ("Ferrite came out on 27 February 2026.", "Ferrite came out last Friday."),
        ("Ferrite comes out on 6 March 2026.", "Ferrite comes out next Friday."),
        ("Ferrite came out on 17 February 2026.", "Ferrite came out two weeks ago."),
        ("Ferrite came out in January 2026.", "Ferrite came out two months ago."),
        ("Ferrite came out in 2025.", "Ferrite came out last year."),
        ("Ferrite came out last year.", "Ferrite came out in 2025."),
        ("Ferrite came out yesterday.", "Ferrite came out on 2 March 2026."),
        ("Ferrite came out on Monday.", "Ferrite came out on 2 March 2026."),
    ] {
        assert!(told(draft, source), "{draft} / {source}");
    }
    for (draft, source) in [
        ("Ferrite came out on 4 March 2026.", "Ferrite came out today."),
        ("Ferrite came out on Wednesday.", "Ferrite came out today."),
        ("Ferrite came out on Monday.", "Ferrite came out on Tuesday."),
        ("Ferrite came out yesterday.", "Ferrite came out on 1 March 2026."),
        ("Ferrite came out three weeks ago.", "Ferrite came out two weeks ago."),
        ("Ferrite came out last year.", "Ferrite came out in 2024."),
        ("Ferrite came out last month.", "Ferrite came out last week."),
    ] {
        assert!(!told(draft, source), "{draft} / {source}");
    }
}
