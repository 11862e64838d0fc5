//! What judges said, sample by sample.

use std::collections::BTreeMap;

use states::words::{BytesHash, JudgeScore, ReportId};

use super::{Result, Store, Tx, broken, parse_id};

/// One sample as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRow {
    /// 0 to 30.
    pub grounding: u8,
    /// 0 to 25.
    pub structure: u8,
    /// 0 to 25.
    pub intent: u8,
    /// 0 to 20.
    pub voice: u8,
    /// The provider as it is named in the configuration.
    pub provider: String,
    /// The model's name.
    pub model: String,
    /// The version of the prompt; `None` where none was used, or where it is not known.
    pub prompt: Option<u32>,
}

type Raw = (String, u8, u8, u8, u8, String, String, Option<u32>);

fn read((_, grounding, structure, intent, voice, provider, model, prompt): Raw) -> SampleRow {
    SampleRow { grounding, structure, intent, voice, provider, model, prompt }
}

impl Tx {
    /// Keeps the samples of a report, each with the version of its prompt.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_samples(&mut self, report: &ReportId, samples: &[(JudgeScore, Option<u32>)]) -> Result<()> {
        for (n, (score, prompt)) in samples.iter().enumerate() {
            sqlx::query(
                "INSERT OR IGNORE INTO judge_samples (report, n, grounding, structure, intent, voice, provider, model, prompt, \
                 stand_in) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(report.as_str())
            .bind(i64::try_from(n).unwrap_or(i64::MAX))
            .bind(score.grounding)
            .bind(score.structure)
            .bind(score.intent)
            .bind(score.voice)
            .bind(&score.judge.provider)
            .bind(&score.judge.model)
            .bind(prompt)
            .bind(score.stand_in)
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }
}

impl Store {
    /// The samples of a report, in their order.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn samples_of(&self, report: &ReportId) -> Result<Vec<SampleRow>> {
        let rows: Vec<Raw> = sqlx::query_as(
            "SELECT report, grounding, structure, intent, voice, provider, model, prompt FROM judge_samples WHERE report = ? \
             ORDER BY n",
        )
        .bind(report.as_str())
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// All samples, by report and in their order.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn samples(&self) -> Result<BTreeMap<ReportId, Vec<SampleRow>>> {
        let rows: Vec<Raw> = sqlx::query_as(
            "SELECT report, grounding, structure, intent, voice, provider, model, prompt FROM judge_samples ORDER BY report, n",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut samples: BTreeMap<ReportId, Vec<SampleRow>> = BTreeMap::new();
        for row in rows {
            samples.entry(parse_id(&row.0)?).or_default().push(read(row));
        }
        Ok(samples)
    }

    /// The file that is the page of exact bytes: its path and text.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError); a missing page is broken.
    pub async fn page_file(&self, bytes: &BytesHash) -> Result<(String, String)> {
        let file = self.page(bytes).await?.into_iter().find(|file| file.path.ends_with(".md"));
        file.map(|f| (f.path, f.text)).ok_or_else(|| broken(bytes.to_string(), "the page has no file"))
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn reports_of_an_older_database_give_their_one_sample() {
        let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
        let mut db = pool.acquire().await.unwrap();
        sqlx::raw_sql("PRAGMA foreign_keys = OFF").execute(&mut *db).await.unwrap();
        sqlx::raw_sql(include_str!("migrations/0001_first.sql")).execute(&mut *db).await.unwrap();
        let score = |judge: &str| {
            format!(
                r#"{{"score":{{"grounding":28,"structure":20,"intent":21,"voice":15,"why":"w","judge":{judge},"stand_in":true}}}}"#
            )
        };
        let box_ = score(r#"{"provider":"box","model":"m","family":"f"}"#);
        // As the program called its own judge before samples were kept.
        let own = score(r#"{"provider":"builtin","model":"extractive-1","family":"builtin"}"#);
        for (id, report) in [("a", box_), ("b", r#"{"score":null}"#.to_owned()), ("c", own)] {
            sqlx::query(
                "INSERT INTO reports (id, bytes_hash, ruleset_hash, verdict, report) VALUES (?, 'x', 'r', 'pass', ?)",
            )
            .bind(id)
            .bind(report)
            .execute(&mut *db)
            .await
            .unwrap();
        }
        sqlx::raw_sql(include_str!("migrations/0010_judge_samples.sql")).execute(&mut *db).await.unwrap();
        type Row = (String, i64, i64, i64, i64, i64, String, String, Option<i64>, i64);
        let rows: Vec<Row> = sqlx::query_as("SELECT * FROM judge_samples").fetch_all(&mut *db).await.unwrap();
        let row = |id: &str, by: [&str; 2]| (id.into(), 0, 28, 20, 21, 15, by[0].into(), by[1].into(), None, 1);
        assert_eq!(rows, [row("a", ["box", "m"]), row("c", ["builtin", "rubric-1"])], "one built-in judge, not two");
    }
}
