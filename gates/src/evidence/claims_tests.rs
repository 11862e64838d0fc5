//! Tests of [`super`]: claims taken from sentences.

use super::*;

fn kinds(text: &str) -> Vec<(&'static str, String)> {
    let plain = HashSet::new();
    let reading = Reading::of_draft(text, NameSense { plain: &plain, capitals: true });
    let values = reading.claims.into_iter().filter(|c| c.kind != Kind::Name);
    values.map(|c| (c.kind.as_str(), text[c.span].to_owned())).collect()
}

fn one(text: &str) -> (&'static str, String) {
    let found = kinds(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn somebody_named_like_a_month_is_no_date() {
    assert_eq!(kinds("By Jun Sato, and from April Stone."), []);
    assert_eq!(one("It came by June."), ("date", "June".into()));
}

#[test]
fn each_kind_of_value_is_read() {
    for (text, kind, claim) in [
        ("It takes 12 ms.", "number", "12 ms"),
        ("It takes 1,234 requests.", "number", "1,234"),
        ("It has two parts.", "number", "two"),
        ("It has 1.5 million rows.", "number", "1.5 million"),
        ("It is 3x faster.", "number", "3x"),
        ("It is twice as fast.", "number", "twice"),
        ("It moves 10 MB/s.", "number", "10 MB/s"),
        ("A 64-bit build.", "number", "64-bit"),
        ("The 2nd run.", "number", "2nd"),
        ("It starts at 10:30 sharp.", "number", "10:30"),
        ("It is 40% faster.", "percent", "40%"),
        ("It is 40 percent faster.", "percent", "40 percent"),
        ("It grew 3 percentage points.", "percent", "3 percentage points"),
        ("It costs $1.2 million.", "money", "$1.2 million"),
        ("It costs 5 euros.", "money", "5 euros"),
        ("It costs EUR 5.", "money", "EUR 5"),
        ("Use v2.4.1 now.", "version", "v2.4.1"),
        ("Use version 3 now.", "version", "3"),
        ("Use Ferrite 2.4 now.", "version", "2.4"),
        ("Use 2.0.0-rc.1 now.", "version", "2.0.0-rc.1"),
        ("It came on March 1, 2026.", "date", "March 1, 2026"),
        ("It came on 1 March 2026.", "date", "1 March 2026"),
        ("It came on the 1st of March.", "date", "1st of March"),
        ("It came in March 2026.", "date", "March 2026"),
        ("It came in May.", "date", "May"),
        ("It came in 2026.", "date", "2026"),
        ("It came on 2026-03-01.", "date", "2026-03-01"),
        ("Es kam am 1. März 2026.", "date", "1. März 2026"),
        ("It came on 3/14/2026.", "date", "3/14/2026"),
        ("Es kam am 14.03.2026.", "date", "14.03.2026"),
        ("It came last Tuesday.", "date", "last Tuesday"),
        ("It came on Friday.", "date", "Friday"),
        ("It came yesterday.", "date", "yesterday"),
        ("It came two weeks ago.", "date", "two weeks ago"),
        ("It came last year.", "date", "last year"),
        ("It has 1 234 rows.", "number", "1 234"),
        ("It has 25.000 rows.", "number", "25.000"),
        ("It has three dozen rows.", "number", "three dozen"),
        ("It has half a million rows.", "number", "half a million"),
        ("It has two hundred and five rows.", "number", "two hundred and five"),
        ("It uses two-thirds of it.", "number", "two-thirds"),
        ("It costs 5 million US dollars.", "money", "5 million US dollars"),
        ("See https://e.example/a.", "url", "https://e.example/a"),
        ("She said “it is done”.", "quotation", "it is done"),
        ("She called it 'done' then.", "quotation", "done"),
    ] {
        assert_eq!(one(text), (kind, claim.to_owned()), "{text}");
    }
}

#[test]
fn words_that_only_look_like_values_are_left_alone() {
    for text in [
        "One of them may march on.",
        "Nobody's second guess.",
        "A zero-cost idea.",
        "Don't use the users' names.",
        "Half a loaf.",
        "The third run, over the last year.",
        "Use Sun hardware.",
        "3) Read the manual.",
    ] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn a_figure_in_a_short_quotation_is_still_a_figure() {
    assert_eq!(kinds("It takes “12 ms” now.").len(), 2);
    assert_eq!(kinds("He said “it takes about 12 ms today”.").len(), 1);
}

#[test]
fn ranges_share_their_unit() {
    let value = |text: &str| Reading::of_source(text).claims.into_iter().map(|c| c.value).collect::<Vec<_>>();
    assert_eq!(value("10–20 ms"), value("10 ms to 20 ms"));
    assert_eq!(value("between 5 and 10 percent"), value("between 5% and 10%"));
    assert_eq!(value("$5–10"), value("$5 – $10"));
}

#[test]
fn words_belong_to_the_value_of_their_clause() {
    let reading = Reading::of_source("Parsing takes 12 ms and rendering, as before, takes 40 ms.");
    let anchors = |n: usize| reading.claims[n].anchors.iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(anchors(0), ["pars", "tak"]);
    assert_eq!(anchors(1), ["render", "tak"]);
}

#[test]
fn bounds_and_roles_are_read() {
    let first = |text: &str| Reading::of_source(text).claims.remove(0);
    assert_eq!(first("more than 40 users").bound, Some(Bound::Least));
    assert_eq!(first("no more than 40 users").bound, Some(Bound::Most));
    assert_eq!(first("up to 40 users").bound, Some(Bound::Most));
    assert_eq!(first("40+ users").bound, Some(Bound::Least));
    assert_eq!(first("grew to 40 users").role, Some(Role::To));
    assert_eq!(first("compared to 40 users").role, None);
    assert_eq!(first("grew by about 40%").role, Some(Role::By));
}

#[test]
fn quotation_marks_of_all_kinds_are_paired() {
    let inside = |text: &str| quotations(text).0.into_iter().map(|r| text[r].to_owned()).collect::<Vec<_>>();
    assert_eq!(inside("a \"b c\" d “e” «f» „g“ ‘h’ it's"), ["b c", "e", "f", "g", "h"]);
    assert_eq!(inside("It's the users' own 13\" screen"), [""; 0]);
    assert_eq!(inside("“don't stop”"), ["don't stop"]);
    assert_eq!(inside("He said: “It is done."), ["It is done."]);
    assert_eq!(inside("It is done,” he said. “Now"), ["It is done,", "Now"]);
    assert_eq!(inside("It is done.\""), ["It is done."]);
    assert_eq!(quotations("a “b").1, Some(2));
    assert_eq!(quotations("a b”").1, Some(3));
    assert_eq!(quotations("“a b”").1, None);
}

#[test]
fn hostile_numbers_are_read_without_panic() {
    for text in [
        &"9".repeat(10_000),
        "1e400 99999999999999999999999999999999999 %",
        "999999999999999999999999999999 trillion years",
        "v1.2.3.4.5.6.7.8.9.10",
        "2026-99-99 99 March 9999",
        "1-2-3-4 -- - $ €5€ %5%",
        "99/99/2026 0.000 1.000.000.000,99 1 000 000 000 000 000 000 000 000 000 000 000",
        "nine hundred billion trillion dozen dozen dozen dozen million years ago",
        "999999999999 weeks ago 99999 years ago last next half a and a half ½½",
        "“”‘’\"\"''«»",
    ] {
        let plain = HashSet::new();
        let _ = Reading::of_draft(text, NameSense { plain: &plain, capitals: true });
        let _ = Reading::of_source(text);
    }
}
