//! The types everyone shares: what the design's words mean, as data.
//!
//! Nothing here does anything to the world. Ids are hashes of what they name, amounts are integers, and text that came
//! from outside is only ever data.

pub mod brief;
pub mod draft;
pub mod energy;
pub mod finding;
pub mod hash;
pub mod ids;
pub mod lead;
pub mod money;
pub mod page;
pub mod passed;
pub mod snapshot;
pub mod text;

pub use brief::{Brief, BriefSource, Numbered, RelatedPost, Template};
pub use draft::{Block, Cite, Draft, Section, Sentence, Writer};
pub use energy::MilliWattHours;
pub use finding::{EvidenceRow, Finding, JudgeScore, Layer, LayerReport, Place, Report, Severity, Verdict};
pub use ids::{
    ArticleId, BriefId, BytesHash, DraftId, EffectKey, MachineId, ReportId, RequestKey, RunId, SiteName, SnapshotId,
    SourceName, StoryId, WorkerName,
};
pub use jiff::Timestamp;
pub use lead::{Lead, Origin, SourceKind};
pub use money::{Amount, NanoUsd, Prices, Tokens};
pub use page::{PageFile, PageIdentity};
pub use passed::{PassedBy, PassedGates};
pub use snapshot::{Snapshot, Snapshots};
