//! When the next call may leave to a provider: what it asked for, what its breaker says, and what fits into a minute. Derived
//! from its calls in the ledger; nothing is stored beside them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::breaker::{Breaker, OPEN, WINDOW, breaker, later};

/// The span over which requests and tokens are counted.
pub const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// How far back from its last good call the calls of a provider matter: what was under way when its breaker opened may end well.
pub const MEMORY: SignedDuration = SignedDuration::from_mins(WINDOW.as_mins() + 2 * OPEN.as_mins());
/// How long it takes until somebody looks again whether another effect's probe has come back.
const PROBE_LOOK: SignedDuration = SignedDuration::from_secs(15);

/// What a provider allows, and how long it is waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls that may leave within a minute; 0 for no limit.
    pub requests: u64,
    /// Tokens of prompts and answers within a minute; 0 for no limit.
    pub tokens: u64,
    /// Seconds that a rest is waited for where another tier could be asked instead.
    pub patience: i64,
}

/// What a call says about its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// It works.
    Good,
    /// It fails.
    Bad,
    /// Nothing: it asked us to slow down, it refused a key, or our own end cut the call off.
    Nothing,
}

/// One call, as far as it bears on the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// When it left.
    pub started: Timestamp,
    /// When it ended; `None` while it is under way.
    pub ended: Option<Timestamp>,
    /// What it says.
    pub bearing: Bearing,
    /// The provider asked for no call before this time.
    pub not_before: Option<Timestamp>,
    /// Its tokens: counted, or estimated where nobody has counted.
    pub tokens: u64,
}

/// Why a call waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The provider asked for it.
    Asked,
    /// Its breaker is open.
    Breaker,
    /// Its breaker waits for a probe that is under way.
    Probe,
    /// The minute is full.
    Pace {
        /// Milliseconds between this turn and the next one.
        apart: i64,
    },
}

/// No call leaves to a provider before a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// Why.
    pub why: Why,
    /// When it is over.
    pub until: Timestamp,
    /// It is short: waited for, rather than that another tier is asked.
    pub short: bool,
}

impl Rest {
    /// The reason in words.
    pub fn reason(&self) -> String {
        let until = self.until;
        match self.why {
            Why::Asked => format!("it asked for no calls before {until}"),
            Why::Breaker => format!("its breaker is open until {until}"),
            Why::Probe => "its breaker waits for a probe that is under way".to_owned(),
            Why::Pace { .. } => format!("its requests or tokens of a minute are used up until {until}"),
        }
    }
}

/// Whether a provider rests at `now`, by its calls since [`MEMORY`] before its last good one, in the order in which they ended.
///
/// A rest is short when all that it asked for since it last answered well is within the patience: who says "five more seconds"
/// for ever is passed over. A provider that fails is not waited for where another can be asked.
pub fn rest(now: Timestamp, calls: &[Heard], patience: i64) -> Option<Rest> {
    let ended = || calls.iter().filter_map(|call| call.ended.map(|at| (at, call)));
    let (mut until, mut waited) = (Timestamp::MIN, SignedDuration::ZERO);
    for (at, call) in ended() {
        if call.bearing == Bearing::Good {
            waited = SignedDuration::ZERO;
        }
        if let Some(asked) = call.not_before.filter(|asked| *asked > until) {
            waited = waited.saturating_add(asked.duration_since(at.max(until)));
            until = asked;
        }
    }
    let asked =
        (now < until).then(|| Rest { why: Why::Asked, until, short: waited <= SignedDuration::from_secs(patience) });
    let weighed: Vec<(Timestamp, bool)> = ended()
        .filter(|(_, call)| call.bearing != Bearing::Nothing)
        .map(|(at, call)| (at, call.bearing == Bearing::Good))
        .collect();
    let broken = match breaker(now, &weighed) {
        Breaker::Closed => None,
        Breaker::Open { until } => Some(Rest { why: Why::Breaker, until, short: false }),
        // One probe at a time: its outcome decides.
        Breaker::Probe if calls.iter().any(|call| call.ended.is_none()) => {
            Some(Rest { why: Why::Probe, until: later(now, PROBE_LOOK), short: false })
        }
        Breaker::Probe => None,
    };
    // The longer one holds.
    asked.into_iter().chain(broken).max_by_key(|rest| rest.until)
}

/// How often a provider has asked to slow down since it last answered well: for a backoff where it does not say for how long.
pub fn slowed(calls: &[Heard]) -> u32 {
    let since = calls.iter().rev().take_while(|call| call.bearing != Bearing::Good);
    u32::try_from(since.filter(|call| call.not_before.is_some()).count()).unwrap_or(u32::MAX)
}

