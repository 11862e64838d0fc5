//! The table: 100 columns at most, and the same as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::bill::{self, Sum, Worker};
use crate::leads::{Kind, Lead};
use crate::prices::{NAIVE, Price};
use crate::world::{Ran, Writer};

/// One configuration, and what it came to.
pub(crate) struct Day {
    /// Who did what.
    pub(crate) name: String,
    /// Who drafted and judged.
    pub(crate) writer: Writer,
    /// The run.
    pub(crate) ran: Ran,
    /// The naive way with the same drafts and judgements.
    pub(crate) naive: BTreeMap<String, Sum>,
}

impl Day {
    fn ratio(&self) -> Option<f64> {
        (self.ran.bill > 0).then(|| bill::naive_bill(&self.naive) as f64 / self.ran.bill as f64)
    }

    fn price(&self) -> Option<Price> {
        match self.writer {
            Writer::Hosted(price) => Some(price),
            Writer::Worker => None,
        }
    }
}

/// Everything that was measured.
pub(crate) struct Table<'a> {
    /// The leads.
    pub(crate) leads: &'a [Lead],
    /// The seed that they come from.
    pub(crate) seed: u64,
    /// Recorded texts are among them.
    pub(crate) recorded: bool,
    /// The configurations.
    pub(crate) days: Vec<Day>,
}

impl Table<'_> {
    /// Prints it.
    #[allow(clippy::print_stdout, reason = "a bench prints its table")]
    pub(crate) fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let full: u64 = self.leads.iter().map(|l| bill::tokens(&l.news.text())).sum();
        let mut lines = vec![
            format!("A day of {} leads (seed {}), {} tokens of text.", self.leads.len(), self.seed, grouped(full)),
            "A token is four bytes, for the naive way and for ours; hosted models count the schema too.".to_owned(),
            format!(
                "The worker reads {} tokens a second, writes {} and embeds {}; it needs {} s to boot and lingers {} s.",
                grouped(bill::READS),
                bill::WRITES,
                grouped(bill::EMBEDS),
                bill::BOOT,
                bill::LINGER
            ),
            format!("It draws {} W; a kilowatt-hour is {} cents.", bill::WATTS, bill::CENTS_PER_KWH),
        ];
        if !self.recorded {
            lines.push("The corpus of recorded texts is missing; all texts are invented.".to_owned());
        }
        if let Some(day) = self.days.first() {
            lines.push(String::new());
            lines.extend(ends(&day.ran));
        }
        for (n, day) in self.days.iter().enumerate() {
            lines.push(String::new());
            lines.push(format!("{}. {}", n + 1, day.name));
            lines.extend(spent(day));
        }
        lines.join("\n")
    }

    /// The same as JSON. Money is in nano-dollars.
    pub(crate) fn json(&self) -> Value {
        let days: Vec<Value> = self.days.iter().map(day_json).collect();
        json!({
            "leads": self.leads.len(),
            "seed": self.seed,
            "recorded": self.recorded,
            "bytes_per_token": 4,
            "worker": {
                "reads_per_second": bill::READS, "writes_per_second": bill::WRITES, "embeds_per_second": bill::EMBEDS,
                "boot_seconds": bill::BOOT, "linger_seconds": bill::LINGER, "watts": bill::WATTS,
                "cents_per_kwh": bill::CENTS_PER_KWH,
            },
            "days": days,
        })
    }
}

