//! Lanes: how many effects of a kind run at once, and whose turn it is. Fingerprints are made of several leads at once, and
//! compared one by one, in lead order: what came first is the original. So what came back too early waits for those before it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use states::effect::Lane;
use states::words::EffectKey;

use super::desk::Desk;
use super::outcome::Outcome;
use crate::record::Turn;
use crate::store::OutboxRow;

/// How many leads are fingerprinted at once.
const COMPARED: usize = 4;

/// Who is next.
#[derive(Default)]
pub(super) struct Turns {
    /// What is under way, in the order in which it was started: lead order.
    order: VecDeque<EffectKey>,
    /// What came back before its turn.
    early: BTreeMap<EffectKey, Back>,
}

/// What came back of an effect, with its turn in a recording.
pub(super) type Back = (OutboxRow, Arc<Turn>, Outcome);

impl Turns {
    /// Notes an effect that is started.
    pub(super) fn expect(&mut self, row: &OutboxRow) {
        if row.effect.lane() == Lane::Compare {
            self.order.push_back(row.key.clone());
        }
    }

    /// What is to be received now that this came back, in order: nothing, where it is not its turn.
    pub(super) fn of(&mut self, back: Back) -> Vec<Back> {
        if back.0.effect.lane() != Lane::Compare {
            return vec![back];
        }
        self.early.insert(back.0.key.clone(), back);
        let mut now = Vec::new();
        while let Some(next) = self.order.front().and_then(|key| self.early.remove(key)) {
            self.order.pop_front();
            now.push(next);
        }
        now
    }
}

/// How many effects of a lane run at once.
pub(super) fn limit(desk: &Desk, lane: Lane) -> usize {
    let limits = desk.config.desk.limits;
    let most = match lane {
        Lane::Fetch => limits.fetch,
        // Fingerprints are made of several at once; they are compared one by one, see [`Turns`].
        Lane::Compare => COMPARED,
        Lane::Score => limits.score,
        Lane::Draft => limits.draft,
        Lane::Gate => limits.gate,
        Lane::Publish => limits.publish,
        Lane::Timer | Lane::Power | Lane::Notice => 4,
    };
    most.max(1)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use states::effect::Effect;
    use states::words::{ArticleId, MachineId, Origin, SnapshotId};

    use super::*;

    fn row(n: usize, effect: Effect) -> OutboxRow {
        let origin = Origin::Url { canonical: format!("https://a.example/{n}"), generation: 0 };
        let id = MachineId::Article(ArticleId::of(&"desk".parse().unwrap(), &origin));
        OutboxRow {
            key: EffectKey::new(&id, 1, 0),
            machine: id,
            effect,
            tries: 0,
            deliveries: 0,
            due_at: Timestamp::UNIX_EPOCH,
            cause: None,
            last: None,
        }
    }

    #[test]
    fn what_is_compared_is_received_in_the_order_in_which_it_was_started() {
        let snapshot: SnapshotId = "ab".repeat(16).parse().unwrap();
        let rows: Vec<OutboxRow> = (0..4).map(|n| row(n, Effect::Compare { snapshot: snapshot.clone() })).collect();
        let page = row(9, Effect::Fetch);
        let mut turns = Turns::default();
        for row in rows.iter().chain([&page]) {
            turns.expect(row);
        }
        let mut back = |row: &OutboxRow| -> Vec<EffectKey> {
            turns.of((row.clone(), Arc::default(), Outcome::failed("x"))).into_iter().map(|(row, ..)| row.key).collect()
        };
        let keys = |all: &[usize]| -> Vec<EffectKey> { all.iter().map(|n| rows[*n].key.clone()).collect() };
        assert_eq!(back(&rows[2]), keys(&[]));
        assert_eq!(back(&page), std::slice::from_ref(&page.key), "other lanes do not wait");
        assert_eq!(back(&rows[1]), keys(&[]));
        assert_eq!(back(&rows[0]), keys(&[0, 1, 2]));
        assert_eq!(back(&rows[3]), keys(&[3]));
    }
}
