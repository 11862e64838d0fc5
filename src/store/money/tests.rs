//! Bookings and the ledger in a database of their own.

use jiff::ToSpan as _;
use states::words::{Prices, RequestKey, Tokens};

use super::*;
use crate::store::{CallRow, CallStatus, Period, Role, RunnerLock, Spent, Taken};

const PRICES: Prices = Prices {
    input: NanoUsd(3_000_000),
    cached: NanoUsd(300_000),
    cache_write: NanoUsd(3_750_000),
    output: NanoUsd(15_000_000),
};

async fn open() -> (tempfile::TempDir, RunnerLock, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipeline.db");
    let Taken::Yes(lock) = RunnerLock::take(&path, Role::Run).unwrap() else { panic!("the lock is free") };
    let store = Store::open(&path, Some(&lock)).await.unwrap();
    (folder, lock, store)
}

fn at(seconds: i64) -> Timestamp {
    "2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap() + seconds.seconds()
}

fn article(n: u8) -> ArticleId {
    format!("{n:02x}").repeat(16).parse().unwrap()
}

fn call(n: u8, provider: &str, of: u8) -> CallRow {
    CallRow {
        request: RequestKey::of(&[&[n][..]]),
        provider: provider.into(),
        model: "m".into(),
        task: "draft".into(),
        run: Some("ab".repeat(16).parse().unwrap()),
        article: Some(article(of)),
        reserved: NanoUsd(50_000),
        tier: "local",
        prices: PRICES,
        left_out: 3,
    }
}

/// A call that took so long and ended then.
async fn ended(tx: &mut Tx, row: &CallRow, milliseconds: u64, seconds: i64) {
    let try_ = tx.start_call(row, at(seconds - 1)).await.unwrap();
    let tokens = Tokens { input: 1_000, cached: 400, cache_write: 100, output: 10 };
    let spent = Spent {
        cost: row.prices.cost(&tokens),
        tokens_in: tokens.input,
        tokens_cached: tokens.cached,
        tokens_cache_write: tokens.cache_write,
        tokens_out: tokens.output,
        milliseconds,
        ..Spent::default()
    };
    tx.finish_call(row, try_, CallStatus::Accepted, &spent, at(seconds)).await.unwrap();
}

#[tokio::test]
async fn energy_is_booked_to_the_articles_that_the_workers_models_worked_for() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    ended(&mut tx, &call(1, "box", 1), 3_000, -1).await; // before it woke
    ended(&mut tx, &call(2, "box", 1), 30_000, 40).await;
    ended(&mut tx, &call(3, "box-too", 2), 10_000, 60).await;
    ended(&mut tx, &call(4, "hosted", 3), 99_000, 60).await;
    let run = "ab".repeat(16).parse().unwrap();
    let window =
        AwakeWindow { worker: "box", providers: &["box", "box-too"], run: Some(&run), since: at(0), until: at(100) };
    tx.book_energy(&window, MilliWattHours(1_001)).await.unwrap();
    tx.commit().await.unwrap();
    let period = Period { since: at(-60), until: at(101) };
    let booked: Vec<(Option<ArticleId>, i64)> =
        store.energy(period).await.unwrap().into_iter().map(|row| (row.article, row.energy.0)).collect();
    assert_eq!(booked, [(None, 601), (Some(article(1)), 300), (Some(article(2)), 100)]);
    assert_eq!(store.booked(Some(&run), at(-60)).await.unwrap().1, MilliWattHours(1_001));
}

#[tokio::test]
async fn a_worker_that_drew_nothing_is_booked_once_and_not_to_anybody() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    let window = AwakeWindow { worker: "box", providers: &[], run: None, since: at(0), until: at(0) };
    tx.book_energy(&window, MilliWattHours::ZERO).await.unwrap();
    tx.commit().await.unwrap();
    let rows = store.energy(Period { since: at(0), until: at(1) }).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0].article, rows[0].energy), (&None, MilliWattHours::ZERO));
}

#[tokio::test]
async fn the_ledger_keeps_the_terms_and_counts_what_nobody_knows_in_full() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    ended(&mut tx, &call(1, "hosted", 1), 500, 10).await;
    // 500 at 3, 400 at 0.30, 100 at 3.75 and 10 at 15 dollars a million, here in billionths.
    let cost = NanoUsd(1_500 + 120 + 375 + 150);
    let (run, since) = ("ab".repeat(16).parse().unwrap(), at(0));
    tx.start_call(&call(2, "hosted", 1), at(20)).await.unwrap();
    assert_eq!(tx.committed_spend(since, Some(&run)).await.unwrap(), cost + NanoUsd(50_000), "reserved");
    assert_eq!(tx.recover_calls(at(30)).await.unwrap(), 1);
    assert_eq!(tx.committed_spend(since, None).await.unwrap(), cost + NanoUsd(50_000), "unknown");
    assert_eq!(tx.committed_spend(at(11), None).await.unwrap(), NanoUsd(50_000), "since then");
    tx.commit().await.unwrap();
    assert_eq!(store.spent_or_reserved(since, Some(&run)).await.unwrap(), cost + NanoUsd(50_000));
    assert_eq!(store.booked(None, since).await.unwrap().0, cost + NanoUsd(50_000));
    let ledger = store.ledger(Period { since, until: at(31) }).await.unwrap();
    let [row] = ledger.as_slice() else { panic!("{ledger:?}") };
    assert_eq!((row.calls, row.unknown, row.accepted, row.left_out, row.milliseconds), (2, 1, 1, 6, 500));
    assert_eq!((row.tokens.cached, row.tokens.cache_write, row.cost), (400, 100, cost + NanoUsd(50_000)));
    assert_eq!(store.ledger(Period { since, until: at(30) }).await.unwrap()[0].calls, 1, "its end counts");
    let (stored,): (i64,) = sqlx::query_as("SELECT price_cache_write FROM model_calls WHERE status = 'accepted'")
        .fetch_one(&store.readers)
        .await
        .unwrap();
    assert_eq!(stored, PRICES.cache_write.0);
}

#[tokio::test]
async fn calls_of_an_older_database_get_a_tier() {
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let mut db = pool.acquire().await.unwrap();
    sqlx::raw_sql(include_str!("../migrations/0001_first.sql")).execute(&mut *db).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO model_calls (request, provider, model, try, task, status, reserved, started_at) VALUES \
         ('a', 'hosted', 'm', 1, 'draft', 'accepted', 7, 1), ('b', 'box', 'm', 1, 'draft', 'accepted', 0, 1)",
    )
    .execute(&mut *db)
    .await
    .unwrap();
    sqlx::raw_sql(include_str!("../migrations/0004_money.sql")).execute(&mut *db).await.unwrap();
    let tiers: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT request, tier, price_in FROM model_calls ORDER BY 1").fetch_all(&mut *db).await.unwrap();
    assert_eq!(tiers, [("a".into(), "hosted".into(), 0), ("b".into(), "local".into(), 0)]);
}