/// The earliest time at which a call of so many tokens fits into the minute before it; `None` where it fits now. `calls` are
/// those that left within the last minute, in any order. A call larger than a whole minute's tokens leaves alone.
pub fn room(now: Timestamp, calls: &[Heard], tokens: u64, limits: &Limits) -> Option<Timestamp> {
    let mut recent: Vec<(Timestamp, u64)> =
        calls.iter().map(|c| (later(c.started, MINUTE), c.tokens)).filter(|(leaves, _)| *leaves > now).collect();
    recent.sort_unstable();
    let mut used = recent.iter().fold(0_u64, |sum, (_, tokens)| sum.saturating_add(*tokens));
    let mut count = recent.len() as u64;
    let mut at = None;
    for (leaves, freed) in recent {
        let fits = (limits.requests == 0 || count < limits.requests)
            && (limits.tokens == 0 || used.saturating_add(tokens) <= limits.tokens);
        if fits {
            break;
        }
        at = Some(leaves);
        count -= 1;
        used -= freed;
    }
    at
}

/// How long after the turn of a call of so many tokens the next one is, in milliseconds: what it takes of a minute.
pub fn apart(tokens: u64, limits: &Limits) -> i64 {
    let share = |part: u64, whole: u64| if whole == 0 { 0 } else { part.saturating_mul(60_000).div_ceil(whole) };
    i64::try_from(share(1, limits.requests).max(share(tokens, limits.tokens)).min(60_000)).unwrap_or(60_000)
}

/// When it is the turn of a call that finds no room before `room`, where `handed` is what the turn before it handed on: one
/// after the other, so that those who wait do not all come at once. Gives the turn, and what is handed on.
pub fn turn(room: Timestamp, handed: Option<Timestamp>, apart: i64) -> (Timestamp, Timestamp) {
    let turn = handed.map_or(room, |handed| handed.max(room));
    (turn, later(turn, SignedDuration::from_millis(apart)))
}

