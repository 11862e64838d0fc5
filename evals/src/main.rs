//! Scores feeds, extraction and duplicate detection on a folder of test data.
//!
//! `evals feeds DIR`, `evals extraction DIR`, `evals duplicates DIR`: a table on stdout, or JSON with `--json`.

mod duplicates;
mod extraction;
mod feeds;
mod report;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Args {
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Which feeds below DIR are read, and how many entries agree with another reader's (`oracle-*.jsonl`).
    Feeds {
        /// The folder of feeds.
        dir: PathBuf,
    },
    /// How much of the gold text of pages is found: `ground-truth.json` with `html/ID.html[.gz]`.
    Extraction {
        /// The folder of pages.
        dir: PathBuf,
    },
    /// How well copies are told from other texts: `docs.jsonl` with `pairs.jsonl`.
    Duplicates {
        /// The folder of pairs.
        dir: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let report = match args.what {
        What::Feeds { dir } => feeds::score(&dir)?,
        What::Extraction { dir } => extraction::score(&dir)?,
        What::Duplicates { dir } => duplicates::score(&dir)?,
    };
    let text = if args.json { serde_json::to_string_pretty(&report)? } else { report.table() };
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}
