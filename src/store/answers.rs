//! Answers: who has given one to a question, those that took no call, and how many each tier gave.

use jiff::Timestamp;
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
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TierCount {
    /// The task's name.
    pub task: String,
    /// `cache`, `semantic`, `local`, `hosted` or `builtin`.
    pub tier: String,
    /// How many.
    pub answers: i64,
    /// What they cost; calls that failed or could not be used are among it.
    pub cost: NanoUsd,
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
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
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
        .await?;
        let count = |(task, tier, answers, cost)| TierCount { task, tier, answers, cost: NanoUsd(cost) };
        Ok(rows.into_iter().map(count).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CallRow, CallStatus, Role, RunnerLock, Spent, Taken};

    #[tokio::test]
    async fn every_answer_is_counted_under_the_tier_that_gave_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipeline.db");
        let Taken::Yes(lock) = RunnerLock::take(&path, Role::Run).unwrap() else { panic!("the lock is free") };
        let store = Store::open(&path, Some(&lock)).await.unwrap();
        let at: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
        let run: RunId = "0".repeat(32).parse().unwrap();
        let request = RequestKey::of(&[b"a question"]);
        let mut tx = store.begin().await.unwrap();
        for (provider, reserved, cost, status) in [
            ("box", 0, 0, CallStatus::Accepted),
            ("hosted", 900, 500, CallStatus::Accepted),
            ("hosted", 900, 900, CallStatus::Unknown),
        ] {
            let row = CallRow {
                request: request.clone(),
                provider: provider.into(),
                model: "m".into(),
                task: "triage".into(),
                run: Some(run.clone()),
                article: None,
                reserved: NanoUsd(reserved),
                tier: if reserved > 0 { "hosted" } else { "local" },
                prices: states::words::Prices::default(),
                left_out: 0,
            };
            let try_ = tx.start_call(&row, at).await.unwrap();
            let spent = Spent { cost: NanoUsd(cost), ..Spent::default() };
            tx.finish_call(&row, try_, status, &spent, at).await.unwrap();
        }
        let free = |tier| FreeAnswer {
            tier,
            task: "triage".into(),
            provider: "box".into(),
            model: "m".into(),
            article: None,
            of: None,
        };
        tx.book_free(&[free(FreeTier::Cache), free(FreeTier::Cache)], Some(&run), at).await.unwrap();
        tx.book_free(&[free(FreeTier::Semantic), free(FreeTier::BuiltIn)], None, at).await.unwrap();
        tx.commit().await.unwrap();

        let counts = |counts: Vec<TierCount>| -> Vec<(String, i64, i64)> {
            counts.into_iter().map(|c| (c.tier, c.answers, c.cost.0)).collect()
        };
        let all = counts(store.answers_by_tier(None, Timestamp::UNIX_EPOCH).await.unwrap());
        let row = |tier: &str, answers, cost| (tier.to_owned(), answers, cost);
        let (cache, hosted, local) = (row("cache", 2, 0), row("hosted", 1, 1_400), row("local", 1, 0));
        assert_eq!(
            all,
            [row("builtin", 1, 0), cache.clone(), hosted.clone(), local.clone(), row("semantic", 1, 0)],
            "a call whose end is not known costs, and is no answer"
        );
        let of_run = counts(store.answers_by_tier(Some(&run), Timestamp::UNIX_EPOCH).await.unwrap());
        assert_eq!(of_run, [cache, hosted, local]);
        let later = at.checked_add(jiff::SignedDuration::from_secs(1)).unwrap();
        assert_eq!(store.answers_by_tier(None, later).await.unwrap(), []);

        let both = [("box".to_owned(), "m".to_owned()), ("hosted".to_owned(), "m".to_owned())];
        assert_eq!(store.answerers(&request).await.unwrap(), both);
        assert_eq!(store.answerers(&RequestKey::of(&[b"another"])).await.unwrap(), []);
    }
}
