//! How costs and estimates look.

use states::thrift::own_or_rent;

use super::*;
use crate::engine::cost::{AlwaysOn, Naive};
use crate::engine::estimate::{AwakeFor, EstimateLine, Room};
use crate::models::Task;
use crate::store::TierCount;

fn line(what: &str, title: Option<&str>, scale: u64) -> CostLine {
    let scaled = i64::try_from(scale).unwrap();
    CostLine {
        what: what.into(),
        title: title.map(str::to_owned),
        calls: 3 * scale,
        unknown: scale / 4,
        tokens: Tokens { input: 4_321 * scale, cached: 1_000 * scale, cache_write: 0, output: 321 * scale },
        left_out: scale,
        nano_usd: NanoUsd(1_234_567 * scaled),
        mwh: MilliWattHours(7_801 * scaled),
        electricity: Amount(2_340_300 * scaled),
    }
}

fn report(by: By, lines: Vec<CostLine>) -> CostReport {
    let total = lines.iter().fold(CostLine::default(), |sum, line| sum.with(line));
    let units = Amount::from_units;
    CostReport {
        by,
        period: Period {
            since: "2026-11-01T00:00:00Z".parse().unwrap(),
            until: "2026-11-22T00:00:00Z".parse().unwrap(),
        },
        days: 21,
        currency: "EUR".into(),
        local_milliseconds: 21 * 4_000_000,
        naive: Naive {
            leads: 812,
            triage: Tokens { input: 1_400_000, output: 121_800, ..Tokens::default() },
            writing: Tokens { input: 240_000, output: 31_000, ..Tokens::default() },
            nano_usd: NanoUsd(7_212_000_000),
            times_hundredths: Some(12_345),
        },
        always_on: Some(AlwaysOn { watts: 300, days: 21, mwh: MilliWattHours(151_200_000), electricity: units(45.36) }),
        answers: [("draft", "hosted", 2), ("triage", "cache", 12), ("triage", "local", 785), ("triage", "semantic", 9)]
            .map(|(task, tier, answers)| TierCount {
                task: task.into(),
                tier: tier.into(),
                answers,
                cost: NanoUsd::ZERO,
            })
            .to_vec(),
        own_or_rent: Some(own_or_rent(units(1.37), units(0.09), units(0.46))),
        total,
        lines,
    }
}

fn fits(text: &str) {
    for line in text.lines() {
        assert!(console::measure_text_width(line) <= 80, "{} columns: {line}", console::measure_text_width(line));
    }
}

#[test]
fn costs_by_day_read_as_a_table() {
    let text = words(&report(By::Day, vec![line("2026-11-20", None, 1), line("2026-11-21", None, 25)]));
    insta::assert_snapshot!(text);
    fits(&text);
}

#[test]
fn costs_by_article_fold_what_is_beyond_the_first_twenty() {
    let title = "A database that writes faster than it reads, and why that is no mistake at all";
    let mut lines: Vec<CostLine> =
        (0..30).map(|n| line(&format!("{n:02}").repeat(16), Some(title), 1 + n % 3)).collect();
    lines.push(CostLine { mwh: MilliWattHours(5), ..CostLine::default() });
    let text = words(&report(By::Article, lines));
    assert!(text.contains("11 more"), "{text}");
    insta::assert_snapshot!(text);
    fits(&text);
}

#[test]
fn nothing_spent_reads_as_nothing() {
    let mut nothing = report(By::Task, Vec::new());
    nothing.naive = Naive {
        leads: 0,
        triage: Tokens::default(),
        writing: Tokens::default(),
        nano_usd: NanoUsd::ZERO,
        times_hundredths: None,
    };
    (nothing.always_on, nothing.own_or_rent) = (None, None);
    let text = words(&nothing);
    insta::assert_snapshot!(text);
    fits(&text);
}

#[test]
fn an_estimate_reads_as_a_table() {
    let config = Config::default();
    let one = |task: Task, provider: &str, tier: &'static str, scale: u64| EstimateLine {
        site: "engineering-notes".parse().unwrap(),
        task,
        provider: provider.into(),
        tier,
        calls: 80 * scale,
        calls_most: 200 * scale,
        tokens: Tokens { input: 240_000 * scale, output: 16_000 * scale, ..Tokens::default() },
        nano_usd: NanoUsd(31_250_123 * i64::try_from(scale).unwrap()),
        nano_usd_most: NanoUsd(1_900_000_000),
        milliseconds: 640_000,
    };
    let estimate = Estimate {
        lines: vec![one(Task::Triage, "box", "local", 0), one(Task::Draft, "hosted-with-a-long-name", "hosted", 1)],
        likely: NanoUsd(31_250_123),
        most: NanoUsd(460_000_000),
        room: ["run", "day", "month"]
            .map(|what| Room { what, cap: NanoUsd(500_000_000), spent: NanoUsd(40_000_000) })
            .to_vec(),
        awake: vec![AwakeFor {
            worker: "box".into(),
            milliseconds: 905_000,
            mwh: MilliWattHours(75_417),
            electricity: Amount(22_625_100),
        }],
        currency: "USD".into(),
        from_runs: 3,
    };
    let text = foretold(&config, &estimate);
    insta::assert_snapshot!(text);
    fits(&text);
}

#[test]
fn days_are_whole_and_in_order() {
    let now = "2026-11-21T13:00:00Z".parse().unwrap();
    let shown = |since: Option<&str>, until: Option<&str>| {
        let date = |text: &str| text.parse::<Date>().unwrap();
        period(now, since.map(date), until.map(date)).map(|p| format!("{} {}", p.since, p.until))
    };
    assert_eq!(shown(None, None).unwrap(), "2026-10-23T00:00:00Z 2026-11-22T00:00:00Z");
    assert_eq!(shown(Some("2026-11-21"), Some("2026-11-21")).unwrap(), "2026-11-21T00:00:00Z 2026-11-22T00:00:00Z");
    assert!(shown(Some("2026-11-22"), None).unwrap_err().message.contains("is after"));
}

#[test]
fn numbers_stay_short() {
    let shown = [0, 9_999, 10_000, 12_345, 999_949, 999_950, 4_561_234].map(compact);
    assert_eq!(shown, ["0", "9999", "10.0k", "12.3k", "999.9k", "1.00M", "4.56M"]);
    assert_eq!([duration(1), duration(119_001), duration(7_200_000)], ["1 s", "2 min", "2 h 00 min"]);
    assert_eq!((usd(NanoUsd(1_499)), short_usd(NanoUsd(1))), ("$0.000001".into(), "$0.0001".into()));
}
