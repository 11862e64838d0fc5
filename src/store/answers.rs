//! Answers: who has given one to a question, those that took no call, and how many each tier gave.

use jiff::Timestamp;
use sqlx::FromRow;
use states::words::{ArticleId, NanoUsd, RequestKey, RunId};

use super::{Result, Store, Tx, millis};

/// Where an answer came from that took no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FreeTier {
    /// The same question was answered before.
    Cache,
    /// One about an article that means the same was.
    Semantic,
    /// The provider inside the program.
    BuiltIn,
}

impl FreeTier {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Semantic => "semantic",
            Self::BuiltIn => "builtin",
        }
    }
}

/// An answer that took no call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeAnswer {
    /// Where it came from.
    pub tier: FreeTier,
    /// For what: the task's name.
    pub task: String,
    /// Who gave it.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// For which article.
    pub article: Option<ArticleId>,
    /// Whose answer it was, where it was another article's.
    pub of: Option<String>,
}

/// How many answers a tier gave to a task, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct TierCount {
    /// The task's name.
    pub task: String,
    /// `cache`, `semantic`, `local`, `hosted` or `builtin`.
    pub tier: String,
    /// How many.
    pub answers: i64,
    /// What they cost, in nano-dollars; calls that failed or could not be used are among it.
    #[sqlx(try_from = "i64")]
    pub cost: Cost,
}

/// Nano-dollars of a [`TierCount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Cost(pub NanoUsd);

impl From<i64> for Cost {
    fn from(nano: i64) -> Self {
        Self(NanoUsd(nano))
    }
}

impl Tx {
    /// Books answers that took no call.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn book_free(&mut self, answers: &[FreeAnswer], run: Option<&RunId>, at: Timestamp) -> Result<()> {
        for answer in answers {
            sqlx::query(
                "INSERT INTO free_answers (tier, task, provider, model, run, article, \"of\", at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(answer.tier.as_str())
            .bind(&answer.task)
            .bind(&answer.provider)
            .bind(&answer.model)
            .bind(run.map(RunId::as_str))
            .bind(answer.article.as_ref().map(ArticleId::as_str))
            .bind(&answer.of)
            .bind(millis(at))
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }
}

impl Store {
    /// Whose accepted answers to a request there are: provider and model.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn answerers(&self, request: &RequestKey) -> Result<Vec<(String, String)>> {
        Ok(sqlx::query_as(
            "SELECT DISTINCT provider, model FROM model_calls WHERE request = ? AND status = 'accepted' ORDER BY 1, 2",
        )
        .bind(request.as_str())
        .fetch_all(&self.readers)
        .await?)
    }

    /// How many answers each tier gave, by task: of one run, or of everything since a time.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn answers_by_tier(&self, run: Option<&RunId>, since: Timestamp) -> Result<Vec<TierCount>> {
        Ok(sqlx::query_as(
            "SELECT task, tier, sum(answered) AS answers, sum(cost) AS cost FROM ( \
               SELECT task, CASE WHEN reserved > 0 THEN 'hosted' ELSE 'local' END AS tier, status = 'accepted' AS answered, \
                 CASE status WHEN 'started' THEN reserved ELSE cost END AS cost \
               FROM model_calls WHERE started_at >= ?1 AND (?2 IS NULL OR run = ?2) \
               UNION ALL \
               SELECT task, tier, 1, 0 FROM free_answers WHERE at >= ?1 AND (?2 IS NULL OR run = ?2) \
             ) GROUP BY task, tier ORDER BY task, tier",
        )
        .bind(millis(since))
        .bind(run.map(RunId::as_str))
        .fetch_all(&self.readers)
        .await?)
    }
}
