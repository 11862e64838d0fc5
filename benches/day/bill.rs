//! What a day costs: the naive way, and the worker's time and electricity.

use std::collections::BTreeMap;

use pipeline::models::{Asking, BoundarySecret, Question, TriageInput};
use pipeline::templates::Templates;
use serde_json::{Value, json};
use states::words::SourceKind;

use crate::Result;
use crate::harness::answers;
use crate::leads::Lead;
use crate::prices::{NAIVE, Price};
use crate::world::{Call, TOPICS, now};

/// One token for four bytes, rounded up: the one counter of this bench. It is what the fake models bill by.
pub(crate) fn tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

/// The worker's model, in tokens a second: how fast it reads a prompt, how fast it writes, how fast it embeds.
pub(crate) const READS: u64 = 1_500;
pub(crate) const WRITES: u64 = 40;
pub(crate) const EMBEDS: u64 = 10_000;
/// Seconds from the packet to the first answer, and from the last answer to sleep.
pub(crate) const BOOT: u64 = 30;
pub(crate) const LINGER: u64 = 30;
/// What it draws, in watts, and what a kilowatt-hour costs, in cents.
pub(crate) const WATTS: u64 = 300;
pub(crate) const CENTS_PER_KWH: u64 = 30;

/// Calls of one task at one tier.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    /// How many.
    pub(crate) calls: u64,
    /// Tokens of prompts.
    pub(crate) prompt: u64,
    /// Those of them that were seen before.
    pub(crate) cached: u64,
    /// Tokens of answers.
    pub(crate) answer: u64,
}

impl Sum {
    fn add(&mut self, call: &Call) {
        self.calls += 1;
        self.prompt += call.prompt;
        self.cached += call.cached;
        self.answer += call.answer;
    }

    /// Nano-dollars at a price.
    pub(crate) fn at(&self, price: &Price) -> u64 {
        price.of(self.prompt, self.cached, self.answer)
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        json!({"calls": self.calls, "tokens_in": self.prompt, "tokens_cached": self.cached, "tokens_out": self.answer})
    }
}

/// Calls by tier and task.
pub(crate) fn sums(calls: &[Call]) -> BTreeMap<(&'static str, String), Sum> {
    let mut sums: BTreeMap<_, Sum> = BTreeMap::new();
    for call in calls {
        sums.entry((call.tier, call.task.clone())).or_default().add(call);
    }
    sums
}

/// The naive way: every lead's full text is triaged, what was drafted and judged is drafted and judged with the same tokens,
/// and nothing is cached.
pub(crate) fn naive(leads: &[Lead], calls: &[Call]) -> Result<BTreeMap<String, Sum>> {
    let (templates, secret) = (Templates::built_in(), BoundarySecret::new([7; 32]));
    let mut naive: BTreeMap<String, Sum> = BTreeMap::new();
    let triage = naive.entry("triage".to_owned()).or_default();
    for lead in leads {
        let input = TriageInput {
            title: lead.news.title.clone(),
            url: "https://paper.example/news/100".to_owned(),
            source_kind: SourceKind::Report,
            published: Some(lead.news.date),
            // Counted apart: the program's own triage would shorten it.
            text: String::new(),
            site_topics: TOPICS.map(str::to_owned).to_vec(),
            now: now(),
        };
        let question = Question::triage(input, &Asking::new(&templates, &secret))?;
        let prompt: Vec<&str> = question.messages.iter().map(|m| m.text.as_str()).collect();
        let prompt = prompt.join("\n");
        let said = answers::triage(&prompt, 80, 92).to_string();
        triage.calls += 1;
        triage.prompt += tokens(&prompt) + tokens(&lead.news.text());
        triage.answer += tokens(&said);
    }
    for ((_, task), sum) in sums(calls) {
        if matches!(task.as_str(), "draft" | "judge") {
            let all = naive.entry(task).or_default();
            *all = Sum {
                calls: all.calls + sum.calls,
                prompt: all.prompt + sum.prompt,
                cached: 0,
                answer: all.answer + sum.answer,
            };
        }
    }
    Ok(naive)
}

/// What the naive way costs, in nano-dollars.
pub(crate) fn naive_bill(naive: &BTreeMap<String, Sum>) -> u64 {
    naive.values().map(|sum| sum.at(&NAIVE)).sum()
}

/// What the worker did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worker {
    /// Seconds in which its models read, wrote and embedded, one call after another.
    pub(crate) model_seconds: f64,
    /// Seconds awake: the models' time, and a boot and a linger for each window.
    pub(crate) awake_seconds: f64,
}

impl Worker {
    /// From the tokens of its calls.
    pub(crate) fn of(calls: &[Call], windows: usize) -> Self {
        let mut seconds = 0.0;
        for call in calls.iter().filter(|c| c.tier == "worker") {
            seconds += match call.task.as_str() {
                "embed" => call.prompt as f64 / EMBEDS as f64,
                _ => call.prompt as f64 / READS as f64 + call.answer as f64 / WRITES as f64,
            };
        }
        Self { model_seconds: seconds, awake_seconds: seconds + (windows as u64 * (BOOT + LINGER)) as f64 }
    }

    /// Watt-hours.
    pub(crate) fn watt_hours(&self) -> f64 {
        self.awake_seconds * WATTS as f64 / 3_600.0
    }

    /// What they cost, in cents.
    pub(crate) fn cents(&self) -> f64 {
        self.watt_hours() * CENTS_PER_KWH as f64 / 1_000.0
    }
}
