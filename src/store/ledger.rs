//! What the ledger says of a time: calls and energy, the texts of its leads, and how runs went. Only read here.

use futures::TryStreamExt as _;
use jiff::Timestamp;
use states::words::{ArticleId, MilliWattHours, NanoUsd, SiteName, Tokens};

use super::{Result, Store, broken, millis, parse_id};

/// From a time on, until before another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Period {
    /// The first moment of it.
    pub since: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

/// Calls of one day for one article and task, of one model, on one tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The day (UTC) on which they ended, as `2026-11-21`.
    pub day: String,
    /// The article.
    pub article: Option<ArticleId>,
    /// The task's name.
    pub task: String,
    /// Who answered.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// `local` or `hosted`.
    pub tier: String,
    /// How many calls ended.
    pub calls: u64,
    /// How many of them it is not known of whether they were answered; they are charged in full.
    pub unknown: u64,
    /// How many of them were answered usably.
    pub accepted: u64,
    /// Their tokens.
    pub tokens: Tokens,
    /// Source sentences that did not fit into their prompts.
    pub left_out: u64,
    /// What they cost.
    pub cost: NanoUsd,
    /// How long they took together.
    pub milliseconds: u64,
}

/// Energy booked on one day, to one article or to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnergyRow {
    /// The day (UTC).
    pub day: String,
    /// The article that caused it.
    pub article: Option<ArticleId>,
    /// How much.
    pub energy: MilliWattHours,
}

/// What a finished run did for a site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PastRun {
    /// New leads.
    pub leads: u64,
    /// Articles and digests that it drafted.
    pub drafted: u64,
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

impl Store {
    /// The calls that ended in a period.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn ledger(&self, period: Period) -> Result<Vec<LedgerRow>> {
        use sqlx::Row as _;
        let rows = sqlx::query(
            "SELECT date(ended_at / 1000, 'unixepoch'), article, task, provider, model, tier, count(*), \
             sum(status = 'unknown'), sum(status = 'accepted'), sum(tokens_in), sum(tokens_cached), sum(tokens_cache_write), \
             sum(tokens_out), sum(left_out), sum(cost), sum(coalesce(milliseconds, 0)) \
             FROM model_calls WHERE ended_at >= ? AND ended_at < ? AND status <> 'started' \
             GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6",
        )
        .bind(millis(period.since))
        .bind(millis(period.until))
        .fetch_all(&self.readers)
        .await?;
        let mut ledger = Vec::with_capacity(rows.len());
        for row in rows {
            let number = |at: usize| row.get::<i64, _>(at);
            ledger.push(LedgerRow {
                day: row.get(0),
                article: row.get::<Option<String>, _>(1).map(|id| parse_id(&id)).transpose()?,
                task: row.get(2),
                provider: row.get(3),
                model: row.get(4),
                tier: row.get(5),
                calls: count(number(6)),
                unknown: count(number(7)),
                accepted: count(number(8)),
                tokens: Tokens {
                    input: count(number(9)),
                    cached: count(number(10)),
                    cache_write: count(number(11)),
                    output: count(number(12)),
                },
                left_out: count(number(13)),
                cost: NanoUsd(number(14)),
                milliseconds: count(number(15)),
            });
        }
        Ok(ledger)
    }

    /// The energy booked in a period.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn energy(&self, period: Period) -> Result<Vec<EnergyRow>> {
        let rows: Vec<(String, Option<String>, i64)> = sqlx::query_as(
            "SELECT date(at / 1000, 'unixepoch'), article, sum(mwh) FROM bookings \
             WHERE kind = 'energy' AND at >= ? AND at < ? GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .bind(millis(period.since))
        .bind(millis(period.until))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(day, article, mwh)| {
                let article = article.map(|id| parse_id(&id)).transpose()?;
                Ok(EnergyRow { day, article, energy: MilliWattHours(mwh) })
            })
            .collect()
    }

    /// The sizes in bytes of the texts of the leads found in a period, one for each lead whose text was read.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn lead_sizes(&self, period: Period) -> Result<Vec<usize>> {
        let mut rows = sqlx::query_as::<_, (Vec<u8>,)>(
            "SELECT s.text FROM articles a JOIN article_snapshots x ON x.article = a.id AND x.role = 'lead' \
             JOIN snapshots s ON s.id = x.snapshot WHERE a.found_at >= ? AND a.found_at < ? ORDER BY a.rank",
        )
        .bind(millis(period.since))
        .bind(millis(period.until))
        .fetch(&self.readers);
        let mut sizes = Vec::new();
        while let Some((packed,)) = rows.try_next().await? {
            sizes.push(zstd::decode_all(packed.as_slice()).map_err(|e| broken("a snapshot", e))?.len());
        }
        Ok(sizes)
    }

    /// What the newest finished runs did for a site, the newest first.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn past_runs(&self, site: &SiteName, most: u32) -> Result<Vec<PastRun>> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT (SELECT count(*) FROM articles a WHERE a.run = r.id AND a.site = ?1 AND a.lead IS NOT NULL), \
             (SELECT count(DISTINCT j.machine) FROM journal j JOIN articles a ON j.machine = 'article:' || a.id \
              WHERE j.run = r.id AND a.site = ?1 AND j.name = 'Drafted') \
             FROM runs r, json_each(r.sites) s WHERE s.value = ?1 AND r.phase = 'finished' \
             ORDER BY r.started_at DESC, r.id LIMIT ?2",
        )
        .bind(site.as_str())
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.into_iter().map(|(leads, drafted)| PastRun { leads: count(leads), drafted: count(drafted) }).collect())
    }

    /// Mean tokens and time of the answers of a period, by task and provider: what a call of that kind takes.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn usual_calls(&self, period: Period) -> Result<Vec<UsualCall>> {
        let rows: Vec<(String, String, i64, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT task, provider, count(*), count(DISTINCT article), sum(tokens_in), sum(tokens_out), sum(coalesce(milliseconds, 0)) \
             FROM model_calls WHERE status IN ('accepted', 'unusable') AND ended_at >= ? AND ended_at < ? \
             GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .bind(millis(period.since))
        .bind(millis(period.until))
        .fetch_all(&self.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(task, provider, calls, articles, input, output, ms)| {
                let (calls, articles) = (count(calls), count(articles).max(1));
                let mean = |sum: i64| count(sum).div_ceil(calls.max(1));
                let (input, output, milliseconds) = (mean(input), mean(output), mean(ms));
                UsualCall { task, provider, input, output, milliseconds, calls, articles }
            })
            .collect())
    }
}

/// What a call takes on average.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsualCall {
    /// The task's name.
    pub task: String,
    /// Who answered.
    pub provider: String,
    /// Tokens of the prompt.
    pub input: u64,
    /// Tokens of the answer.
    pub output: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// How many calls these are the mean of.
    pub calls: u64,
    /// For how many articles they were.
    pub articles: u64,
}
