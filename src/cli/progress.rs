//! How progress looks: a spinner with counts and the lines that matter on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::out::{note, short};
use crate::engine::Progress;
use crate::engine::progress::Teller;

/// Listens to a run until it is finished.
pub(super) struct Listener {
    task: Option<JoinHandle<()>>,
}

impl Listener {
    /// Begins to listen; a quiet one hears nothing.
    pub(super) fn start(quiet: bool) -> (Teller, Self) {
        if quiet {
            return (Teller::default(), Self { task: None });
        }
        let (sender, receiver) = unbounded_channel();
        let show = if std::io::stderr().is_terminal() { Show::bar() } else { Show::default() };
        (Teller::to(sender), Self { task: Some(tokio::spawn(listen(receiver, show))) })
    }

    /// Waits until everything that was told is shown. The teller must be gone by then.
    pub(super) async fn finish(self) {
        if let Some(task) = self.task {
            // A task that failed has shown less; the run itself is not concerned.
            let _ = tokio::time::timeout(Duration::from_secs(2), task).await;
        }
    }
}

#[derive(Default)]
struct Show {
    bar: Option<ProgressBar>,
    moved: BTreeMap<String, &'static str>,
    /// How long each answer was when it was last worth a line.
    written: BTreeMap<String, u64>,
}

/// An answer is worth a line from so many tokens on, and whenever it has doubled: a few lines for a long one, none for a
/// short one.
const FIRST_LINE: u64 = 256;

async fn listen(mut receiver: UnboundedReceiver<Progress>, mut show: Show) {
    while let Some(progress) = receiver.recv().await {
        show.show(&progress);
    }
    if let Some(bar) = show.bar.take() {
        bar.finish_and_clear();
    }
}

impl Show {
    fn bar() -> Self {
        let bar = ProgressBar::new_spinner();
        // The template is a literal that is known to be one.
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar: Some(bar), ..Self::default() }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => note(text),
        }
    }

    fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Began { sites, may_cost } => {
                let names: Vec<&str> = sites.iter().map(|s| s.as_str()).collect();
                self.line(&format!("run for {}; it may cost {may_cost}", names.join(", ")));
            }
            Progress::Polled { source, result: Ok(what) } => self.line(&format!("  source {source}: {what}")),
            Progress::Polled { source, result: Err(why) } => {
                self.line(&format!("  {} {source}: {why}", style("source").for_stderr().yellow()));
            }
            Progress::Moved { article, label, from, to, reason } => {
                self.moved(article.short(), label, from, to, reason)
            }
            Progress::Writes { provider, tokens } => self.writes(provider, *tokens),
            Progress::Again { label, why } => {
                self.line(&format!("  {} “{}”: {why}", style("again soon").for_stderr().yellow(), short(label, 50)));
            }
            // Waiting for a worker is part of every run that has one.
            Progress::Held { cause, .. } if cause.starts_with("worker: ") => {}
            Progress::Held { cause, message } => {
                self.line(&format!("  {} ({cause}): {message}", style("held").for_stderr().yellow().bold()));
            }
            Progress::Worker { worker, what } => self.line(&format!("  worker {worker}: {what}")),
            Progress::Selected { site, what } => self.line(&format!("  selection for {site}: {what}")),
            Progress::Notice(text) => self.line(&format!("  {} {text}", style("→").for_stderr().cyan())),
        }
    }

    fn writes(&mut self, provider: &str, tokens: u64) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}{provider} writes: {tokens} tokens", self.counts()));
            return;
        }
        let last = self.written.entry(provider.to_owned()).or_default();
        if tokens < *last {
            // The next answer.
            *last = 0;
        }
        if tokens >= FIRST_LINE && tokens >= *last * 2 {
            *last = tokens;
            self.line(&format!("  {provider} writes: {tokens} tokens"));
        }
    }

    /// How many articles are where, as the beginning of a bar.
    fn counts(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for state in self.moved.values() {
            *counts.entry(state).or_default() += 1;
        }
        counts.iter().map(|(state, n)| format!("{n} {state} · ")).collect()
    }

    fn moved(&mut self, id: &str, label: &str, from: &str, to: &'static str, reason: &str) {
        self.moved.insert(id.to_owned(), to);
        let worth_a_line = !matches!(to, "Deduplicating" | "Scoring" | "Gating" | "Publishing");
        if self.bar.is_none() || worth_a_line {
            let to = match to {
                "Proposed" | "Live" | "Merged" => style(to).for_stderr().green(),
                "Parked" | "Rejected" | "Reviewing" => style(to).for_stderr().yellow(),
                _ => style(to).for_stderr(),
            };
            self.line(&format!(
                "  {} {from} → {to}: “{}” {}",
                style(id).for_stderr().dim(),
                short(label, 56),
                dim(reason)
            ));
        }
        if let Some(bar) = &self.bar {
            bar.set_message(self.counts().trim_end_matches(" · ").to_owned());
        }
    }
}

fn dim(text: &str) -> console::StyledObject<String> {
    style(format!("({text})")).for_stderr().dim()
}
