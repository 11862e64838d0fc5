//! Sources and briefs for the tests of this module: invented software, written for the purpose.

use states::words::{ArticleId, Brief, BriefSource, Snapshot, SnapshotId, Snapshots, SourceKind, Template, Timestamp};

mod sources;

use super::boundary::BoundarySecret;
use super::task::DraftInput;

/// Chooses the TLS provider, once for the test process.
pub(crate) fn tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

pub(crate) fn secret() -> BoundarySecret {
    BoundarySecret::new(*b"the secret of a test database, 32")
}

/// Title, author, date and body of invented sources.
pub(crate) const SOURCES: [(&str, &str, &str, &str); 7] = sources::ALL;

pub(crate) fn snapshot(at: usize) -> Snapshot {
    let (title, author, date, body) = SOURCES[at];
    Snapshot::compose(
        body,
        1,
        &format!("https://samples.example/{at}"),
        Some(title.to_owned()),
        (!author.is_empty()).then(|| author.to_owned()),
        (!date.is_empty()).then(|| format!("{date}T08:00:00Z").parse().unwrap()),
        None,
        Some("en".into()),
        Timestamp::UNIX_EPOCH,
        false,
    )
}

pub(crate) fn input_of(template: Template, keyword: &str, snapshots: Vec<Snapshot>) -> DraftInput {
    let article = |id: &SnapshotId| id.as_str().parse::<ArticleId>().unwrap();
    let brief = Brief {
        article: "0".repeat(32).parse().unwrap(),
        template,
        topic: "storage engines".into(),
        keyword: keyword.into(),
        secondary: vec!["latency".into(), "compaction".into()],
        language: "en".into(),
        sources: snapshots.iter().map(|s| BriefSource::of(s, article(&s.id), SourceKind::Primary)).collect(),
        related: Vec::new(),
        vocabulary: ["databases", "releases", "security", "performance", "latency"].map(str::to_owned).to_vec(),
        members: Vec::new(),
    };
    let snapshots: Snapshots = snapshots.into_iter().collect();
    DraftInput {
        brief,
        snapshots,
        previous: None,
        findings: Vec::new(),
        note: None,
        history: Vec::new(),
        voice: "Plain and exact.".into(),
    }
}

pub(crate) fn input(template: Template, keyword: &str, sources: std::ops::Range<usize>) -> DraftInput {
    input_of(template, keyword, sources.map(snapshot).collect())
}
