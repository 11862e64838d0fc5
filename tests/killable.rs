//! The program itself, with a listener that kills it (SIGKILL) at a chosen commit.
//!
//! `PIPELINE_KILL_AT=commit:17` ends it before the 17th commit, `committed:17` after it. Without the variable it is the program.

use std::fmt;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Signal, getpid, kill_process};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let kill = std::env::var("PIPELINE_KILL_AT").ok().map(|at| Kill::at(&at));
    let filter = EnvFilter::try_from_env("PIPELINE_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(filter);
    tracing_subscriber::registry().with(kill).with(log).init();
    pipeline::cli::main()
}

/// Counts the events of one kind, and kills the process at the last one.
struct Kill {
    kind: String,
    left: AtomicU64,
}

impl Kill {
    fn at(text: &str) -> Self {
        let (kind, n) = text.split_once(':').expect("PIPELINE_KILL_AT is KIND:N");
        assert!(matches!(kind, "commit" | "committed"), "`{kind}` is neither `commit` nor `committed`");
        let n: u64 = n.parse().expect("PIPELINE_KILL_AT is KIND:N");
        assert!(n > 0, "events are counted from 1");
        Self { kind: kind.to_owned(), left: AtomicU64::new(n) }
    }
}

impl<S: Subscriber> Layer<S> for Kill {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "pipeline::store" {
            return;
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        if message.0 == self.kind && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // This does not return.
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
