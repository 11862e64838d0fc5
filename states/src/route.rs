//! Which tier of a route answers next: a pure choice over what is known of each.

use serde::{Deserialize, Serialize};

use crate::limits::Rest;

/// What is known of one tier of a route at this moment. A route is the list of these, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// The provider's name, or `builtin` or `wait`.
    pub name: String,
    /// What kind of tier it is, and what stands in its way.
    pub standing: Standing,
    /// The model's family; empty for a tier that answers nothing.
    pub family: String,
}

/// What stands in the way of a tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It can be asked.
    Ready,
    /// Its worker has to be woken first; worth it if the batch is.
    Asleep,
    /// It cannot be asked now, for this reason (worker unreachable, breaker open, cap reached, key missing): passed over.
    Barred(String),
    /// It was asked for this question and did not answer well: passed over.
    Failed(String),
    /// No call leaves to it before a time: waited for where that is short, else passed over.
    Resting(Rest),
    /// The end of a route that rather waits than answers badly.
    Wait,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Ask this tier (index in the route).
    Ask(usize),
    /// Wake this tier's worker first (index in the route).
    Wake(usize),
    /// Ask this tier (index in the route) when its rest is over.
    Hold(usize, Rest),
    /// Wait until what stands in the way is gone; these are the reasons of the tiers passed over.
    Wait(String),
    /// Nobody is left: these are the reasons.
    Nobody(String),
}

/// The first tier that can answer. For a judge, tiers of the writer's family (`avoid`) are asked only when no other is
/// left: neither ready nor able to be woken. When nobody is left, the tier whose rest is over first is waited for.
pub fn choose(route: &[Tier], avoid: Option<&str>) -> Choice {
    let foreign = |tier: &Tier| avoid != Some(tier.family.as_str());
    let found = first(route, foreign).or_else(|| first(route, |_| true)).or_else(|| soonest(route));
    found.unwrap_or_else(|| {
        let reasons = reasons(route);
        // What the world stands in the way of is not the article's fault: it waits, with or without `wait` on its route.
        let waits = route.iter().any(|t| matches!(t.standing, Standing::Wait | Standing::Barred(_)));
        if waits { Choice::Wait(reasons) } else { Choice::Nobody(reasons) }
    })
}

fn first(route: &[Tier], admit: impl Fn(&Tier) -> bool) -> Option<Choice> {
    route.iter().enumerate().find_map(|(i, tier)| match &tier.standing {
        Standing::Ready if admit(tier) => Some(Choice::Ask(i)),
        Standing::Asleep if admit(tier) => Some(Choice::Wake(i)),
        Standing::Resting(rest) if rest.short && admit(tier) => Some(Choice::Hold(i, rest.clone())),
        _ => None,
    })
}

fn soonest(route: &[Tier]) -> Option<Choice> {
    let resting = route.iter().enumerate().filter_map(|(i, tier)| match &tier.standing {
        Standing::Resting(rest) => Some((i, rest)),
        _ => None,
    });
    resting.min_by_key(|(_, rest)| rest.until).map(|(i, rest)| Choice::Hold(i, rest.clone()))
}

/// Why each tier does not answer that does not, in words.
pub fn reasons(route: &[Tier]) -> String {
    let said: Vec<String> = route
        .iter()
        .filter_map(|tier| match &tier.standing {
            Standing::Barred(why) | Standing::Failed(why) => Some(format!("{}: {why}", tier.name)),
            Standing::Ready | Standing::Asleep | Standing::Resting(_) | Standing::Wait => None,
        })
        .collect();
    if said.is_empty() { "the route names nobody".into() } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(name: &str, family: &str, standing: Standing) -> Tier {
        Tier { name: name.into(), standing, family: family.into() }
    }

    #[test]
    fn the_choice_as_a_table() {
        use Standing::{Asleep, Failed, Ready, Resting, Wait};
        let barred = || Standing::Barred("breaker open".into());
        let rest = |second, short| {
            let until = jiff::Timestamp::from_second(second).unwrap();
            Rest { why: crate::limits::Why::Asked, until, short }
        };
        let short = || rest(5, true);
        let long = |second| rest(second, false);
        let failed = || Failed("broken answer".into());
        let table: Vec<(&str, Vec<Standing>, Choice)> = vec![
            ("the first that is ready", vec![Ready, Ready], Choice::Ask(0)),
            ("a sleeping one is woken before a later one is asked", vec![Asleep, Ready], Choice::Wake(0)),
            ("what is barred is passed over", vec![barred(), Ready], Choice::Ask(1)),
            ("what failed is passed over", vec![failed(), Asleep], Choice::Wake(1)),
            ("a route may rather wait", vec![barred(), Wait], Choice::Wait("t0: breaker open".into())),
            (
                "what the world stands in the way of waits, whatever else failed",
                vec![barred(), failed()],
                Choice::Wait("t0: breaker open; t1: broken answer".into()),
            ),
            (
                "or nobody is left",
                vec![failed(), failed()],
                Choice::Nobody("t0: broken answer; t1: broken answer".into()),
            ),
            ("a short rest is waited for", vec![Resting(short()), Ready], Choice::Hold(0, short())),
            ("a long one is passed over", vec![Resting(long(900)), Ready], Choice::Ask(1)),
            ("also for a worker that has to be woken", vec![Resting(long(900)), Asleep], Choice::Wake(1)),
            ("who is asked first waits for nobody later", vec![Ready, Resting(short())], Choice::Ask(0)),
            (
                "when nobody is left the rest over first is waited for",
                vec![Resting(long(900)), Resting(long(700))],
                Choice::Hold(1, long(700)),
            ),
            (
                "whatever else stands in the way",
                vec![barred(), Resting(long(900)), failed(), Wait],
                Choice::Hold(1, long(900)),
            ),
            ("an empty route has nobody", vec![], Choice::Nobody("the route names nobody".into())),
        ];
        for (why, standings, expected) in table {
            let route: Vec<Tier> =
                standings.into_iter().enumerate().map(|(i, s)| tier(&format!("t{i}"), "f", s)).collect();
            assert_eq!(choose(&route, None), expected, "{why}");
        }
    }

    #[test]
    fn a_judge_is_of_another_family_when_another_answers() {
        let route =
            [tier("a", "qwen", Standing::Ready), tier("b", "llama", Standing::Ready), tier("w", "", Standing::Wait)];
        assert_eq!(choose(&route, Some("qwen")), Choice::Ask(1));
        assert_eq!(choose(&route[..1], Some("qwen")), Choice::Ask(0));
        let with_wait = [route[0].clone(), route[2].clone()];
        assert_eq!(choose(&with_wait, Some("qwen")), Choice::Ask(0));
    }
}
