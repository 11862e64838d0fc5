//! The machines as they are, found by trying every state with every event: edges and the diagram.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::article;
use crate::examples;
use crate::state::{Class, Moment, State, Timers};
use crate::worker;

/// One edge: from a state, by an event, to a state. `[*]` stands for before the birth.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The state's name.
    pub from: &'static str,
    /// The event's name.
    pub event: &'static str,
    /// The next state's name.
    pub to: &'static str,
}

fn moment() -> Moment {
    Moment { at: Timestamp::UNIX_EPOCH, timers: Timers::default() }
}

/// Every edge of the article's machine that leaves a state.
pub fn article_edges() -> BTreeSet<Edge> {
    let id = examples::article("explored");
    let births = examples::events().into_iter().filter_map(|event| {
        article::begin(&event, &moment()).map(|s| Edge { from: "[*]", event: event.name(), to: s.state.name() })
    });
    let mut edges: BTreeSet<Edge> = births.collect();
    for state in examples::states() {
        for event in examples::events() {
            if let Ok(step) = article::step(&id, &state, &event, &moment())
                && step.left
            {
                edges.insert(Edge { from: state.name(), event: event.name(), to: step.state.name() });
            }
        }
    }
    edges
}

/// Every edge of the worker's machine that leaves a state.
pub fn worker_edges() -> BTreeSet<Edge> {
    let births = examples::worker_events().into_iter().filter_map(|event| {
        worker::begin(&event).map(|s| Edge { from: "[*]", event: event.name(), to: s.state.name() })
    });
    let mut edges: BTreeSet<Edge> = births.collect();
    for state in examples::worker_states() {
        for event in examples::worker_events() {
            if let Ok(step) = worker::step(&state, &event, &moment())
                && step.left
            {
                edges.insert(Edge { from: state.name(), event: event.name(), to: step.state.name() });
            }
        }
    }
    edges
}

/// The article's machine as a Mermaid state diagram. What every working state has in common (giving up, being sent back) is
/// drawn once, from and to a composite.
pub fn article_mermaid() -> String {
    let class: BTreeMap<&str, Class> = examples::states().iter().map(|s: &State| (s.name(), s.class())).collect();
    let settled = class.iter().filter(|(_, c)| **c == Class::Settled).map(|(n, _)| *n);
    let common = |e: &Edge| e.event == "GaveUp" || e.from == "Parked";
    let (shared, own): (Vec<Edge>, Vec<Edge>) = article_edges().into_iter().partition(common);
    let mut out = diagram(own);
    let working = class.iter().filter(|(_, c)| **c == Class::Working).count();
    let giving_up = shared.iter().filter(|e| e.event == "GaveUp").count();
    debug_assert_eq!(working, giving_up, "every working state gives up");
    out.push_str("    Working --> Parked: GaveUp\n    Parked --> Working: RetryAsked\n");
    out.push_str("    note right of Working: Fetching, Deduplicating, Scoring, Drafting, Gating, Publishing\n");
    for name in settled {
        let _ = writeln!(out, "    {name} --> [*]");
    }
    out
}

/// The worker's machine as a Mermaid state diagram.
pub fn worker_mermaid() -> String {
    diagram(worker_edges())
}

fn diagram(edges: impl IntoIterator<Item = Edge>) -> String {
    let mut by_ends: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for edge in edges {
        by_ends.entry((edge.from, edge.to)).or_default().insert(edge.event);
    }
    let mut out = String::from("stateDiagram-v2\n");
    for ((from, to), events) in by_ends {
        let labels: Vec<&str> = events.into_iter().collect();
        let _ = writeln!(out, "    {from} --> {to}: {}", labels.join(", "));
    }
    out
}
