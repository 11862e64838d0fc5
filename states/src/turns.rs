//! Several models and several workers: which model has its turn on a worker, which worker is asked, and when one more is woken.

use std::cmp::Reverse;

/// Work that waits for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The model.
    pub model: String,
    /// How early on an article's way it is used: what comes first has its turn first.
    pub rank: u8,
    /// How much waits.
    pub held: u64,
}

/// Which model has its turn next: each is loaded once for all that waits for it. `current` keeps its turn while it is used,
/// and while work is under way that may still want it (`unsettled`). `None`: nothing changes.
pub fn next<'w>(current: Option<&str>, leases: u64, unsettled: bool, wants: &'w [Want]) -> Option<&'w str> {
    if leases > 0 || current.is_some() && unsettled {
        return None;
    }
    let waiting = wants.iter().filter(|want| want.held > 0);
    // Of equals the one that more waits for, and then the name, so that the order is always the same.
    let first = waiting.min_by_key(|want| (want.rank, Reverse(want.held), &want.model))?;
    Some(&first.model)
}

/// Of workers with the same model that are ready, the one with the fewest leases; of equals the first on the route. Each is
/// named by its place on the route.
pub fn least_leased(ready: &[(usize, u64)]) -> Option<usize> {
    ready.iter().min_by_key(|(place, leases)| (*leases, *place)).map(|(place, _)| *place)
}

/// True when a sleeping worker is to be woken. `own` waits for it, `shared` for others that have the same models, of which
/// `active` are waking or awake: each of these is worth a batch of its own first. `last` is true when nothing else can be
/// done, so that a small batch does not grow any more.
pub fn worth_waking(own: u64, shared: u64, active: u64, min_batch: u64, last: bool) -> bool {
    if active == 0 {
        return own > 0 && (last || own.saturating_add(shared) >= min_batch);
    }
    own > 0 && last || own.saturating_add(shared) >= min_batch.max(1).saturating_mul(active.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(model: &str, rank: u8, held: u64) -> Want {
        Want { model: model.into(), rank, held }
    }

    #[test]
    fn the_turns_as_a_table() {
        let both = [want("writer", 2, 9), want("triage", 1, 1)];
        let equals = [want("a", 2, 1), want("b", 2, 2)];
        for (why, turn, expected) in [
            ("what comes first on the way", next(None, 0, false, &both), Some("triage")),
            ("the first turn waits for nobody", next(None, 0, true, &both), Some("triage")),
            ("a model keeps its turn while it is used", next(Some("embed"), 1, false, &both), None),
            ("and while more may come for it", next(Some("embed"), 0, true, &both), None),
            ("then the next one", next(Some("embed"), 0, false, &both), Some("triage")),
            ("nothing waits", next(Some("embed"), 0, false, &[]), None),
            ("of equals the larger batch", next(None, 0, false, &equals), Some("b")),
        ] {
            assert_eq!(turn, expected, "{why}");
        }
    }

    #[test]
    fn work_is_spread_over_the_workers_that_are_awake() {
        assert_eq!(least_leased(&[(0, 1), (2, 0), (3, 0)]), Some(2));
        assert_eq!(least_leased(&[]), None);
    }

    #[test]
    fn one_more_worker_is_woken_for_one_more_batch() {
        // own, shared, active, last → woken, with batches of three
        for (own, shared, active, last, woken) in [
            (0, 0, 0, true, false),
            (2, 0, 0, false, false),
            (2, 0, 0, true, true),
            (3, 0, 0, false, true),
            (0, 5, 1, true, false),
            (0, 6, 1, false, true),
            (1, 5, 1, false, true),
            (1, 0, 1, false, false),
            (1, 0, 1, true, true),
            (0, 8, 2, true, false),
            (0, 9, 2, false, true),
            // What waits for another that sleeps is that one's.
            (0, 9, 0, true, false),
        ] {
            assert_eq!(worth_waking(own, shared, active, 3, last), woken, "{own} {shared} {active} {last}");
        }
    }
}
