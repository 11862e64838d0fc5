//! Fetching and fingerprinting.

use sources::{Carried, FetchError, Fingerprint};
use states::words::SnapshotId;

use super::super::desk::Desk;
use super::super::outcome::{Done, Outcome};
use crate::store::ArticleRow;

/// Reads a lead's page.
pub(super) async fn fetch(desk: &Desk, article: &ArticleRow) -> Result<Outcome, Outcome> {
    let lead = article.lead.as_ref().ok_or_else(|| Outcome::hopeless("a digest has no page to read"))?;
    let allow = desk.config.source(&lead.source).map(|s| s.allow_private.clone()).unwrap_or_default();
    let carried = match &lead.carried {
        Some(id) => desk.store.snapshot(id).await?.map(|s| Carried::from(&s)),
        None => None,
    };
    let now = desk.clock.now();
    match sources::fetch(&desk.web, &lead.url, &desk.config.base, &allow, carried, now).await {
        Ok(fetched) => Ok(Outcome::done(Done::Fetched(Box::new(fetched)))),
        Err(FetchError::Gone { why }) => Ok(Outcome::done(Done::Gone(why))),
        Err(FetchError::Refused { why }) => Ok(Outcome::done(Done::Refused(why))),
        // Not the article's fault, and asking would make it worse.
        Err(FetchError::Resting { host, why, seconds }) => Ok(Outcome::Deferred {
            message: format!("{host} wants to be left alone ({why}); it is asked again by itself"),
            cause: format!("host: {host}"),
            probe_after: i64::try_from(seconds).ok(),
        }),
        Err(FetchError::Failed { why, retry_after }) => {
            Ok(Outcome::Failed { why, retry: true, retry_after: retry_after.and_then(|s| i64::try_from(s).ok()) })
        }
    }
}

/// Fingerprints what was read. The comparison is made in the transaction that inserts the fingerprint; before the first one
/// the site's own posts are in the index.
pub(super) async fn fingerprint(desk: &Desk, article: &ArticleRow, snapshot: &SnapshotId) -> Result<Outcome, Outcome> {
    desk.know_posts(super::site(desk, article)?).await?;
    let snapshot = desk.store.snapshot(snapshot).await?.ok_or_else(|| Outcome::hopeless("the snapshot is missing"))?;
    let preset = desk.config.desk.fingerprint.preset;
    let made = tokio::task::spawn_blocking(move || Fingerprint::by(preset, snapshot.body())).await;
    made.map(|f| Outcome::done(Done::Fingerprinted(f))).map_err(|e| Outcome::failed(e.to_string()))
}
