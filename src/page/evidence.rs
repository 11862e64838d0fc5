//! The evidence beside a page: every claim with the source's own words, for the site's layout and for readers.

use std::collections::BTreeSet;

use serde::Serialize;
use states::words::{ArticleId, EvidenceRow, Place, Snapshots};

use super::text::plain;

#[derive(Serialize)]
struct File {
    article: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    place: String,
    kind: String,
    claim: String,
    source: String,
    /// Empty for a source that has no address on the web.
    url: String,
    quote: String,
}

/// The evidence as JSON, in the order of the rows. Rows without a place in a source are left out: they prove nothing. So are
/// those of whole sentences whose quotation has a row of its own.
pub(super) fn file(article: &ArticleId, rows: &[EvidenceRow], snapshots: &Snapshots) -> String {
    let quoted: BTreeSet<&Place> = rows.iter().filter(|r| r.kind == "quotation").map(|r| &r.place).collect();
    let rows = rows.iter().filter(|r| r.kind != "sentence" || !quoted.contains(&r.place)).filter_map(|row| {
        let cite = row.cite.as_ref()?;
        let snapshot = snapshots.get(&cite.snapshot)?;
        let web = url::Url::parse(&snapshot.url).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
        Some(Row {
            place: row.place.to_string(),
            kind: row.kind.clone(),
            claim: plain(&row.claim),
            source: plain(snapshot.title.as_deref().unwrap_or(&snapshot.url)),
            url: if web { snapshot.url.clone() } else { String::new() },
            quote: plain(snapshots.cited(cite)?),
        })
    });
    let file = File { article: article.to_string(), rows: rows.collect() };
    // Strings and one list: there is nothing in it that could not be JSON.
    let mut json = serde_json::to_string_pretty(&file).unwrap_or_default();
    json.push('\n');
    json
}
