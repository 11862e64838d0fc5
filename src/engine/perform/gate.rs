//! The gate: evidence first (the page carries its table), then the page's form and coverage, Hugo's build, the judge, and
//! whether it was published before.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gates::{FrontKeys, HugoOutcome, PublishedBefore, Subject, judge};
use states::state::Piece;
use states::words::{
    ArticleId, Brief, BytesHash, Draft, JudgeScore, Layer, LayerReport, PageFile, PageIdentity, Report, Snapshots,
    StoryId, Verdict,
};

use super::super::asking::Asker;
use super::super::desk::Desk;
use super::super::ground::{self, Built, Standing, copied};
use super::super::inventory::built_page;
use super::super::outcome::{Done, Outcome};
use super::super::revisions::Tried;
use crate::config::Site;
use crate::hugo::HugoError;
use crate::models::{Asking, JudgeInput, Question, Task, answer_json};
use crate::page::{SitePage, render};
use crate::publish::write_beside;
use crate::store::{ArticleRow, OutboxRow};

/// What is checked.
pub struct GateInput<'a> {
    /// The article.
    pub article: &'a ArticleId,
    /// What it is about.
    pub story: &'a StoryId,
    /// Its draft.
    pub draft: &'a Draft,
    /// What that was written from.
    pub brief: &'a Brief,
    /// The snapshots of the brief.
    pub snapshots: &'a Snapshots,
    /// Its slug and date.
    pub page: &'a PageIdentity,
}

/// What a check came to.
pub struct Checked {
    /// What the gate says.
    pub report: Report,
    /// The page's exact files.
    pub files: Vec<PageFile>,
    /// What the judge said, each time with the version of its prompt.
    pub samples: Vec<(JudgeScore, Option<u32>)>,
}

/// A sample of the judge, with the version of its prompt where one was used.
pub(super) type Sample = (JudgeScore, Option<u32>);

/// Checks a draft.
pub(super) async fn perform(
    desk: &Desk,
    row: &OutboxRow,
    article: &ArticleRow,
    piece: &Piece,
) -> Result<Outcome, Outcome> {
    let site = super::site(desk, article)?;
    let brief = desk.store.brief(&piece.brief).await?;
    let draft = desk.store.draft(&piece.draft).await?;
    let snapshots = desk.store.snapshots_of(&brief).await?;
    let story = article.story();
    let asker = Asker { desk, site, article: Some(&article.id), key: Some(&row.key), tries: row.tries };
    let input = GateInput {
        article: &article.id,
        story: &story,
        draft: &draft,
        brief: &brief,
        snapshots: &snapshots,
        page: &piece.page,
    };
    let standing = desk.ground(site).await?;
    standing.must_build(site)?;
    let Checked { report, files, samples } = check(&asker, &input, &standing).await?;
    let better = match report.verdict() {
        Verdict::Revise => Tried::of(&desk.store, &article.id).await?.better_than(&report),
        _ => None,
    };
    Ok(Outcome::done(Done::Gated { report: Box::new(report), files, samples, base: standing.base.clone(), better }))
}