/// True for a turn that is near enough to be waited for.
pub fn is_short(now: Timestamp, until: Timestamp, patience: i64) -> bool {
    until.duration_since(now) <= SignedDuration::from_secs(patience)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    /// A call that took a second and ended at this one.
    fn call(ended: i64, bearing: Bearing, not_before: Option<i64>) -> Heard {
        Heard { started: at(ended - 1), ended: Some(at(ended)), bearing, not_before: not_before.map(at), tokens: 100 }
    }

    fn good(ended: i64) -> Heard {
        call(ended, Bearing::Good, None)
    }

    fn bad(ended: i64) -> Heard {
        call(ended, Bearing::Bad, None)
    }

    fn slow(ended: i64, until: i64) -> Heard {
        call(ended, Bearing::Nothing, Some(until))
    }

    fn under_way(started: i64) -> Heard {
        Heard { ended: None, ..call(started + 1, Bearing::Nothing, None) }
    }

    #[test]
    fn when_a_provider_rests_as_a_table() {
        use Why::{Asked, Breaker, Probe};
        let broken = || vec![bad(0), bad(1), bad(2), bad(3)];
        let with = |mut calls: Vec<Heard>, more: Vec<Heard>| {
            calls.extend(more);
            calls
        };
        type Row = (&'static str, Vec<Heard>, i64, Option<(Why, i64, bool)>);
        let table: Vec<Row> = vec![
            ("nothing was heard", vec![], 0, None),
            ("it asked for ten seconds", vec![slow(0, 10)], 5, Some((Asked, 10, true))),
            ("which are over at the tenth", vec![slow(0, 10)], 10, None),
            ("a minute is still waited for", vec![slow(0, 60)], 1, Some((Asked, 60, true))),
            ("more is not", vec![slow(0, 61)], 1, Some((Asked, 61, false))),
            ("not even in its last second", vec![slow(0, 3600)], 3599, Some((Asked, 3600, false))),
            ("the longer of two holds", vec![slow(0, 30), slow(1, 10)], 5, Some((Asked, 30, true))),
            ("an answer that was under way does not end it", vec![slow(0, 30), good(1)], 5, Some((Asked, 30, true))),
            ("rests add up", vec![slow(0, 40), slow(41, 81)], 50, Some((Asked, 81, false))),
            ("those at once do not", vec![slow(0, 40), slow(1, 41)], 5, Some((Asked, 41, true))),
            ("until it answers well", vec![slow(0, 40), good(41), slow(42, 82)], 50, Some((Asked, 82, true))),
            (
                "time that nobody waited does not count",
                vec![slow(0, 40), slow(900, 915)],
                901,
                Some((Asked, 915, true)),
            ),
            ("asking to slow down is no failure", (0..9).map(|s| slow(s, s + 1)).collect(), 30, None),
            ("failures open its breaker", broken(), 10, Some((Breaker, 603, false))),
            ("a call under way changes nothing", with(broken(), vec![under_way(2)]), 10, Some((Breaker, 603, false))),
            ("then one probe may leave", broken(), 603, None),
            ("and no other beside it", with(broken(), vec![under_way(603)]), 604, Some((Probe, 619, false))),
            ("a good one closes it", with(broken(), vec![good(604)]), 605, None),
            ("a bad one opens it again", with(broken(), vec![bad(604)]), 605, Some((Breaker, 1204, false))),
            (
                "of a rest and a breaker the longer holds",
                with(broken(), vec![slow(4, 3600)]),
                10,
                Some((Asked, 3600, false)),
            ),
        ];
        for (what, calls, now, expected) in table {
            let expected = expected.map(|(why, until, short)| Rest { why, until: at(until), short });
            assert_eq!(rest(at(now), &calls, 60), expected, "{what}");
        }
    }

    #[test]
    fn how_often_it_asked_to_slow_down_since_it_was_good() {
        assert_eq!(slowed(&[]), 0);
        assert_eq!(slowed(&[slow(0, 1), good(2), slow(3, 4), bad(5), slow(6, 7)]), 2);
    }

    #[test]
    fn a_minute_has_room_for_so_many_requests_and_tokens() {
        let calls: Vec<Heard> = [0, 10, 20].map(under_way).to_vec();
        let limits = |requests, tokens| Limits { requests, tokens, patience: 60 };
        let table = [
            ("no limits, no waiting", limits(0, 0), 500, 30, None),
            ("a fourth request fits", limits(4, 0), 1, 30, None),
            ("a third waits for the first to be a minute old", limits(3, 0), 1, 30, Some(60)),
            ("a second for the second", limits(2, 0), 1, 30, Some(70)),
            ("and one for the last", limits(1, 0), 1, 30, Some(80)),
            ("tokens fit to the last one", limits(0, 400), 100, 30, None),
            ("and not one more", limits(0, 400), 101, 30, Some(60)),
            ("as many as are needed have to leave", limits(0, 400), 250, 30, Some(70)),
            ("what never fits leaves alone", limits(0, 400), 9_999, 30, Some(80)),
            ("and then it does", limits(0, 400), 9_999, 80, None),
            ("the stricter limit counts", limits(3, 300), 200, 30, Some(70)),
            ("a minute later nothing is left of them", limits(1, 100), 100, 80, None),
        ];
        for (what, limits, tokens, now, expected) in table {
            assert_eq!(room(at(now), &calls, tokens, &limits), expected.map(at), "{what}");
        }
    }

    /// Whatever comes, no minute of the outcome holds more than the limits allow.
    #[test]
    fn no_minute_ever_holds_more_than_the_limits() {
        let limits = Limits { requests: 7, tokens: 1_000, patience: 60 };
        let mut left: Vec<Heard> = Vec::new();
        let mut now = at(0);
        for n in 0..400_u64 {
            let tokens = 40 + (n * 7919) % 400;
            while let Some(until) = room(now, &left, tokens, &limits) {
                assert!(until > now);
                now = until;
            }
            left.push(Heard { started: now, ended: None, bearing: Bearing::Nothing, not_before: None, tokens });
            now = later(now, SignedDuration::from_millis(i64::try_from((n * 104_729) % 3_000).unwrap()));
        }
        for call in &left {
            let within =
                || left.iter().filter(|c| c.started <= call.started && later(c.started, MINUTE) > call.started);
            assert!(within().count() <= 7 && within().map(|c| c.tokens).sum::<u64>() <= 1_000);
        }
        let minutes = left.last().unwrap().started.duration_since(at(0)).as_mins();
        assert!(minutes <= 125, "400 calls took {minutes} minutes: the limits are not used");
    }

    #[test]
    fn turns_are_given_one_after_the_other() {
        let limits = Limits { requests: 6, tokens: 6_000, patience: 60 };
        let (first, handed) = turn(at(5), None, apart(100, &limits));
        let (second, handed) = turn(at(5), Some(handed), apart(3_000, &limits));
        let (third, _) = turn(at(5), Some(handed), apart(100, &limits));
        assert_eq!([first, second, third], [at(5), at(15), at(45)]);
        assert_eq!(turn(at(90), Some(at(45)), 10_000).0, at(90), "a turn that is over counts no more");
        assert!(is_short(at(0), at(60), 60) && !is_short(at(0), at(61), 60));
    }
}
