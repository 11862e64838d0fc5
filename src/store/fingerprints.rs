//! The fingerprint index: what each site has seen, across runs. A fingerprint is found by its keys, whatever they are made of.
//!
//! Look-up stays flat however much is in the index: a bucket is read only so far, the newest first, and only the best candidates
//! are brought, where a key counts the less the more have it.

use sqlx::{QueryBuilder, Row as _, Sqlite};
use states::words::SiteName;

use super::{Result, Tx};

/// The most fingerprints read from one bucket. What more have in common is boilerplate.
const BUCKET: i64 = 32;

/// The most candidates brought.
const CANDIDATES: i64 = 32;

/// The least weight of a candidate, where a key that n have weighs 1/n: one key that ten have, or four of full buckets. With less
/// it shares a common phrase.
const LEAST_WEIGHT: f64 = 0.1;

/// Rows of one insert: SQLite takes some 32,000 parameters.
const ROWS: usize = 1000;

/// A fingerprint to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// Of what: the id of an article, or of a post of the site.
    pub id: String,
    /// The fingerprint, in its stored form.
    pub bytes: Vec<u8>,
    /// The keys under which it is found.
    pub keys: Vec<i64>,
}

/// What shares a key with what is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The id of an article, or of a post of the site.
    pub id: String,
    /// Its fingerprint, as it was kept.
    pub bytes: Vec<u8>,
}

impl Tx {
    /// What the site has seen that shares a key, `except` excepted; what shares most keys that few have first, and
    /// then the oldest.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn alike(&mut self, site: &SiteName, except: &str, keys: &[i64]) -> Result<Vec<Alike>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // Few lengths of the statement, so that each is prepared once. NULL equals no key.
        let places = 1 + (keys.len() - 1).next_multiple_of(16);
        let bucket = format!(
            "SELECT n, 1.0 / count(*) OVER () FROM (SELECT n FROM bands WHERE key = ? ORDER BY n DESC LIMIT {BUCKET})"
        );
        // One more than wanted, in case `except` is among them.
        let sql = format!(
            "WITH hits (n, weight) AS ({}), best (n, weight) AS \
             (SELECT n, sum(weight) FROM hits GROUP BY n HAVING sum(weight) >= {LEAST_WEIGHT} ORDER BY 2 DESC, 1 LIMIT {CANDIDATES} + 1) \
             SELECT f.id, f.print FROM best CROSS JOIN fingerprints f ON f.n = best.n WHERE f.site = ? AND f.id <> ? \
             ORDER BY best.weight DESC, best.n LIMIT {CANDIDATES}",
            vec![bucket; places].join(" UNION ALL ")
        );
        // Only numbers of this file are written into it.
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        let own = bucket_of(site);
        for n in 0..places {
            query = query.bind(keys.get(n).map(|key| key ^ own));
        }
        let rows = query.bind(site.as_str()).bind(except).fetch_all(self.conn()).await?;
        Ok(rows.into_iter().map(|row| Alike { id: row.get(0), bytes: row.get(1) }).collect())
    }

    /// Puts a fingerprint into the index, in the place of an earlier one of the same id.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn index(&mut self, site: &SiteName, print: Print) -> Result<()> {
        self.index_all(site, vec![print]).await
    }

    /// Puts many fingerprints into the index, as [`Tx::index`] does one; the same id twice leaves one of them. The keys are written
    /// in their order, which is many times faster than one fingerprint after another.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn index_all(&mut self, site: &SiteName, mut prints: Vec<Print>) -> Result<()> {
        prints.sort_by(|a, b| a.id.cmp(&b.id));
        prints.dedup_by(|a, b| a.id == b.id);
        let own = bucket_of(site);
        let mut keys: Vec<(i64, i64)> = Vec::new();
        for some in prints.chunks(ROWS) {
            let known = self.known_prints(site, some).await?;
            let news: Vec<&Print> = some.iter().filter(|print| !known.contains(&print.id)).collect();
            if news.is_empty() {
                continue;
            }
            let (last,): (i64,) =
                sqlx::query_as("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'fingerprints'), 0)")
                    .fetch_one(self.conn())
                    .await?;
            let numbered: Vec<(i64, &Print)> = (last + 1..).zip(news).collect();
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO fingerprints (n, site, id, print, keys) ");
            insert.push_values(&numbered, |mut row, (n, print)| {
                row.push_bind(n).push_bind(site.as_str()).push_bind(&print.id).push_bind(&print.bytes);
                row.push_bind(print.keys.iter().flat_map(|key| (key ^ own).to_le_bytes()).collect::<Vec<u8>>());
            });
            insert.build().execute(self.conn()).await?;
            keys.extend(numbered.iter().flat_map(|(n, print)| print.keys.iter().map(|key| (key ^ own, *n))));
        }
        keys.sort_unstable();
        for some in keys.chunks(ROWS) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT OR IGNORE INTO bands (key, n) ");
            insert.push_values(some, |mut row, (key, n)| {
                row.push_bind(key).push_bind(n);
            });
            insert.build().execute(self.conn()).await?;
        }
        Ok(())
    }

    /// Those of some ids that are in the index as they are. An earlier fingerprint of another one is removed, and its keys with
    /// it: they would be the newest of their buckets, and keep out of the look-up what is still there.
    async fn known_prints(&mut self, site: &SiteName, prints: &[Print]) -> Result<std::collections::BTreeSet<String>> {
        let mut select = QueryBuilder::<Sqlite>::new("SELECT n, id, print, keys FROM fingerprints WHERE site = ");
        select.push_bind(site.as_str()).push(" AND id IN (");
        let mut ids = select.separated(", ");
        for print in prints {
            ids.push_bind(&print.id);
        }
        ids.push_unseparated(")");
        let mut known = std::collections::BTreeSet::new();
        for row in select.build().fetch_all(self.conn()).await? {
            let (n, id, bytes): (i64, String, Vec<u8>) = (row.get(0), row.get(1), row.get(2));
            let place = prints.binary_search_by(|print| print.id.as_str().cmp(&id));
            if place.ok().and_then(|at| prints.get(at)).is_some_and(|print| print.bytes == bytes) {
                known.insert(id);
            } else {
                self.remove(n, &row.get::<Vec<u8>, _>(3)).await?;
            }
        }
        Ok(known)
    }

    /// Removes a fingerprint and its keys, which are stored beside it so that no index of the keys by number is needed.
    async fn remove(&mut self, n: i64, keys: &[u8]) -> Result<()> {
        let (keys, _) = keys.as_chunks();
        for some in keys.chunks(ROWS) {
            let mut delete = QueryBuilder::<Sqlite>::new("DELETE FROM bands WHERE n = ");
            delete.push_bind(n).push(" AND key IN (");
            let mut list = delete.separated(", ");
            for key in some {
                list.push_bind(i64::from_le_bytes(*key));
            }
            list.push_unseparated(")");
            delete.build().execute(self.conn()).await?;
        }
        sqlx::query("DELETE FROM fingerprints WHERE n = ?").bind(n).execute(self.conn()).await?;
        Ok(())
    }
}

/// What a site's keys are mixed with.
fn bucket_of(site: &SiteName) -> i64 {
    let number = states::words::hash::number_of("fingerprints of", &[site.as_str().as_bytes()]);
    i64::from_le_bytes(number.to_le_bytes())
}

#[cfg(test)]
mod tests;