/// Runs all layers over a draft.
///
/// # Errors
/// The outcome when something that is not the draft's fault stands in the way.
pub async fn check(asker: &Asker<'_>, input: &GateInput<'_>, standing: &Standing) -> Result<Checked, Outcome> {
    let (site, settings) = (asker.site, &asker.site.gate);
    let (evidence, rows) = gates::evidence(input.draft, input.brief, input.snapshots, settings);
    let files = render(&site.page, input.article, input.draft, input.brief, input.snapshots, input.page, &rows)
        .map_err(|e| Outcome::hopeless(format!("the page cannot be written: {e}")))?;
    let bytes = BytesHash::of(files.iter().map(|f| (f.path.as_str(), f.text.as_bytes())));
    let keys = front_keys(&site.page, input);
    let subject = Subject {
        draft: input.draft,
        brief: input.brief,
        snapshots: input.snapshots,
        files: &files,
        inventory: &standing.inventory,
        settings,
        keys: &keys,
        now: asker.desk.clock.now(),
    };
    let mut layers = vec![gates::form(&subject)];
    let built = build(asker.desk, site, standing, &files).await?;
    layers.push(gates::hugo(&subject, &built, &declared(input)));
    layers.push(gates::coverage(&subject));
    layers.push(evidence);
    let so_far = Verdict::fold(layers.iter().map(|l| l.verdict.clone()));
    let asked = !matches!(so_far, Verdict::Revise | Verdict::Reject);
    let samples = if asked { ask_judge(asker, input, &subject, &layers).await? } else { Vec::new() };
    let scores: Vec<JudgeScore> = samples.iter().map(|(score, _)| score.clone()).collect();
    let judged = match asked {
        true => judge::Judged::Samples(&scores),
        false => judge::Judged::NotRun { cause: "an earlier layer asks for a revision" },
    };
    layers.push(judge::layer(judged, settings));
    let score = judge::median(&scores).cloned();
    layers.push(once(asker, input, standing, &bytes).await?);
    layers.retain(|l| settings.requires(l.layer) || l.layer == Layer::Once);
    let report = Report { bytes, ruleset: settings.ruleset_hash(), layers, score, evidence: rows };
    Ok(Checked { report, files, samples })
}

async fn once(
    asker: &Asker<'_>,
    input: &GateInput<'_>,
    standing: &Standing,
    bytes: &BytesHash,
) -> Result<LayerReport, Outcome> {
    let proposals = asker.desk.store.proposals(Some(&asker.site.name)).await?;
    // An update tells the story of the pages it updates once more: that is what it is for.
    let priors = asker.desk.store.priors_of(input.article).await?;
    let published: Vec<PublishedBefore> = proposals
        .into_iter()
        .filter(|p| p.article != *input.article && !priors.contains(&p.article))
        .map(|p| PublishedBefore { bytes: p.bytes, story: p.story, title: p.title, url: p.url.unwrap_or(p.branch) })
        .collect();
    let title = &input.draft.title.text;
    Ok(gates::once(bytes, title, &input.page.slug, &standing.inventory, &published, input.story))
}

/// Asks the judge once, and again only where its answer lies near a bound.
async fn ask_judge(
    asker: &Asker<'_>,
    input: &GateInput<'_>,
    subject: &Subject<'_>,
    earlier: &[LayerReport],
) -> Result<Vec<Sample>, Outcome> {
    let built_in = judge::built_in(subject, earlier);
    let question = serde_json::to_value(judge::question(subject)).map_err(|e| Outcome::hopeless(e.to_string()))?;
    let avoid = Some(&input.draft.writer).filter(|w| !w.is_builtin()).map(|w| w.family.as_str());
    let mut samples: Vec<JudgeScore> = Vec::new();
    let prompt = AtomicU32::new(0);
    while judge::wants_more(&samples, subject.settings) {
        let sample = u32::try_from(samples.len()).unwrap_or(u32::MAX);
        let answered = asker
            .ask(
                Task::Judge,
                avoid,
                |asking| {
                    let input = JudgeInput {
                        draft: input.draft.clone(),
                        brief: input.brief.clone(),
                        snapshots: input.snapshots.clone(),
                        question: question.clone(),
                        built_in: built_in.clone(),
                    };
                    let question = Question::judge(input, &Asking { sample, ..asking.clone() })?;
                    prompt.store(question.prompt_version, Ordering::Relaxed);
                    Ok(question)
                },
                |text, writer| {
                    let json = answer_json(text).map_err(|e| e.to_string())?;
                    // The built-in judge is not the built-in writer.
                    let judge = if writer.is_builtin() { &built_in.judge } else { writer };
                    judge::parse(&json, judge.clone(), false)
                },
            )
            .await?;
        samples.push(JudgeScore { stand_in: answered.stand_in, ..answered.value });
    }
    let prompt = prompt.into_inner();
    // The built-in judge counts and is given no prompt.
    let prompted = |score: JudgeScore| {
        let prompt = (!score.judge.is_builtin()).then_some(prompt);
        (score, prompt)
    };
    Ok(samples.into_iter().map(prompted).collect())
}

