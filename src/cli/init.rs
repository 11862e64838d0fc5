//! `pipeline init`: reads a site's repository and writes down how its pages are written.

use std::path::Path;

use serde_json::json;
use states::words::{
    ArticleId, Block, Brief, Cite, Draft, Origin, PageIdentity, Section, Sentence, SiteName, Snapshot, Snapshots,
    SourceKind, Template, Timestamp, Writer,
};

use super::open;
use super::out::{note, say, say_json};
use super::{Answer, Cli, Failure};
use crate::config::hugo_path;
use crate::hugo::Hugo;
use crate::page::{Detected, HugoInfo, SitePage, detect, render};
use crate::publish::{RepoOptions, SiteRepo};

/// Reads the site and writes a configuration for it.
pub(super) async fn init(cli: &Cli, repo: &str, name: &str, out: &Path) -> Answer {
    let name: SiteName = name.parse().map_err(Failure::usage)?;
    if out.exists() {
        let next = "remove it, or name another file with --out";
        return Err(Failure::usage(format!("{} exists already: {next}", out.display())));
    }
    let work = tempfile::tempdir().map_err(Failure::software)?;
    let remote = absolute(repo);
    let options =
        RepoOptions { remote: remote.clone(), clone_dir: work.path().join("clone"), ..RepoOptions::default() };
    let unreadable = |e: crate::publish::PublishError| Failure::usage(format!("{repo} cannot be read: {e}"));
    let site = SiteRepo::open(options, None).await.map_err(unreadable)?;
    let base = site.base().await.map_err(unreadable)?;
    let branch = site.default_branch().await.map_err(unreadable)?;
    let tree = work.path().join("tree");
    site.export(&base, &tree).await.map_err(unreadable)?;
    let info = match Hugo::find(hugo_path(None, Path::new(".")).as_deref()) {
        Ok(hugo) => hugo.version().await.ok().map(|version| HugoInfo { version }),
        Err(_) => None,
    };
    let found = tokio::task::spawn_blocking(move || detect(&tree, info)).await.map_err(Failure::software)?;
    let sample = sample(&found.page, open::clock(cli).now());
    let text = configuration(&name, &remote, &found.page)?;
    std::fs::write(out, &text).map_err(|e| Failure::software(format!("{} cannot be written: {e}", out.display())))?;
    if cli.json {
        say_json(
            &json!({"branch": branch, "page": found.page, "notes": found.notes, "sample": sample, "written": out}),
        );
        return Ok(0);
    }
    say(&beside(&found, sample.as_deref(), &branch));
    note(&format!("written: {} — fill in `topics`, name the sources, then: pipeline run", out.display()));
    Ok(0)
}

fn absolute(repo: &str) -> String {
    let is_url = repo.contains("://") || (repo.contains('@') && repo.contains(':'));
    if is_url {
        return repo.to_owned();
    }
    std::path::absolute(repo).map_or_else(|_| repo.to_owned(), |p| p.to_string_lossy().into_owned())
}

fn configuration(name: &SiteName, remote: &str, page: &SitePage) -> Result<String, Failure> {
    let page = toml::Value::try_from(page).map_err(Failure::software)?;
    let plain = toml::Value::try_from(SitePage::default()).map_err(Failure::software)?;
    // Only what differs from the defaults is written down.
    let mut differs = toml::Table::new();
    if let (toml::Value::Table(page), toml::Value::Table(plain)) = (page, plain) {
        differs = page.into_iter().filter(|(key, value)| plain.get(key) != Some(value)).collect();
    }
    let mut site = toml::Table::new();
    site.insert("name".into(), name.to_string().into());
    site.insert("repo".into(), remote.into());
    site.insert("topics".into(), toml::Value::Array(Vec::new()));
    site.insert("page".into(), toml::Value::Table(differs));
    let mut all = toml::Table::new();
    all.insert("site".into(), toml::Value::Array(vec![toml::Value::Table(site)]));
    let mut routes = toml::Table::new();
    // Better tomorrow than worse: a real site waits for its model.
    routes.insert("triage".into(), toml::Value::Array(vec!["builtin".into()]));
    routes.insert("draft".into(), toml::Value::Array(vec!["wait".into()]));
    routes.insert("judge".into(), toml::Value::Array(vec!["wait".into()]));
    all.insert("routes".into(), toml::Value::Table(routes));
    let body = toml::to_string(&all).map_err(Failure::software)?;
    Ok(format!(
        "# How pages of {name} are written, read off its repository. All keys: pipeline config show --defaults\n\
         # Name a model: [[provider]] with `name`, `base_url` and `model`, then put that name before \"wait\".\n\
         # Name sources: [[source]] with `name`, `kind = \"feed\"` and `url`.\n\n{body}"
    ))
}

fn beside(found: &Detected, sample: Option<&str>, branch: &str) -> String {
    let mut text = format!("Read from the branch {branch}:\n");
    for line in &found.notes {
        text.push_str(&format!("  {line}\n"));
    }
    if let Some(version) = &found.hugo_version {
        text.push_str(&format!("  Hugo {version} builds it\n"));
    }
    match &found.newest {
        Some((path, newest)) => {
            let head: Vec<&str> = newest.lines().take(14).collect();
            text.push_str(&format!("\nThe newest post, {path}:\n\n{}\n", indent(&head.join("\n"))));
        }
        None => text.push_str("\nThere are no posts yet.\n"),
    }
    if let Some(sample) = sample {
        text.push_str(&format!("\nAn article would be written like this:\n\n{}\n", indent(sample)));
    }
    text
}

fn indent(text: &str) -> String {
    text.lines().map(|l| format!("    {l}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// The beginning of a made-up article as it would be written for this site.
fn sample(page: &SitePage, now: Timestamp) -> Option<String> {
    let body = "The sample library reads its settings from one file.";
    let title = Some("A sample".to_owned());
    let snapshot =
        Snapshot::compose(body, 1, "https://sample.example/post", title, None, Some(now), None, None, now, false);
    let site: SiteName = "sample".parse().ok()?;
    let article = ArticleId::of(&site, &Origin::Url { canonical: snapshot.url.clone(), generation: 0 });
    let cite =
        Cite { snapshot: snapshot.id.clone(), start: snapshot.body_start, end: snapshot.body_start + body.len() };
    let said = Sentence { text: body.to_owned(), cites: vec![cite] };
    let draft = Draft {
        template: Template::Story,
        title: Sentence::plain("A sample article"),
        description: Sentence::plain("What a page of this site looks like."),
        summary: vec![said.clone()],
        sections: vec![Section { heading: Sentence::plain("Settings"), blocks: vec![Block::Paragraph(vec![said])] }],
        keyword: "sample".into(),
        tags: page.tags.iter().take(2).cloned().collect(),
        writer: Writer { provider: "builtin".into(), model: "extractive".into(), family: "builtin".into() },
    };
    let brief = Brief {
        article: article.clone(),
        template: Template::Story,
        topic: "sample".into(),
        keyword: "sample".into(),
        secondary: Vec::new(),
        language: page.language.clone(),
        sources: vec![states::words::BriefSource::of(&snapshot, article.clone(), SourceKind::Primary)],
        related: Vec::new(),
        vocabulary: page.tags.clone(),
        members: Vec::new(),
    };
    let identity = PageIdentity { slug: "a-sample-article".into(), dated: now };
    let files = render(page, &article, &draft, &brief, &Snapshots::from_iter([snapshot]), &identity, &[]).ok()?;
    files.first().map(|f| format!("{}\n\n{}", f.path, f.text))
}
