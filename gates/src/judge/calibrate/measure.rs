//! The measures.

use std::collections::{BTreeMap, BTreeSet};

use states::words::Timestamp;

use super::{
    Agreement, Best, Bounds, Calibration, Case, Decision, FEW, Judge, OfJudge, Points, Scope, Undecided, VERSION,
};

/// Measures how the judges of these cases agree with people.
pub fn calibrate(cases: &[Case], undecided: Undecided, made: Timestamp, scope: Scope) -> Calibration {
    let bounds: BTreeSet<Bounds> = cases.iter().map(|case| case.bounds).collect();
    let mut by_judge: BTreeMap<&Judge, Vec<&Case>> = BTreeMap::new();
    let mut mixed = 0;
    for case in cases.iter().filter(|case| !case.samples.is_empty()) {
        match &case.judge {
            Some(judge) => by_judge.entry(judge).or_default().push(case),
            None => mixed += 1,
        }
    }
    let mut judges: Vec<OfJudge> = by_judge
        .into_iter()
        .map(|(judge, cases)| OfJudge { judge: judge.clone(), agreement: agreement(&cases) })
        .collect();
    judges.sort_by_key(|of| std::cmp::Reverse(of.agreement.decided));
    Calibration {
        version: VERSION,
        made,
        site: scope.site,
        since: scope.since,
        bounds: bounds.first().copied().filter(|_| bounds.len() == 1),
        undecided,
        mixed,
        all: agreement(&cases.iter().collect::<Vec<_>>()),
        judges,
    }
}

/// What is measured of one case: the median sample, as the gate takes it.
struct Seen {
    points: Points,
    bounds: Bounds,
    yes: bool,
}

fn agreement(cases: &[&Case]) -> Agreement {
    let mut of = Agreement::default();
    let mut seen = Vec::new();
    let mut spreads = Vec::new();
    for case in cases {
        let mut samples = case.samples.clone();
        samples.sort_by_key(|points| points.total());
        let Some(points) = samples.get(samples.len().saturating_sub(1) / 2).copied() else { continue };
        let (total, yes) = (points.total(), case.decision.is_yes());
        of.decided += 1;
        of.accepted += usize::from(yes);
        of.agreed += usize::from((total >= case.bounds.pass) == yes);
        let row = match total {
            total if total >= case.bounds.pass => &mut of.confusion.pass,
            total if total >= case.bounds.review => &mut of.confusion.review,
            _ => &mut of.confusion.reject,
        };
        *row.entry(case.decision).or_default() += 1;
        if let [lowest, .., highest] = samples.as_slice() {
            spreads.push(f64::from(highest.total() - lowest.total()));
        }
        seen.push(Seen { points, bounds: case.bounds, yes });
    }
    let totals = |yes: bool| seen.iter().filter(move |s| s.yes == yes).map(|s| f64::from(s.points.total()));
    of.mean_accepted = mean(totals(true));
    of.mean_refused = mean(totals(false));
    of.sampled = spreads.len();
    of.mean_spread = mean(spreads.into_iter());
    if of.decided < FEW {
        return of;
    }
    of.kappa = kappa(&seen);
    of.auc = auc(&seen, |s| s.points.total());
    for (n, (name, _)) in Points::default().parts().into_iter().enumerate() {
        if let Some(auc) = auc(&seen, |s| s.points.parts()[n].1) {
            of.parts.insert(name.to_owned(), auc);
        }
    }
    of.best = of.auc.and_then(|_| best(&seen));
    of
}

/// Three decimals are more than so few cases can carry.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    (n > 0.0).then(|| (sum / n * 10.0).round() / 10.0)
}

/// Cohen 1960. `None` where the judge or the people say the same of all: then nothing can show that they agree.
fn kappa(seen: &[Seen]) -> Option<f64> {
    let n = seen.len() as f64;
    let share = |holds: &dyn Fn(&Seen) -> bool| seen.iter().filter(|s| holds(s)).count() as f64 / n;
    let passes = |s: &Seen| s.points.total() >= s.bounds.pass;
    let observed = share(&|s| passes(s) == s.yes);
    let (judge, people) = (share(&passes), share(&|s| s.yes));
    let chance = judge * people + (1.0 - judge) * (1.0 - people);
    let both = |share: f64| share > 0.0 && share < 1.0;
    (both(judge) && both(people)).then(|| rounded((observed - chance) / (1.0 - chance)))
}

/// `None` without both a yes and a no.
fn auc(seen: &[Seen], points: impl Fn(&Seen) -> u8) -> Option<f64> {
    let (mut yes, mut no) = ([0u64; 256], [0u64; 256]);
    for s in seen {
        let counts = if s.yes { &mut yes } else { &mut no };
        counts[usize::from(points(s))] += 1;
    }
    let (all_yes, all_no): (u64, u64) = (yes.iter().sum(), no.iter().sum());
    let (mut below, mut halves) = (0, 0);
    for (yes, no) in yes.iter().zip(no) {
        halves += yes * (2 * below + no);
        below += no;
    }
    let pairs = all_yes * all_no;
    (pairs > 0).then(|| rounded(halves as f64 / (2 * pairs) as f64))
}

/// The upper bound with the most agreement, the nearest to the bound of now among equals.
fn best(seen: &[Seen]) -> Option<Best> {
    let now = seen.first()?.bounds.pass;
    let agreed = |pass: u8| seen.iter().filter(|s| (s.points.total() >= pass) == s.yes).count();
    let pass = (0..=100u8).max_by_key(|pass| (agreed(*pass), std::cmp::Reverse(pass.abs_diff(now))))?;
    let lowest_accepted = seen.iter().filter(|s| s.yes).map(|s| s.points.total()).min()?;
    Some(Best { pass, agreed: agreed(pass), lowest_accepted })
}

impl Decision {
    /// Its word in a table.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::MergedAfterEdits => "merged after edits",
            Self::Approved => "approved",
            Self::ChangesAsked => "changes asked",
            Self::TurnedDown => "turned down",
        }
    }
}