/// Builds the draft into a temporary folder beside an export of the default branch.
async fn build(desk: &Desk, site: &Site, standing: &Standing, files: &[PageFile]) -> Result<HugoOutcome, Outcome> {
    let hugo = match (&standing.built, desk.hugo(site)) {
        (Built::NotRun(cause), _) => return Ok(HugoOutcome::NotRun { cause: cause.clone() }),
        (_, Err(cause)) => return Ok(HugoOutcome::NotRun { cause }),
        (Built::Broken(_), _) => {
            return Ok(HugoOutcome::NotRun { cause: format!("the site {} does not build", site.name) });
        }
        (Built::Good, Ok(hugo)) => hugo,
    };
    let disk = |e: std::io::Error| Outcome::deferred("disk", format!("no folder for the build: {e}"));
    let folder = copied(&standing.source).await.map_err(disk)?;
    let source = folder.path().join("source");
    let (to, pages) = (source.clone(), files.to_vec());
    tokio::task::spawn_blocking(move || write_beside(&to, &pages).map_err(std::io::Error::other))
        .await
        .map_err(|e| Outcome::failed(e.to_string()))?
        .map_err(disk)?;
    let output = folder.path().join("public");
    let limit = Duration::from_secs(desk.config.desk.hugo_seconds);
    let warnings = match hugo.build(&source, &output, limit).await {
        Ok(built) => built.warnings,
        Err(HugoError::Failed { message }) if hugo.build.command.is_empty() => {
            return Ok(HugoOutcome::Failed { message });
        }
        Err(HugoError::Failed { message }) => {
            // A command has more that can fail than the page: no draft is blamed for what fails without it, too.
            let folder = copied(&standing.source).await.map_err(disk)?;
            let untouched = hugo.build(&folder.path().join("source"), &folder.path().join("public"), limit).await;
            return match untouched {
                Ok(_) => Ok(HugoOutcome::Failed { message }),
                Err(error) => Err(ground::does_not_build(site, &error.to_string())),
            };
        }
        Err(error) => return Ok(HugoOutcome::NotRun { cause: error.to_string() }),
    };
    let listed = match hugo.list(&source).await {
        Ok(listed) => listed,
        Err(error) => return Ok(HugoOutcome::NotRun { cause: error.to_string() }),
    };
    let base_url = standing.inventory.base_url.clone().unwrap_or_default();
    let page =
        files.iter().find(|f| f.path.ends_with(".md")).and_then(|f| built_page(&output, &listed, &base_url, &f.path));
    Ok(HugoOutcome::Built { page, warnings, site_links: standing.site_links.clone() })
}

/// The addresses that a page may link to: its sources and the related posts.
fn declared(input: &GateInput<'_>) -> Vec<String> {
    let sources = input.brief.sources.iter().map(|s| s.url.clone());
    sources.chain(input.brief.related.iter().map(|r| r.url.clone())).collect()
}

/// What the gate has to know of how the site writes its pages.
pub fn front_keys(page: &SitePage, input: &GateInput<'_>) -> FrontKeys {
    let constants =
        page.constants.iter().chain(page.template_constants.get(&input.draft.template).into_iter().flatten());
    FrontKeys {
        title: page.keys.title.clone(),
        description: page.keys.description.clone(),
        summary: page.keys.summary.clone(),
        date: page.keys.date.clone(),
        tags: page.keys.tags.clone(),
        allowed: page.allowed_keys(),
        constants: constants
            .filter_map(|(key, value)| Some((key.clone(), serde_json::to_value(value).ok()?)))
            .collect(),
    }
}