fn day_json(day: &Day) -> Value {
    let ran = &day.ran;
    let worker = Worker::of(&ran.calls, ran.windows);
    let calls: Vec<Value> = bill::sums(&ran.calls)
        .into_iter()
        .map(|((tier, task), sum)| json!({"tier": tier, "task": task, "sum": sum.json()}))
        .collect();
    let ends: Vec<Value> = ran
        .ends
        .iter()
        .map(|((kind, state), count)| json!({"kind": kind.word(), "state": state, "count": count}))
        .collect();
    json!({
        "name": day.name,
        "ends": ends,
        "proposals": ran.proposals,
        "calls": calls,
        "naive": day.naive.iter().map(|(task, sum)| (task.clone(), sum.json())).collect::<serde_json::Map<_, _>>(),
        "hosted_nano_usd": ran.bill,
        "booked_nano_usd": ran.report["cost"],
        "naive_nano_usd": bill::naive_bill(&day.naive),
        "ratio": day.ratio(),
        "awake_seconds": worker.awake_seconds,
        "model_seconds": worker.model_seconds,
        "windows": ran.windows,
        "watt_hours": worker.watt_hours(),
        "electricity_cents": worker.cents(),
        "wall_seconds": ran.wall.as_secs_f64(),
        "model_seconds": ran.asking.as_secs_f64(),
        "cpu_seconds": ran.cpu,
        "peak_kilobytes": ran.peak_kb,
    })
}

/// What became of the leads of each kind.
fn ends(ran: &Ran) -> Vec<String> {
    let states: BTreeSet<&String> = ran.ends.keys().map(|(_, state)| state).collect();
    let head: String = states.iter().map(|state| format!("{state:>12}")).collect();
    let mut lines = vec![format!("{:<10}{:>7}{head}", "leads", "all")];
    let row = |name: &str, counts: Vec<usize>| {
        let cells: String = counts.iter().map(|n| format!("{n:>12}")).collect();
        format!("{name:<10}{:>7}{cells}", counts.iter().sum::<usize>())
    };
    let count = |kind: Kind, state: &String| ran.ends.get(&(kind, state.clone())).copied().unwrap_or(0);
    for kind in Kind::ALL {
        lines.push(row(kind.word(), states.iter().map(|state| count(kind, state)).collect()));
    }
    let all = |state: &&String| Kind::ALL.into_iter().map(|kind| count(kind, state)).sum();
    lines.push(row("all", states.iter().map(all).collect()));
    lines
}

fn spent(day: &Day) -> Vec<String> {
    let ran = &day.ran;
    let worker = Worker::of(&ran.calls, ran.windows);
    let line = |who: &str, task: &str, sum: &Sum, price: Option<&Price>| {
        let dollars = price.map_or_else(|| "-".to_owned(), |p| format!("{:.4}", sum.at(p) as f64 / 1e9));
        format!(
            "   {who:<8}{task:<8}{:>7}{:>14}{:>12}{:>12}{dollars:>12}",
            sum.calls,
            grouped(sum.prompt),
            grouped(sum.cached),
            grouped(sum.answer)
        )
    };
    let mut lines =
        vec![format!("   {:<16}{:>7}{:>14}{:>12}{:>12}{:>12}", "", "calls", "tokens in", "cached", "out", "dollars")];
    for ((tier, task), sum) in bill::sums(&ran.calls) {
        let price = day.price().filter(|_| tier == "hosted");
        lines.push(line(tier, &task, &sum, price.as_ref()));
    }
    for (task, sum) in &day.naive {
        lines.push(line("naive", task, sum, Some(&NAIVE)));
    }
    let naive = bill::naive_bill(&day.naive) as f64 / 1e9;
    let ratio = day.ratio().map_or_else(|| "nothing is billed".to_owned(), |r| format!("1/{r:.0} of the naive way"));
    lines.push(format!("   hosted {:.4} dollars, naive {naive:.4} dollars: {ratio}", ran.bill as f64 / 1e9));
    lines.push(format!(
        "   worker awake {:.1} minutes in {} window(s): {:.0} Wh, {:.1} cents",
        worker.awake_seconds / 60.0,
        ran.windows,
        worker.watt_hours(),
        worker.cents()
    ));
    lines.push(format!(
        "   {} proposals; wall {:.1} s, {:.1} s without those in which a model was asked; processor {:.1} s, peak memory {:.0} MB",
        ran.proposals,
        ran.wall.as_secs_f64(),
        ran.wall.saturating_sub(ran.asking).as_secs_f64(),
        ran.cpu,
        ran.peak_kb as f64 / 1_000.0
    ));
    lines
}

/// With a comma between thousands.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
