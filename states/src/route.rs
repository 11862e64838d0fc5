//! Which tier of a route answers next: a pure choice over what is known of each.

use serde::{Deserialize, Serialize};

use crate::limits::Rest;
use crate::words::NanoUsd;

/// The family of the built-in provider: it counts words, and is no second opinion on what a model has said.
pub const BUILT_IN: &str = "builtin";

/// What is known of one tier of a route at this moment. A route is the list of these, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// The provider's name, or `builtin` or `wait`.
    pub name: String,
    /// What kind of tier it is, and what stands in its way.
    pub standing: Standing,
    /// The model's family; empty for a tier that answers nothing.
    pub family: String,
    /// Of a hosted tier, the most that this question can cost there; `None` for one that does not bill.
    pub price: Option<NanoUsd>,
}

/// What stands in the way of a tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It has answered this very question before: the answer is at hand, nobody is woken or paid for it.
    Kept,
    /// It can be asked.
    Ready,
    /// Its worker has to be woken first; worth it if the batch is.
    Asleep,
    /// It cannot be asked now, for this reason (worker unreachable, breaker open, cap reached, key missing): passed over.
    Barred(String),
    /// It was asked for this question and did not answer well: passed over.
    Failed(String),
    /// It has answered, and says itself that it is only so sure (0 to 100), which is too little: somebody else is asked.
    Unsure(u8),
    /// No call leaves to it before a time: waited for where that is short, else passed over.
    Resting(Rest),
    /// The end of a route that rather waits than answers badly.
    Wait,
}

/// In which order hosted tiers are asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// As the route lists them.
    #[default]
    Listed,
    /// The cheapest for this question first. Only hosted tiers change places, among themselves.
    Cheapest,
}

/// What a question asks of its route beside the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms<'a> {
    /// The writer's family: a judge should be of another one.
    pub avoid: Option<&'a str>,
    /// In which order hosted tiers are asked.
    pub order: Order,
    /// The name of the tier that complex work begins at. Those before it are asked when nobody after it can be.
    pub begin: Option<&'a str>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Ask this tier (index in the route).
    Ask(usize),
    /// Wake this tier's worker first (index in the route).
    Wake(usize),
    /// Nobody else can answer now: use what this tier was not sure of (index in the route), the surest of those heard.
    Use(usize),
    /// Ask this tier (index in the route) when its rest is over.
    Hold(usize, Rest),
    /// Wait until what stands in the way is gone; these are the reasons of the tiers passed over.
    Wait(String),
    /// Nobody is left: these are the reasons.
    Nobody(String),
}

/// The first tier that can answer. An answer at hand comes before all that would have to be asked. For a judge, tiers of the
/// writer's family are asked only when no other is left: neither ready nor able to be woken. When nobody is left, what was said
/// unsurely is used, or else the tier whose rest is over first is waited for.
pub fn choose(route: &[Tier], terms: &Terms<'_>) -> Choice {
    let way = way(route, terms);
    let heard = |tier: &Tier| matches!(tier.standing, Standing::Unsure(_)) && tier.family != BUILT_IN;
    let heard_a_model = route.iter().any(heard);
    let may = |tier: &Tier| !(heard_a_model && tier.family == BUILT_IN);
    let foreign = |tier: &Tier| may(tier) && terms.avoid != Some(tier.family.as_str());
    first(route, &way, foreign)
        .or_else(|| first(route, &way, may))
        .or_else(|| surest(route, &way).map(Choice::Use))
        .or_else(|| soonest(route))
        .unwrap_or_else(|| {
            let reasons = reasons(route);
            // What the world stands in the way of is not the article's fault: it waits, with or without `wait` on its route.
            let waits = route.iter().any(|t| matches!(t.standing, Standing::Wait | Standing::Barred(_)));
            if waits { Choice::Wait(reasons) } else { Choice::Nobody(reasons) }
        })
}

/// The tiers (indices in the route) in the order in which they are looked at.
fn way(route: &[Tier], terms: &Terms<'_>) -> Vec<usize> {
    let mut way: Vec<usize> = (0..route.len()).collect();
    if terms.order == Order::Cheapest {
        let places: Vec<usize> = way.iter().copied().filter(|&i| route[i].price.is_some()).collect();
        let mut cheapest = places.clone();
        // Equal prices keep their order.
        cheapest.sort_by_key(|&i| route[i].price);
        for (place, tier) in places.into_iter().zip(cheapest) {
            way[place] = tier;
        }
    }
    if let Some(at) = terms.begin.and_then(|name| way.iter().position(|&i| route[i].name == name)) {
        way.rotate_left(at);
    }
    way
}

