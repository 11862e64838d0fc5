//! What texts mean: the vectors that an embedding model gave, per article.

use jiff::Timestamp;
use states::words::{ArticleId, SiteName};

use super::{Result, Store, Tx, broken, millis, parse_id};

/// A vector of length one.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector(pub Vec<f32>);

impl Vector {
    /// The cosine of the angle between two of them: their product. 0 where they cannot be compared.
    pub fn cosine(&self, other: &Self) -> f64 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        self.0.iter().zip(&other.0).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let (values, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(broken("an embedding", "its length is no multiple of four"));
        }
        Ok(Self(values.iter().map(|value| f32::from_le_bytes(*value)).collect()))
    }
}

impl Tx {
    /// Keeps what an article's text means to a model.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_vector(
        &mut self,
        site: &SiteName,
        article: &ArticleId,
        model: &str,
        vector: &Vector,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO embeddings (article, site, model, vector, at) VALUES (?, ?, ?, ?, ?)")
            .bind(article.as_str())
            .bind(site.as_str())
            .bind(model)
            .bind(vector.bytes())
            .bind(millis(at))
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// The articles of a site whose vectors of the same model lie within `least` of this one's, nearest first; of those
    /// kept since a time, the newest `most` are compared.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    #[allow(clippy::too_many_arguments, reason = "one query with its bounds")]
    pub async fn near_in_meaning(
        &mut self,
        site: &SiteName,
        article: &ArticleId,
        model: &str,
        vector: &Vector,
        least: f64,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<(ArticleId, f64)>> {
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
            "SELECT article, vector FROM embeddings WHERE site = ? AND model = ? AND at >= ? AND article <> ? \
             ORDER BY at DESC, article LIMIT ?",
        )
        .bind(site.as_str())
        .bind(model)
        .bind(millis(since))
        .bind(article.as_str())
        .bind(most)
        .fetch_all(self.conn())
        .await?;
        let mut near = Vec::new();
        for (id, bytes) in rows {
            let cosine = vector.cosine(&Vector::read(&bytes)?);
            if cosine >= least {
                near.push((parse_id(&id)?, cosine));
            }
        }
        near.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(near)
    }

    /// Keeps what means the same as an article, nearest first, in the place of what was kept before.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn keep_neighbours(&mut self, article: &ArticleId, near: &[(ArticleId, f64)]) -> Result<()> {
        sqlx::query("DELETE FROM neighbours WHERE article = ?").bind(article.as_str()).execute(self.conn()).await?;
        for (n, (other, cosine)) in (0_i64..).zip(near) {
            sqlx::query("INSERT INTO neighbours (article, n, other, cosine_millionths) VALUES (?, ?, ?, ?)")
                .bind(article.as_str())
                .bind(n)
                .bind(other.as_str())
                .bind((cosine * 1e6) as i64)
                .execute(self.conn())
                .await?;
        }
        Ok(())
    }
}

impl Store {
    /// The model whose vector of an article is kept.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn vector_model(&self, article: &ArticleId) -> Result<Option<String>> {
        let row: Option<(String,)> = sqlx::query_as("SELECT model FROM embeddings WHERE article = ?")
            .bind(article.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|r| r.0))
    }

    /// What meant the same as an article when its own meaning was found out, nearest first.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub async fn neighbours(&self, article: &ArticleId) -> Result<Vec<ArticleId>> {
        let rows: Vec<(String,)> = sqlx::query_as("SELECT other FROM neighbours WHERE article = ? ORDER BY n")
            .bind(article.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|(id,)| parse_id(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_read_back_and_only_those_of_one_length_are_compared() {
        let (a, b) = (Vector(vec![0.6, 0.8]), Vector(vec![0.8, 0.6]));
        assert_eq!(Vector::read(&a.bytes()).unwrap(), a);
        assert!((a.cosine(&b) - 0.96).abs() < 1e-6);
        assert_eq!(a.cosine(&Vector(vec![1.0])), 0.0);
        assert!(Vector::read(&[1, 2, 3]).is_err());
    }
}
