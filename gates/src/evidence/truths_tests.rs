//! Pairs of a source and sentences about it: what is true passes, what was changed in one place does not.

use states::words::{Severity, Timestamp};

use super::*;

fn errors(sentence: &str, source: &str) -> Vec<String> {
    let mut source = plain(source, "source.txt");
    source.published = Some("2026-03-03T09:00:00Z".parse::<Timestamp>().unwrap());
    let judged = against(&[source], &[sentence], &Settings::default()).remove(0);
    judged.findings.into_iter().filter(|f| f.severity == Severity::Error).map(|f| f.code).collect()
}

/// Each source with sentences that are true of it, and sentences that are not.
fn try_all(table: &[(&str, &[&str], &[&str])]) {
    let mut wrong = Vec::new();
    for (source, good, bad) in table {
        for sentence in *good {
            let found = errors(sentence, source);
            if !found.is_empty() {
                wrong.push(format!("true, and flagged: {sentence} / {source}: {found:?}"));
            }
        }
        for sentence in *bad {
            if errors(sentence, source).is_empty() {
                wrong.push(format!("wrong, and not seen: {sentence} / {source}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn amounts_without_measure_are_bounded() {
    for source in [
        "The deposit formed 9000000 days ago.",
        "The deposit formed 300000 months ago.",
        "The deposit formed 2147483647 years ago.",
        "The deposit formed 2147483647 weeks ago.",
    ] {
        let _ = errors("The deposit formed on 3 March 2026.", source);
        let _ = errors(source, "The deposit formed on 3 March 2026.");
    }
    let dozens = format!("It has one {}and a half parts.", "dozen ".repeat(35));
    let _ = errors(&dozens, &dozens);
    let powers = "It has 10⁹⁹⁹⁹⁹⁹⁹⁹⁹ parts, 10⁹⁹ parts and 2⁹⁹ parts, 10⁻⁹⁹ of them.";
    let _ = errors(powers, powers);
}

#[test]
fn long_runs_of_marks_are_read_once() {
    for mark in ["/", ".", "~", ":", "-", "'", "@", "_", "$", "^", "½", "⁶", "９", "，", "１，", "1.", "a.", "a@", "::"]
    {
        let text = format!("It is {} here.", mark.repeat(200_000 / mark.len()));
        assert!(!tokens::tokens(&text).is_empty(), "{mark}");
    }
}

#[test]
fn digits_of_other_scripts_are_numbers() {
    try_all(&[
        ("A request takes ４０ ms.", &["A request takes 40 ms."], &["A request takes 50 ms."]),
        ("A request takes 40 ms.", &["A request takes ４０ ms."], &["A request takes ５０ ms."]),
        ("Load grew by 40 %.", &["Load grew by ４０％."], &["Load grew by ５０％."]),
        (
            "It serves 10⁶ requests.",
            &["It serves 10⁶ requests.", "It serves a million requests."],
            &["It serves 10⁹ requests."],
        ),
        ("It costs ⅓ of the memory.", &["It costs a third of the memory."], &["It costs ⅔ of the memory."]),
        ("It serves ٤٠ requests.", &["It serves ٤٠ requests."], &["It serves ٥٠ requests."]),
        ("The plan costs 40² coins.", &["The plan costs 40 coins."], &["The plan costs 30 coins."]),
    ]);
}

#[test]
fn versions_are_no_decimals() {
    try_all(&[
        (
            "It runs on Python 3.9 and 3.10 today.",
            &["It runs on Python 3.9 and 3.10 today."],
            &["It runs on Python 3.9 and 3.1 today."],
        ),
        (
            "Fixes went into Django 5.1, 4.20 and 3.30 today.",
            &["Fixes went into Django 5.1, 4.20 and 3.30 today."],
            &["Fixes went into Django 5.1, 4.2 and 3.3 today."],
        ),
        ("It needs rustc 1.90 to build.", &["It needs rustc 1.90 to build."], &["It needs rustc 1.9 to build."]),
        ("It needs kernel 6.10 to run.", &["It needs kernel 6.10 to run."], &["It needs kernel 6.1 to run."]),
        (
            "The file has a ratio of 2.50 here.",
            &["The file has a ratio of 2.50 here."],
            &["The file has a ratio of 2.60 here."],
        ),
    ]);
}

#[test]
fn what_an_amount_is_for_is_compared() {
    try_all(&[
        (
            "The hosted plan costs $10 per month.",
            &[
                "The hosted plan costs $10 per month.",
                "The hosted plan costs $10 a month.",
                "The hosted plan costs $10/month.",
                "The hosted plan costs $10 monthly.",
                "The hosted plan costs $10.",
                "The hosted plan costs $10 per user per month.",
            ],
            &[
                "The hosted plan costs $10 per year.",
                "The hosted plan costs $10 a day.",
                "The hosted plan costs $10/week.",
            ],
        ),
        (
            "The model costs $3 per million tokens.",
            &[
                "The model costs $3 per million tokens.",
                "The model costs $3 per million input tokens.",
                "The model costs $3 per 1M tokens.",
            ],
            &[
                "The model costs $3 per thousand tokens.",
                "The model costs $3 per token.",
                "The model costs $3 per million requests.",
            ],
        ),
        ("Storage costs $10 per terabyte.", &["Storage costs $10/TB."], &["Storage costs $10 per gigabyte."]),
        (
            "It answers 500 failed requests per minute.",
            &[
                "It answers 500 requests a minute.",
                "It answers 500 requests/min.",
                "It answers 500 failed requests per 60 seconds.",
            ],
            &["It answers 500 requests per second.", "It answers 500 failed requests every hour."],
        ),
        (
            "It costs $10 per user per month.",
            &["It costs $10 per month per user.", "It costs $10 per user."],
            &["It costs $10 per user per year.", "It costs $10 per team per month."],
        ),
        ("It takes 40 ms per request.", &["It takes 40 ms for each request."], &["It takes 40 ms per frame."]),
    ]);
}

#[test]
fn scales_units_and_currencies_are_compared() {
    try_all(&[
        ("The fund raised $5m in June.", &["The fund raised $5 million in June."], &["The fund raised $5 in June."]),
        ("The fund raised $5b in June.", &["The fund raised $5 billion in June."], &["The fund raised $5m in June."]),
        (
            "The fund raised 5m euros in June.",
            &["The fund raised €5 million in June."],
            &["The fund raised €5 in June."],
        ),
        (
            "The tool saw 5m downloads in June.",
            &["The tool saw 5 million downloads in June."],
            &["The tool saw 5 downloads in June."],
        ),
        ("The cable is 5m long.", &["The cable is 5 metres long."], &["The cable is 5 million long."]),
        (
            "The plan costs A$10 here.",
            &["The plan costs A$10 here.", "The plan costs AUD 10 here."],
            &["The plan costs $10 here."],
        ),
        ("The plan costs $10 here.", &["The plan costs US$10 here."], &["The plan costs C$10 here."]),
        ("The plan costs ₽10 here.", &["The plan costs RUB 10 here."], &["The plan costs ₺10 here."]),
        (
            "The result was -$5 million in June.",
            &["The result was -$5 million in June."],
            &["The result was $5 million in June."],
        ),
        (
            "The tank holds 50 gallons of fuel for each of the long test runs.",
            &["The tank holds 50 gallons of fuel."],
            &["The tank holds 50 litres of fuel for each of the long test runs."],
        ),
        (
            "The plane flew at 300 mph over the northern test range in June.",
            &[],
            &["The plane flew at 300 knots over the northern test range in June."],
        ),
        (
            "The northern fund gave the project 5 crore rupees in June.",
            &[
                "The northern fund gave the project 5 crore rupees in June.",
                "The fund gave the project 50 million rupees.",
            ],
            &["The northern fund gave the project 5 lakh rupees in June."],
        ),
    ]);
}

#[test]
fn times_of_day_are_compared_whole() {
    try_all(&[
        (
            "The talk starts at 10:30 a.m. in the hall.",
            &["The talk starts at 10:30 am.", "The talk starts at 10:30 in the hall."],
            &["The talk starts at 10:30 p.m. in the hall.", "The talk starts at 22:30 in the hall."],
        ),
        (
            "The talk starts at 9 am in the hall.",
            &["The talk starts at 9 a.m.", "The talk starts at 9:00 in the hall."],
            &["The talk starts at 9 pm in the hall."],
        ),
        ("The talk starts at 22:30 in the hall.", &["The talk starts at 10:30 pm."], &["The talk starts at 10:30 am."]),
        (
            "The build ran at 2026-03-01T10:00:00Z on the new machine.",
            &[
                "The build ran at 2026-03-01T10:00:00Z on the new machine.",
                "The build ran on 1 March 2026.",
                "The build ran on 2026-03-01 at 10:00.",
            ],
            &["The build ran at 2026-03-01T18:00:00Z on the new machine."],
        ),
    ]);
}

#[test]
fn direction_and_size_of_a_change_are_kept() {
    try_all(&[
        (
            "Latency fell to 40 ms.",
            &["Latency fell to 40 ms.", "Latency is now 40 ms."],
            &["Latency fell 40 ms.", "Latency fell by 40 ms."],
        ),
        ("Latency fell 40 ms.", &["Latency fell by 40 ms."], &["Latency fell to 40 ms."]),
        (
            "The parser needs 40 MB more memory.",
            &["The parser needs 40 MB more memory."],
            &["The parser needs 40 MB less memory."],
        ),
        (
            "The sensor works down to minus 40 °C.",
            &["The sensor works down to -40 °C."],
            &["The sensor works down to 40 °C."],
        ),
        ("Ferrite came out last Monday.", &["Ferrite came out on Monday."], &["Ferrite came out next Monday."]),
        (
            "The parser needs up to 40 MB of memory.",
            &["The parser needs no more than 40 MB of memory."],
            &["The parser needs no less than 40 MB of memory."],
        ),
    ]);
}

#[test]
fn what_is_worked_out_must_be_right() {
    try_all(&[
        (
            "Latency rose from 40 ms to 60 ms.",
            &["Latency rose 50% from 40 ms to 60 ms."],
            &["Latency rose 33% from 40 ms to 60 ms."],
        ),
        (
            "The file grew from 100 MB to 150 MB.",
            &["The file grew 1.5x from 100 MB to 150 MB."],
            &["The file doubled from 100 MB to 150 MB."],
        ),
        (
            "The file grew from 100 MB to 205 MB.",
            &["The file doubled from 100 MB to 205 MB."],
            &["The file tripled from 100 MB to 205 MB."],
        ),
        ("The part is 0,125 mm thick.", &["The part is 0.125 mm thick."], &["The part is 125 mm thick."]),
    ]);
}

#[test]
fn years_and_versions_count_nothing() {
    try_all(&[
        (
            "The team ran the servers in the spring of 2024.",
            &["The team ran the servers in 2024.", "The team ran the 2024 servers."],
            &["The team ran 2024 servers in the spring."],
        ),
        ("The team ships version 40 of the servers.", &["The team ships version 40."], &["The team ships 40 servers."]),
    ]);
}
