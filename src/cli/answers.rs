//! Who gave the answers: how many came from each tier, as a table, a line or a list.

use super::cost::aligned;
use crate::store::TierCount;

/// The tiers in the order of a route, as they are stored and as people read them.
const TIERS: [(&str, &str); 5] =
    [("cache", "cache"), ("semantic", "semantic"), ("local", "local"), ("hosted", "hosted"), ("builtin", "built-in")];

/// How many answers a tier gave, to one task or to all.
fn given(counts: &[TierCount], tier: &str, task: Option<&str>) -> i64 {
    let of = |count: &&TierCount| count.tier == tier && task.is_none_or(|task| count.task == task);
    counts.iter().filter(of).map(|count| count.answers).sum()
}

/// Tasks down, tiers across; empty where nobody answered.
pub(super) fn by_task(counts: &[TierCount]) -> String {
    let mut tasks: Vec<&str> = counts.iter().filter(|c| c.answers > 0).map(|c| c.task.as_str()).collect();
    tasks.dedup();
    if tasks.is_empty() {
        return String::new();
    }
    let mut rows = vec![vec!["answers to".to_owned()]];
    rows[0].extend(TIERS.map(|(_, name)| name.to_owned()));
    for task in tasks {
        let mut row = vec![task.to_owned()];
        row.extend(TIERS.map(|(tier, _)| given(counts, tier, Some(task)).to_string()));
        rows.push(row);
    }
    aligned(&rows, 1)
}

/// `12 cache, 785 local, 4 hosted`; empty where nobody answered.
pub(super) fn by_tier(counts: &[TierCount]) -> String {
    let all = TIERS.map(|(tier, name)| (given(counts, tier, None), name));
    let given = all.into_iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}"));
    given.collect::<Vec<_>>().join(", ")
}

/// `12 triage cache, 1 draft hosted`; empty where nobody answered.
pub(super) fn list(counts: &[TierCount]) -> String {
    let given = counts.iter().filter(|c| c.answers > 0).map(|c| format!("{} {} {}", c.answers, c.task, c.tier));
    given.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use states::words::NanoUsd;

    use super::*;

    fn count(task: &str, tier: &str, answers: i64) -> TierCount {
        TierCount { task: task.into(), tier: tier.into(), answers, cost: NanoUsd::ZERO }
    }

    #[test]
    fn answers_are_told_by_tier_in_the_order_of_a_route() {
        let counts = [
            count("draft", "hosted", 1),
            count("judge", "hosted", 0),
            count("triage", "builtin", 2),
            count("triage", "cache", 12),
            count("triage", "local", 785),
        ];
        assert_eq!(by_tier(&counts), "12 cache, 785 local, 1 hosted, 2 built-in");
        assert_eq!(list(&counts), "1 draft hosted, 2 triage builtin, 12 triage cache, 785 triage local");
        let table = by_task(&counts);
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["answers", "to", "cache", "semantic", "local", "hosted", "built-in"]);
        assert_eq!(lines[1..], [["draft", "0", "0", "0", "1", "0"], ["triage", "12", "0", "785", "0", "2"]]);
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        assert_eq!((by_task(&counts[1..2]), by_tier(&[]), list(&counts[1..2])), Default::default());
    }
}
