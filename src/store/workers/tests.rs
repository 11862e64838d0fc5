//! What is booked of a worker, over runs, readings and their absence.

use std::path::Path;

use states::metering::Reading;
use states::state::{Moment, Timers};
use states::words::{MachineId, RunId};
use states::worker::WorkerEvent;

use super::*;
use crate::store::{Role, RunnerLock, Taken};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

async fn store(folder: &Path) -> (Store, RunnerLock) {
    let path = folder.join("desk.db");
    let Taken::Yes(lock) = RunnerLock::take(&path, Role::Run).unwrap() else { panic!("the lock is free") };
    let store = Store::open(&path, Some(&lock)).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let id = MachineId::Worker("box".parse().unwrap());
    let moment = Moment { at: at(0), timers: Timers::default() };
    tx.born(&id, &WorkerEvent::Configured.into(), &moment, None).await.unwrap();
    tx.commit().await.unwrap();
    (store, lock)
}

fn run(name: &str) -> RunId {
    RunId::of(name, &[])
}

#[tokio::test]
async fn an_awake_window_over_two_runs_is_split_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _lock) = store(folder.path()).await;
    let (first, second) = (run("first"), run("second"));
    let mut tx = store.begin().await.unwrap();
    tx.worker_up("box", &[], Some(true), 600, Some(&first), at(0)).await.unwrap();
    tx.book_worker("box", &[], 600, Some(&first), at(10)).await.unwrap();
    tx.book_worker("box", &[], 600, None, at(13)).await.unwrap();
    tx.worker_up("box", &[], None, 600, Some(&second), at(15)).await.unwrap();
    tx.commit().await.unwrap();
    // 600 W are 10 Wh a minute.
    let since = Timestamp::UNIX_EPOCH;
    assert_eq!(store.booked(Some(&first), since).await.unwrap().1, MilliWattHours(100_000));
    assert_eq!(store.booked(Some(&second), since).await.unwrap().1, MilliWattHours(20_000));
    let window = store.worker_windows(since).await.unwrap().remove(0);
    assert_eq!((window.from, window.until, window.woken), (at(0), Some(at(15)), true));
    assert_eq!((window.energy, window.source.as_deref()), (MilliWattHours(150_000), Some("watts")));
}

#[tokio::test]
async fn readings_are_summed_and_a_gap_is_made_up_for_by_the_wattage() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _lock) = store(folder.path()).await;
    let night = run("night");
    let power = |watts: i64| Some(Reading::Power(watts * 1000));
    let mut tx = store.begin().await.unwrap();
    // Before the packets: what booting draws counts.
    tx.note_reading("box", power(0), 600, at(0)).await.unwrap();
    tx.worker_up("box", &[], Some(true), 600, Some(&night), at(1)).await.unwrap();
    tx.note_reading("box", power(120), 600, at(2)).await.unwrap();
    tx.note_reading("box", power(240), 600, at(3)).await.unwrap();
    // The plug is gone for two minutes: 2 × 10 Wh, and again until it has said something twice.
    tx.note_reading("box", None, 600, at(5)).await.unwrap();
    tx.note_reading("box", power(60), 600, at(6)).await.unwrap();
    tx.note_reading("box", power(60), 600, at(7)).await.unwrap();
    tx.worker_up("box", &[], None, 600, Some(&night), at(7)).await.unwrap();
    tx.commit().await.unwrap();
    // 60 W × 2 min, 180 W × 1 min, 600 W × 3 min, 60 W × 1 min.
    let expected = MilliWattHours(2_000 + 3_000 + 30_000 + 1_000);
    assert_eq!(store.booked(Some(&night), Timestamp::UNIX_EPOCH).await.unwrap().1, expected);
    let window = store.worker_windows(Timestamp::UNIX_EPOCH).await.unwrap().remove(0);
    assert_eq!((window.energy, window.source.as_deref()), (expected, Some("both")));
}

#[tokio::test]
async fn only_good_rates_are_remembered_and_what_is_unfit_is_forgotten_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _lock) = store(folder.path()).await;
    let mut tx = store.begin().await.unwrap();
    tx.keep_trial("box", "small", Some(20_000), None, at(0)).await.unwrap();
    tx.keep_trial("box", "small", None, None, at(1)).await.unwrap();
    tx.keep_trial("box", "small", Some(5_000), Some("it is degraded"), at(2)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.worker_rates("box", "small").await.unwrap(), [20_000]);
    assert_eq!(store.unfit("box", "small", at(1)).await.unwrap().as_deref(), Some("it is degraded"));
    assert_eq!(store.unfit("box", "small", at(2)).await.unwrap(), None, "long enough ago");
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.forgive_models().await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.unfit("box", "small", at(1)).await.unwrap(), None);
}
