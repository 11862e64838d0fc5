//! `[desk]` and `[caps]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sources::{Comparing, DoorOptions};
use states::words::NanoUsd;

/// Where the desk keeps its things, and how it behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Desk {
    /// The database file. Clones lie beside it.
    pub state: PathBuf,
    /// The Hugo binary. Without it: the variable PIPELINE_HUGO, `.tools/hugo`, then the PATH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hugo: Option<PathBuf>,
    /// How long one build of a site may take, in seconds.
    pub hugo_seconds: u64,
    /// A folder whose files replace built-in templates of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<PathBuf>,
    /// How long a run waits for work that is to be tried again soon, in seconds.
    pub patience_seconds: i64,
    /// How often the world is asked whether a cause still holds, in seconds.
    pub probe_seconds: i64,
    /// The least time between two requests to one host, in milliseconds. A host's `Crawl-delay` may be longer.
    pub host_gap_ms: u64,
    /// How many effects of a kind run at once.
    pub limits: Limits,
    /// The HTTP door.
    pub door: DoorOptions,
    /// How texts are compared.
    pub fingerprint: Comparing,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            state: "var/pipeline.db".into(),
            hugo: None,
            hugo_seconds: 120,
            templates: None,
            patience_seconds: 90,
            probe_seconds: 300,
            host_gap_ms: 1_000,
            limits: Limits::default(),
            door: DoorOptions::default(),
            fingerprint: Comparing::default(),
        }
    }
}

/// How many effects of a kind run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Pages read.
    pub fetch: usize,
    /// Leads scored.
    pub score: usize,
    /// Drafts written.
    pub draft: usize,
    /// Drafts checked.
    pub gate: usize,
    /// Branches pushed.
    pub publish: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fetch: 6, score: 2, draft: 2, gate: 2, publish: 1 }
    }
}

/// The most that may be spent on models that bill, in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// In one run.
    pub run_usd: f64,
    /// In one day (UTC).
    pub day_usd: f64,
    /// In one month (UTC).
    pub month_usd: f64,
}

impl Default for Caps {
    fn default() -> Self {
        Self { run_usd: 0.5, day_usd: 1.0, month_usd: 10.0 }
    }
}

impl Caps {
    /// Run, day and month in nano-dollars.
    pub fn nano(&self) -> [NanoUsd; 3] {
        [self.run_usd, self.day_usd, self.month_usd].map(NanoUsd::from_usd)
    }
}
