//! Answers: who has given one to a question, those that took no call, and how many each tier gave.

use jiff::Timestamp;
use states::words::{ArticleId, NanoUsd, RequestKey, RunId};

use super::ledger::Period;
use super::{Result, Store, Tx, millis};

/// What the ledger calls the trial of a worker's model.
const TRIAL: &str = "probe";

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

/// Which answers are counted.
#[derive(Debug, Clone, Copy)]
pub enum AnswersOf<'a> {
    /// A run's.
    Run(&'a RunId),
    /// Those to the questions about an article.
    Article(&'a ArticleId),
    /// Those that came in a period.
    Period(Period),
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

    /// How many answers each tier gave, by task. Trials of a worker's models answer nothing.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn answers_by_tier(&self, of: AnswersOf<'_>) -> Result<Vec<TierCount>> {
        let (run, article, period) = match of {
            AnswersOf::Run(run) => (Some(run.as_str()), None, None),
            AnswersOf::Article(article) => (None, Some(article.as_str()), None),
            AnswersOf::Period(period) => (None, None, Some(period)),
        };
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "SELECT task, tier, sum(answered) AS answers, sum(cost) AS cost FROM ( \
               SELECT task, tier, status = 'accepted' AS answered, run, article, coalesce(ended_at, started_at) AS at, \
                 CASE status WHEN 'started' THEN reserved ELSE cost END AS cost FROM model_calls WHERE task <> ?1 \
               UNION ALL \
               SELECT task, tier, 1, run, article, at, 0 FROM free_answers \
             ) WHERE (?2 IS NULL OR run = ?2) AND (?3 IS NULL OR article = ?3) AND (?4 IS NULL OR at >= ?4) \
             AND (?5 IS NULL OR at < ?5) GROUP BY task, tier ORDER BY task, tier",
        )
        .bind(TRIAL)
        .bind(run)
        .bind(article)
        .bind(period.map(|p| millis(p.since)))
        .bind(period.map(|p| millis(p.until)))
        .fetch_all(&self.readers)
        .await?;
        let count = |(task, tier, answers, cost)| TierCount { task, tier, answers, cost: NanoUsd(cost) };
        Ok(rows.into_iter().map(count).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

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
        let article: ArticleId = "1".repeat(32).parse().unwrap();
        for (task, tier, reserved, cost, status) in [
            ("probe", "local", 0, 0, CallStatus::Accepted),
            ("triage", "local", 0, 0, CallStatus::Accepted),
            ("triage", "hosted", 900, 500, CallStatus::Accepted),
            // Hosted, and free of charge.
            ("triage", "hosted", 0, 0, CallStatus::Accepted),
            ("triage", "hosted", 900, 900, CallStatus::Unknown),
        ] {
            let row = CallRow {
                request: request.clone(),
                provider: tier.into(),
                model: "m".into(),
                task: task.into(),
                run: Some(run.clone()),
                article: (reserved == 0).then(|| article.clone()),
                reserved: NanoUsd(reserved),
                tier,
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

        let since = |since: Timestamp| AnswersOf::Period(Period { since, until: at + 1.second() });
        let counts = |counts: Vec<TierCount>| -> Vec<(String, i64, i64)> {
            counts.into_iter().map(|c| (c.tier, c.answers, c.cost.0)).collect()
        };
        let all = counts(store.answers_by_tier(since(at)).await.unwrap());
        let row = |tier: &str, answers, cost| (tier.to_owned(), answers, cost);
        let (cache, hosted, local) = (row("cache", 2, 0), row("hosted", 2, 1_400), row("local", 1, 0));
        assert_eq!(
            all,
            [row("builtin", 1, 0), cache.clone(), hosted.clone(), local.clone(), row("semantic", 1, 0)],
            "a call whose end is not known costs, and is no answer"
        );
        let of_run = counts(store.answers_by_tier(AnswersOf::Run(&run)).await.unwrap());
        assert_eq!(of_run, [cache, hosted, local]);
        let of_article = counts(store.answers_by_tier(AnswersOf::Article(&article)).await.unwrap());
        assert_eq!(of_article, [row("hosted", 1, 0), row("local", 1, 0)]);
        assert_eq!(store.answers_by_tier(since(at + 1.second())).await.unwrap(), []);
        let before = AnswersOf::Period(Period { since: Timestamp::UNIX_EPOCH, until: at });
        assert_eq!(store.answers_by_tier(before).await.unwrap(), []);

        let both = [("hosted".to_owned(), "m".to_owned()), ("local".to_owned(), "m".to_owned())];
        assert_eq!(store.answerers(&request).await.unwrap(), both);
        assert_eq!(store.answerers(&RequestKey::of(&[b"another"])).await.unwrap(), []);
    }
}
