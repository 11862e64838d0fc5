//! `pipeline gate`: the gate's rules on any Markdown with front matter.

mod files;
mod site;
mod sources;
mod told;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use gates::lint::{self, Against, MarkdownFile};
use gates::settings::Settings;
use states::words::Severity;

use super::open;
use super::{Answer, Cli, rules};

/// What is checked, against what, and how it is told.
#[derive(Debug, Args)]
pub(super) struct GateArgs {
    /// Markdown files; folders with all `.md` files in them but `_index.md`; `-` for standard input
    #[arg(required_unless_present_any = ["rules", "explain"], value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The site's folder: links, tags and slugs are checked against it
    #[arg(long, value_name = "FOLDER")]
    site: Option<PathBuf>,
    /// A folder of texts (.txt, .md, .html): every sentence is looked up in them
    #[arg(long, value_name = "FOLDER")]
    evidence: Option<PathBuf>,
    /// The form of the answer
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Format>,
    /// What standard input is called
    #[arg(long, default_value = "stdin.md", value_name = "FILE")]
    name: PathBuf,
    /// The address of the folder that holds `docs/rules/`, for links in SARIF
    #[arg(long, value_name = "URL")]
    docs_url: Option<String>,
    /// List the rules instead
    #[arg(long, conflicts_with_all = ["files", "site", "evidence", "format", "explain"])]
    rules: bool,
    /// Explain one rule instead, for example form/too-short
    #[arg(long, conflicts_with_all = ["files", "site", "evidence", "format"], value_name = "CODE")]
    explain: Option<String>,
}

/// The forms of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Excerpts with the place marked; the default
    Text,
    /// A line for each finding: `file:line:column: severity[code] message`
    Line,
    /// JSON
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

/// Checks files. 1 when one of them has an error.
pub(super) async fn gate(cli: &Cli, args: &GateArgs) -> Answer {
    if args.rules {
        return rules::list(cli);
    }
    if let Some(code) = &args.explain {
        return rules::explain(cli, code);
    }
    // The rules work without a configuration; where there is one, its first site's settings count. One that was
    // named has to be there.
    let config = if cli.config_is_named || cli.config.exists() { Some(open::config(cli)?) } else { None };
    let settings = config.as_ref().and_then(|c| c.sites.first()).map_or_else(Settings::default, |s| s.gate.clone());
    let texts = files::read(&args.files, &args.name)?;
    let sources = args.evidence.as_deref().map(sources::read).transpose()?.unwrap_or_default();
    let (source_paths, sources): (Vec<PathBuf>, Vec<_>) = sources.into_iter().unzip();
    let clock = open::clock(cli);
    let mut inventory = site::inventory(config.as_ref(), args.site.as_deref(), &clock).await?;
    let now = clock.now();
    let mut all = Vec::new();
    for text in &texts {
        let inside = args.site.as_ref().and_then(|folder| files::inside(&text.path, folder));
        // By its path on the site a post is known, and not compared with itself.
        let path = inside.as_deref().unwrap_or(&text.name);
        inventory.add_bundle(path, &String::from_utf8_lossy(&text.bytes), &site::names_beside(&text.path));
        let file = MarkdownFile { name: &text.name, path, bytes: &text.bytes };
        all.push(lint::check(file, Against { inventory: &inventory, sources: &sources, settings: &settings, now }));
    }
    let mut not_checked = Vec::new();
    match (inventory.is_known(), &args.site) {
        (true, _) => {}
        (false, None) => not_checked.push("links, tags and slugs (--site FOLDER)"),
        (false, Some(_)) => not_checked.push("links, tags and slugs (the site cannot be read)"),
    }
    if args.evidence.is_none() {
        not_checked.push("claims (--evidence FOLDER)");
    }
    let paths: Vec<&Path> =
        texts.iter().map(|t| t.path.as_path()).chain(source_paths.iter().map(PathBuf::as_path)).collect();
    told::tell(cli, args, &all, &paths, &settings, &not_checked)?;
    Ok(u8::from(all.iter().any(|checked| checked.count(Severity::Error) > 0)))
}
