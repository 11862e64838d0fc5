//! A day of 800 leads: what it costs beside the naive way, and how fast and how small the program is meanwhile. The program
//! runs as a child; the web, the models, the box and the site are the fakes of the tests. `make bench` prints the table;
//! `--json FILE` writes it as JSON too. docs/bench.md says how to read it.

mod bill;
mod leads;
mod prices;
mod table;
mod world;

#[path = "../../tests/e2e/harness/mod.rs"]
mod harness;

use std::path::PathBuf;

use crate::prices::{NAIVE, Price};
use crate::world::{Hosts, Writer};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// On how many hosts the leads lie.
const HOSTS: usize = 20;

/// What is asked of this bench.
struct Asked {
    leads: usize,
    seed: u64,
    json: Option<PathBuf>,
    program: Option<PathBuf>,
}

fn main() -> Result<()> {
    let asked = asked()?;
    if harness::hugo().is_none() {
        return Err("there is no Hugo (PIPELINE_HUGO, .tools/hugo); `make setup` installs it".into());
    }
    let data = harness::data_dir();
    let leads = leads::day(asked.seed, asked.leads, HOSTS, world::now(), data.as_deref())?;
    let hosts = Hosts::with(&leads, HOSTS);
    let cheapest = Price::cheapest().ok_or("the price list is empty")?;
    let mut days = Vec::new();
    for (name, writer) in [
        (format!("drafting and judging by {}, the rest on the worker", cheapest.model), Writer::Hosted(cheapest)),
        (format!("drafting and judging by {}, the rest on the worker", NAIVE.model), Writer::Hosted(NAIVE)),
        ("everything on the worker".to_owned(), Writer::Worker),
    ] {
        let ran = world::run(&hosts, writer, asked.program.as_deref())?;
        let naive = bill::naive(&leads, &ran.calls)?;
        days.push(table::Day { name, writer, ran, naive });
    }
    let table = table::Table { leads: &leads, seed: asked.seed, recorded: data.is_some(), days };
    table.print();
    if let Some(file) = asked.json {
        std::fs::write(&file, serde_json::to_vec_pretty(&table.json())?)?;
    }
    Ok(())
}

fn asked() -> Result<Asked> {
    let mut asked = Asked { leads: 800, seed: 1, json: None, program: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--leads" => asked.leads = value()?.parse()?,
            "--seed" => asked.seed = value()?.parse()?,
            "--json" => asked.json = Some(value()?.into()),
            "--program" => asked.program = Some(std::path::absolute(value()?)?),
            // Cargo says so to every bench.
            "--bench" => {}
            other => {
                return Err(
                    format!("{other}? This bench takes --leads N, --seed N, --json FILE and --program FILE").into()
                );
            }
        }
    }
    Ok(asked)
}