fn first(route: &[Tier], way: &[usize], admit: impl Fn(&Tier) -> bool) -> Option<Choice> {
    let admitted = || way.iter().copied().filter(|&i| admit(&route[i]));
    let kept = admitted().find(|&i| route[i].standing == Standing::Kept).map(Choice::Ask);
    kept.or_else(|| {
        admitted().find_map(|i| match &route[i].standing {
            Standing::Ready => Some(Choice::Ask(i)),
            Standing::Asleep => Some(Choice::Wake(i)),
            Standing::Resting(rest) if rest.short => Some(Choice::Hold(i, rest.clone())),
            _ => None,
        })
    })
}

/// The surest of those who were not sure enough; of equals, the one who was asked first.
fn surest(route: &[Tier], way: &[usize]) -> Option<usize> {
    let mut surest: Option<(u8, usize)> = None;
    for &i in way {
        if let Standing::Unsure(percent) = route[i].standing
            && surest.is_none_or(|(best, _)| percent > best)
        {
            surest = Some((percent, i));
        }
    }
    surest.map(|(_, i)| i)
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
            Standing::Kept
            | Standing::Ready
            | Standing::Asleep
            | Standing::Unsure(_)
            | Standing::Resting(_)
            | Standing::Wait => None,
        })
        .collect();
    if said.is_empty() { "the route names nobody".into() } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tier that does not bill, of a model family.
    fn tier(name: &str, family: &str, standing: Standing) -> Tier {
        Tier { name: name.into(), standing, family: family.into(), price: None }
    }

    fn hosted(name: &str, price: i64, standing: Standing) -> Tier {
        Tier { price: Some(NanoUsd(price)), ..tier(name, "f", standing) }
    }

    fn barred() -> Standing {
        Standing::Barred("breaker open".into())
    }

    fn failed() -> Standing {
        Standing::Failed("broken answer".into())
    }

    #[test]
    fn the_choice_as_a_table() {
        use Standing::{Asleep, Kept, Ready, Resting, Unsure, Wait};
        let rest = |second, short| {
            let until = jiff::Timestamp::from_second(second).unwrap();
            Rest { why: crate::limits::Why::Asked, until, short }
        };
        let short = || rest(5, true);
        let long = |second| rest(second, false);
        let table: Vec<(&str, Vec<Standing>, Choice)> = vec![
            ("the first that is ready", vec![Ready, Ready], Choice::Ask(0)),
            ("a sleeping one is woken before a later one is asked", vec![Asleep, Ready], Choice::Wake(0)),
            ("an answer at hand wakes nobody", vec![Asleep, Ready, Kept], Choice::Ask(2)),
            ("of two at hand, the first", vec![Kept, Kept], Choice::Ask(0)),
            ("what is barred is passed over", vec![barred(), Ready], Choice::Ask(1)),
            ("what failed is passed over", vec![failed(), Asleep], Choice::Wake(1)),
            ("who is unsure is passed over", vec![Unsure(60), Ready], Choice::Ask(1)),
            ("also for one that has to be woken", vec![Unsure(60), Asleep], Choice::Wake(1)),
            ("the surest is used where nobody else answers now", vec![Unsure(40), Unsure(60), Wait], Choice::Use(1)),
            ("of equals the first", vec![barred(), Unsure(60), Unsure(60)], Choice::Use(1)),
            ("an unsure answer is better than none", vec![Unsure(0), failed(), barred()], Choice::Use(0)),
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
            assert_eq!(choose(&route, &Terms::default()), expected, "{why}");
        }
    }

    #[test]
    fn the_built_in_provider_is_no_second_opinion_on_what_a_model_says() {
        use Standing::{Ready, Unsure};
        let table = [
            ("where no model answers it does", [("qwen", failed()), (BUILT_IN, Ready)], Choice::Ask(1)),
            ("where one was unsure, that one counts", [("qwen", Unsure(40)), (BUILT_IN, Ready)], Choice::Use(0)),
            ("a model is one on what it says", [(BUILT_IN, Unsure(50)), ("qwen", Ready)], Choice::Ask(1)),
            ("and where that one cannot, it counts", [(BUILT_IN, Unsure(50)), ("qwen", barred())], Choice::Use(0)),
        ];
        for (why, tiers, expected) in table {
            let route = tiers.map(|(family, standing)| tier(family, family, standing));
            assert_eq!(choose(&route, &Terms::default()), expected, "{why}");
        }
    }

    #[test]
    fn cheapest_first_moves_hosted_tiers_among_their_own_places() {
        use Standing::{Asleep, Ready, Wait};
        let route = |standings: [Standing; 4]| {
            let [a, b, c, d] = standings;
            vec![hosted("dear", 900, a), tier("box", "f", b), hosted("cheap", 100, c), hosted("middle", 300, d)]
        };
        let terms = |order| Terms { order, ..Terms::default() };
        let ask = |route: &[Tier], order| match choose(route, &terms(order)) {
            Choice::Ask(i) | Choice::Wake(i) => route[i].name.clone(),
            other => format!("{other:?}"),
        };
        let table = [
            ([Ready, Ready, Ready, Ready], "dear", "cheap"),
            ([Ready, Asleep, failed(), Ready], "dear", "box"),
            ([Ready, barred(), failed(), Ready], "dear", "middle"),
            ([Ready, barred(), barred(), failed()], "dear", "dear"),
        ];
        for (standings, listed, cheapest) in table {
            let route = route(standings);
            assert_eq!(
                (ask(&route, Order::Listed).as_str(), ask(&route, Order::Cheapest).as_str()),
                (listed, cheapest)
            );
        }
        let equal = [hosted("one", 100, Ready), hosted("two", 100, Ready), tier("wait", "", Wait)];
        assert_eq!(choose(&equal, &terms(Order::Cheapest)), Choice::Ask(0), "equal prices keep their order");
    }

    #[test]
    fn complex_work_begins_at_its_tier_and_goes_on_from_there() {
        use Standing::{Kept, Ready, Wait};
        let route = |standings: [Standing; 4]| {
            let names = ["small", "large", "larger", "wait"];
            let tiers = names.into_iter().zip(standings);
            tiers.map(|(name, standing)| tier(name, "f", standing)).collect::<Vec<_>>()
        };
        let terms = |begin| Terms { begin, ..Terms::default() };
        let table = [
            ("simple work begins at the beginning", None, [Ready, Ready, Ready, Wait], Choice::Ask(0)),
            ("complex work begins at its tier", Some("large"), [Ready, Ready, Ready, Wait], Choice::Ask(1)),
            ("and goes on from there", Some("large"), [Ready, failed(), Ready, Wait], Choice::Ask(2)),
            (
                "back to those before when nobody after can",
                Some("large"),
                [Ready, failed(), barred(), Wait],
                Choice::Ask(0),
            ),
            ("what is at hand is used", Some("large"), [Kept, Ready, Ready, Wait], Choice::Ask(0)),
            (
                "a tier that is not on the route changes nothing",
                Some("gone"),
                [Ready, Ready, Ready, Wait],
                Choice::Ask(0),
            ),
        ];
        for (why, begin, standings, expected) in table {
            assert_eq!(choose(&route(standings), &terms(begin)), expected, "{why}");
        }
    }

    #[test]
    fn a_judge_is_of_another_family_when_another_answers() {
        let route =
            [tier("a", "qwen", Standing::Ready), tier("b", "llama", Standing::Ready), tier("w", "", Standing::Wait)];
        let judge = Terms { avoid: Some("qwen"), ..Terms::default() };
        assert_eq!(choose(&route, &judge), Choice::Ask(1));
        assert_eq!(choose(&route[..1], &judge), Choice::Ask(0));
        let with_wait = [route[0].clone(), route[2].clone()];
        assert_eq!(choose(&with_wait, &judge), Choice::Ask(0));
        // Also before an answer of the writer's own family that is at hand.
        let kept = [tier("a", "qwen", Standing::Kept), tier("b", "llama", Standing::Ready)];
        assert_eq!(choose(&kept, &judge), Choice::Ask(1));
        let cheap =
            [hosted("a", 1, Standing::Ready), Tier { family: "llama".into(), ..hosted("b", 9, Standing::Ready) }];
        let cheapest = Terms { avoid: Some("f"), order: Order::Cheapest, ..Terms::default() };
        assert_eq!(choose(&cheap, &cheapest), Choice::Ask(1), "whatever it costs");
    }
}
