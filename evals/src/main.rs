//! Scores this program's parts on a folder of test data, beside peers that do the same.
//!
//! `evals feeds|extraction|duplicates|evidence|hostile DIR` scores one part, `evals all DIR` every part on a folder laid out as
//! `feeds/`, `pages/`, `neardup/`, `evidence/` and `hostile/`: tables on stdout, JSON with `--json`, Markdown into a file with `--write`.

mod duplicates;
mod evidence;
mod extraction;
mod feeds;
mod index;
mod hostile;
mod pages;
mod peers;
mod random;
mod report;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use peers::Peers;
use report::Report;

#[derive(Parser)]
#[command(version, about)]
struct Command {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    what: What,
}

#[derive(Args)]
struct Options {
    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    json: bool,
    /// A Python that has evals/peers/requirements.txt installed: the peers are run beside.
    #[arg(long, global = true, value_name = "PYTHON")]
    peers: Option<PathBuf>,
    /// Write the figures into this Markdown file as well.
    #[arg(long, global = true, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Look-ups are timed in an index of so many texts (0: none).
    #[arg(long, global = true, value_name = "N", default_value_t = 1_000_000)]
    index: usize,
}

#[derive(Subcommand)]
enum What {
    /// Which feeds below DIR are read, and how far that agrees with another reader's (`oracle-*.jsonl`).
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
    /// How often wrong facts are caught, and true sentences flagged: the cases of `evidence/*.jsonl`, and cases that are made
    /// from the gold texts of `pages/`.
    Evidence {
        /// The folder that holds `evidence/`, `pages/` or both.
        dir: PathBuf,
        #[command(flatten)]
        how: evidence::How,
    },
    /// Writes down the cases that are made from the gold texts of pages, one JSON object a line.
    GenerateEvidence {
        /// The folder that holds `pages/`.
        dir: PathBuf,
        /// Equal seeds give equal cases.
        #[arg(long, default_value_t = evidence::SEED)]
        seed: u64,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// What hostile files and URLs do to the parsers and the door: nothing, it is hoped.
    Hostile {
        /// The folder of hostile files, with `generated/ssrf-urls.jsonl`.
        dir: PathBuf,
    },
    /// All of these.
    All {
        /// The folder that holds their folders.
        dir: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    // The door makes a client, which needs a TLS provider; a second installation is refused, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Command { options, what } = Command::parse();
    let peers = Peers { python: options.peers.clone() };
    let reports = match what {
        What::Feeds { dir } => vec![feeds::score(&dir, &peers)?],
        What::Extraction { dir } => vec![extraction::score(&dir, &peers)?],
        What::Duplicates { dir } => vec![duplicates::score(&dir, &peers, options.index)?],
        What::Evidence { dir, how } => vec![evidence::score(&dir, &how)?],
        What::GenerateEvidence { dir, seed, out } => {
            let written = evidence::write_cases(&dir, seed, &out)?;
            return Ok(writeln!(std::io::stdout().lock(), "{written} cases in {}", out.display())?);
        }
        What::Hostile { dir } => vec![hostile::score(&dir)?],
        What::All { dir } => vec![
            feeds::score(&dir.join("feeds"), &peers)?,
            extraction::score(&dir.join("pages/aeb"), &peers)?,
            duplicates::score(&dir.join("neardup/synthetic"), &peers, options.index)?,
            evidence::score(&dir, &evidence::How::default())?,
            hostile::score(&dir.join("hostile"))?,
        ],
    };
    let text = if options.json {
        serde_json::to_string_pretty(&reports)?
    } else {
        reports.iter().map(Report::text).collect::<Vec<_>>().join("\n")
    };
    writeln!(std::io::stdout().lock(), "{text}")?;
    if let Some(path) = options.write {
        write_down(&path, &reports)?;
    }
    anyhow::ensure!(reports.iter().all(Report::met), "a goal is not met");
    Ok(())
}

fn write_down(path: &Path, reports: &[Report]) -> anyhow::Result<()> {
    let sections: Vec<String> = reports.iter().map(Report::markdown).collect();
    let text = format!(
        "# Evaluations\n\nWritten by `make eval`. Speeds are those of the machine it ran on; what counts is how they compare \
         within one run.\n\n{}",
        sections.join("\n")
    );
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
