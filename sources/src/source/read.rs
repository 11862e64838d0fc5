//! What an answer holds, by the kind of its source.

use jiff::Timestamp;

use super::{Entry, SourceError, SourceSpec, blocking};
use crate::door::Response;
use crate::{feed, listing};

/// Reads the answer of a source's own address: its entries, in the source's order, and notes.
pub(super) async fn read(
    spec: SourceSpec,
    response: Response,
    now: Timestamp,
) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    blocking(move || match spec {
        SourceSpec::Listing { item, link, title, date, .. } => {
            let selectors = listing::Selectors { item, link, title, date };
            listing::read_page(&response, &selectors, now)
        }
        SourceSpec::Feed { .. } | SourceSpec::Files { .. } => {
            feed::read_feed(&response.body, response.content_type.as_deref(), &response.final_url, now)
                .map(|read| (read.entries, read.notes))
        }
    })
    .await
}
