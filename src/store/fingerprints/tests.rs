//! The index in a database of its own.

use sources::{Fingerprint, Preset};

use super::*;
use crate::store::{Role, RunnerLock, Store, Taken};

async fn open() -> (tempfile::TempDir, RunnerLock, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipeline.db");
    let Taken::Yes(lock) = RunnerLock::take(&path, Role::Run).unwrap() else { panic!("the lock is free") };
    let store = Store::open(&path, Some(&lock)).await.unwrap();
    (folder, lock, store)
}

fn site(name: &str) -> SiteName {
    name.parse().unwrap()
}

fn text(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("word{n} ")).collect()
}

fn print(id: &str, text: &str) -> Print {
    let fingerprint = Fingerprint::of(text);
    Print { id: id.to_owned(), bytes: fingerprint.to_bytes(), keys: fingerprint.keys() }
}

async fn ids(tx: &mut Tx, name: &str, except: &str, text: &str) -> Vec<String> {
    let found = tx.alike(&site(name), except, &Fingerprint::of(text).keys()).await.unwrap();
    found.into_iter().map(|alike| alike.id).collect()
}

#[tokio::test]
async fn what_a_site_has_seen_is_found_by_that_site_and_never_as_itself() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    tx.index(&site("one"), print("a", &text(0, 300))).await.unwrap();
    tx.index(&site("one"), print("post:b.md", &text(30, 330))).await.unwrap();
    tx.index(&site("two"), print("a", &text(0, 300))).await.unwrap();
    tx.index(&site("one"), print("c", &text(5000, 5300))).await.unwrap();
    assert_eq!(ids(&mut tx, "one", "-", &text(0, 300)).await, ["a", "post:b.md"]);
    assert_eq!(ids(&mut tx, "one", "a", &text(0, 300)).await, ["post:b.md"]);
    assert_eq!(ids(&mut tx, "two", "a", &text(0, 300)).await, [""; 0]);
    assert_eq!(ids(&mut tx, "one", "-", "…").await, [""; 0]);
}

#[tokio::test]
async fn indexing_twice_is_indexing_once_and_a_changed_text_replaces_the_earlier() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    let one = site("one");
    let both = vec![print("a", &text(0, 300)), print("b", &text(1000, 1300))];
    tx.index_all(&one, both.clone()).await.unwrap();
    tx.index_all(&one, both).await.unwrap();
    let count = |table: &'static str| sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    let (prints,): (i64,) = sqlx::query_as(count("fingerprints")).fetch_one(tx.conn()).await.unwrap();
    let (keys,): (i64,) = sqlx::query_as(count("bands")).fetch_one(tx.conn()).await.unwrap();
    assert_eq!((prints, keys), (2, 34));
    // The newest fingerprint is the one whose number would be given again.
    tx.index(&one, print("b", &text(2000, 2300))).await.unwrap();
    tx.index(&one, print("d", &text(3000, 3300))).await.unwrap();
    assert_eq!(ids(&mut tx, "one", "-", &text(1000, 1300)).await, [""; 0]);
    assert_eq!(ids(&mut tx, "one", "-", &text(2000, 2300)).await, ["b"]);
    assert_eq!(ids(&mut tx, "one", "-", &text(3000, 3300)).await, ["d"]);
}

#[tokio::test]
async fn a_text_that_changes_again_and_again_leaves_no_keys_and_crowds_out_no_other() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    let one = site("one");
    // A key that both have, and one that changes: in the end the bucket would be full of what is no longer there.
    let print =
        |id: &str, n: i64| Print { id: id.to_owned(), bytes: n.to_le_bytes().to_vec(), keys: vec![7, 1000 + n] };
    tx.index(&one, print("old", 0)).await.unwrap();
    for n in 1..=2 * BUCKET {
        tx.index(&one, print("changing", n)).await.unwrap();
    }
    let found = tx.alike(&one, "-", &[7]).await.unwrap();
    assert_eq!(found.iter().map(|alike| alike.id.as_str()).collect::<Vec<_>>(), ["old", "changing"]);
    let (keys,): (i64,) = sqlx::query_as("SELECT count(*) FROM bands").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(keys, 4);
}

#[tokio::test]
async fn a_bucket_that_boilerplate_fills_hides_nothing_and_brings_no_flood() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    let frame = text(0, 200);
    let page = |n: usize| format!("{frame}{}", text(10_000 + n * 1000, 10_200 + n * 1000));
    let pages = (0..400).map(|n| print(&format!("page{n}"), &page(n))).collect();
    tx.index_all(&site("one"), pages).await.unwrap();
    for n in [0, 200, 399] {
        let found = ids(&mut tx, "one", "-", &page(n)).await;
        assert_eq!(found.first(), Some(&format!("page{n}")));
        assert!(found.len() <= CANDIDATES as usize, "{}", found.len());
    }
}

#[tokio::test]
async fn what_retention_purges_stays_known() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    tx.index(&site("one"), print("a", &text(0, 300))).await.unwrap();
    let origin = states::words::Origin::Url { canonical: "https://example.org/a".into(), generation: 0 };
    let article = states::words::ArticleId::of(&site("one"), &origin);
    tx.know_url(&site("one"), "https://example.org/a", &article, "found").await.unwrap();
    for table in ["article_snapshots", "snapshots", "story_members", "stories", "articles"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(tx.conn()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert_eq!(ids(&mut tx, "one", "-", &text(0, 300)).await, ["a"]);
    let (urls,): (i64,) = sqlx::query_as("SELECT count(*) FROM urls").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(urls, 1);
}

#[tokio::test]
async fn fingerprints_of_another_preset_stay_and_are_not_found() {
    let (_folder, _lock, store) = open().await;
    let mut tx = store.begin().await.unwrap();
    let chars = Fingerprint::by(Preset::Chars3, &text(0, 300));
    let kept = Print { id: "a".into(), bytes: chars.to_bytes(), keys: chars.keys() };
    tx.index(&site("one"), kept).await.unwrap();
    assert_eq!(ids(&mut tx, "one", "-", &text(0, 300)).await, [""; 0]);
    assert_eq!(tx.alike(&site("one"), "-", &chars.keys()).await.unwrap().len(), 1);
}
