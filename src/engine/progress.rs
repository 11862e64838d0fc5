//! What a run tells while it works. The engine says what happens; the command line decides how it looks.

use states::words::{ArticleId, SiteName};
use tokio::sync::mpsc::UnboundedSender;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Progress {
    /// A run began.
    Began {
        /// The sites it serves.
        sites: Vec<SiteName>,
        /// What it may cost, in words.
        may_cost: String,
    },
    /// A source was asked.
    Polled {
        /// The source.
        source: String,
        /// What it had, or why not.
        result: Result<String, String>,
    },
    /// An article moved.
    Moved {
        /// The article.
        article: ArticleId,
        /// What people call it.
        label: String,
        /// Where it was.
        from: &'static str,
        /// Where it is.
        to: &'static str,
        /// Why.
        reason: String,
    },
    /// An answer grows.
    Writes {
        /// Who writes.
        provider: String,
        /// Tokens that have come, estimated, thinking among them.
        tokens: u64,
    },
    /// An effect will be tried again.
    Again {
        /// What people call it.
        label: String,
        /// What went wrong.
        why: String,
    },
    /// Work is held under a cause.
    Held {
        /// The cause.
        cause: String,
        /// What is wrong, and the next step.
        message: String,
    },
    /// Something about a worker.
    Worker {
        /// The worker.
        worker: String,
        /// What.
        what: String,
    },
    /// The selection has spoken.
    Selected {
        /// The site.
        site: SiteName,
        /// What.
        what: String,
    },
    /// People were told.
    Notice(String),
}

/// Where progress goes. Nobody has to listen.
#[derive(Debug, Clone, Default)]
pub struct Teller(Option<UnboundedSender<Progress>>);

impl Teller {
    /// Tells this listener.
    pub fn to(listener: UnboundedSender<Progress>) -> Self {
        Self(Some(listener))
    }

    /// Tells.
    pub fn tell(&self, progress: Progress) {
        if let Some(listener) = &self.0 {
            // A listener that went away wants to hear nothing.
            let _ = listener.send(progress);
        }
    }
}
