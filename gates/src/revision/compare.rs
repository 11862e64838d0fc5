//! The comparison.

use std::collections::{BTreeMap, BTreeSet};

use states::words::{Block, Cite, Draft, Finding, Place, Sentence, Severity};

use super::{Attempt, Step, errors};

/// The attempt with the fewest errors, the later of equals; `None` for none. What a person sent back is chosen only where
/// nothing was written since.
pub fn best(attempts: &[Attempt<'_>]) -> Option<usize> {
    let count = |n: &usize| errors(attempts[*n].report).count();
    let since: Vec<usize> = (0..attempts.len()).filter(|n| !attempts[*n].sent_back).collect();
    // The last of the smallest.
    since.into_iter().rev().min_by_key(count).or(attempts.len().checked_sub(1))
}

/// What each attempt that revises another came to, in order.
pub fn steps(attempts: &[Attempt<'_>]) -> Vec<Step> {
    let revisions = attempts.iter().enumerate().filter_map(|(n, attempt)| Some((n, attempt, attempt.base?)));
    revisions.filter(|(n, _, base)| base < n).map(|(n, attempt, base)| step(attempts, n, attempt, base)).collect()
}

fn step(attempts: &[Attempt<'_>], n: usize, attempt: &Attempt<'_>, base: usize) -> Step {
    let revised = attempts[base];
    let before: Vec<&Finding> = errors(revised.report).collect();
    let after: Vec<&Finding> = errors(attempt.report).collect();
    let matched = pairs(&before, &after);
    let of = |from: &[&Finding], wanted: &dyn Fn(usize) -> bool| {
        from.iter().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, f)| (*f).clone()).collect::<Vec<_>>()
    };
    let fixed = of(&before, &|i| !matched.contains_key(&i));
    let kept: BTreeSet<usize> = matched.values().copied().collect();
    let still = of(&after, &|i| kept.contains(&i));
    let fresh = of(&after, &|i| !kept.contains(&i));
    // Gone in the draft that it revises, seen in one before.
    let known: Vec<&Finding> =
        attempts[..n].iter().enumerate().filter(|(at, _)| *at != base).flat_map(|(_, a)| errors(a.report)).collect();
    let refs: Vec<&Finding> = fresh.iter().collect();
    let seen: BTreeSet<usize> = pairs(&known, &refs).into_values().collect();
    let (back, new): (Vec<_>, Vec<_>) = fresh.iter().cloned().enumerate().partition(|(i, _)| seen.contains(i));
    let (changed_percent, unasked_percent) = changed(&revised, attempt.draft);
    Step {
        draft: n + 1,
        base: base + 1,
        errors: (before.len(), after.len()),
        fixed,
        still,
        new: new.into_iter().map(|(_, f)| f).collect(),
        back: back.into_iter().map(|(_, f)| f).collect(),
        changed_percent,
        unasked_percent,
        same: is_same(revised.draft, attempt.draft),
    }
}

/// By what two findings of one rule are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Everything,
    Text,
    Place,
}

/// What a finding is known by; `None` where it cannot be known so.
fn key(finding: &Finding, by: By) -> Option<(String, Option<String>, Option<Place>)> {
    // A rule that speaks of the whole page may speak of several things there.
    let whole = matches!(finding.place, Place::Page | Place::Html);
    let fits = match by {
        By::Everything => true,
        By::Text => finding.excerpt.is_some(),
        By::Place => !whole || finding.excerpt.is_none(),
    };
    let text = finding.excerpt.clone().filter(|_| by != By::Place);
    fits.then(|| (finding.code.clone(), text, (by != By::Text).then(|| finding.place.clone())))
}

/// Which finding of `after` each of `before` is, by index: the surest likeness first, each finding once.
fn pairs(before: &[&Finding], after: &[&Finding]) -> BTreeMap<usize, usize> {
    let mut matched = BTreeMap::new();
    let mut taken = vec![false; after.len()];
    for by in [By::Everything, By::Text, By::Place] {
        let mut free: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (i, finding) in after.iter().enumerate().rev().filter(|(i, _)| !taken[*i]) {
            if let Some(key) = key(finding, by) {
                free.entry(key).or_default().push(i);
            }
        }
        for (i, finding) in before.iter().enumerate() {
            if matched.contains_key(&i) {
                continue;
            }
            if let Some(j) = key(finding, by).and_then(|key| free.get_mut(&key)).and_then(Vec::pop) {
                matched.insert(i, j);
                taken[j] = true;
            }
        }
    }
    matched
}

/// How many of the sentences of a draft its revision does not have any more, in percent: of all, and of those in which nothing
/// was found.
fn changed(revised: &Attempt<'_>, draft: &Draft) -> (u8, u8) {
    let mut left: BTreeMap<(&str, &[Cite]), usize> = BTreeMap::new();
    let says = |s: &Sentence| !s.text.trim().is_empty();
    for (_, sentence) in draft.sentences().into_iter().filter(|(_, s)| says(s)) {
        *left.entry((sentence.text.trim(), &sentence.cites)).or_default() += 1;
    }
    let found: BTreeSet<&Place> =
        revised.report.findings().filter(|f| f.severity > Severity::Info).map(|f| &f.place).collect();
    let (mut all, mut gone, mut quiet, mut quiet_gone) = (0, 0, 0, 0);
    for (place, sentence) in revised.draft.sentences().into_iter().filter(|(_, s)| says(s)) {
        let there = match left.get_mut(&(sentence.text.trim(), sentence.cites.as_slice())) {
            Some(n) if *n > 0 => {
                *n -= 1;
                true
            }
            _ => false,
        };
        all += 1;
        gone += usize::from(!there);
        if !found.contains(&place) {
            quiet += 1;
            quiet_gone += usize::from(!there);
        }
    }
    (percent(gone, all), percent(quiet_gone, quiet))
}

/// Rounded up, so that a change is never told as none.
fn percent(part: usize, whole: usize) -> u8 {
    u8::try_from((part * 100).div_ceil(whole.max(1))).unwrap_or(100)
}

/// The same words in the same order with the same citations, whoever wrote them.
fn is_same(one: &Draft, other: &Draft) -> bool {
    let code = |draft: &Draft| -> Vec<Block> {
        let blocks = draft.sections.iter().flat_map(|s| &s.blocks);
        blocks.filter(|b| matches!(b, Block::Code { .. })).cloned().collect()
    };
    one.sentences() == other.sentences() && one.tags == other.tags && code(one) == code(other)
}
