//! Scoring: what triage says, who speaks, how fresh it is, what it is about, and how hot its story is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use states::state::Score;
use states::words::text::content_words;
use states::words::{Lead, Snapshot, SnapshotId, SourceKind, SourceName, StoryId};

use super::super::asking::Asker;
use super::super::desk::Desk;
use super::super::outcome::{Done, Outcome};
use crate::config::{Config, Site};
use crate::models::{Asking, Question, Task, TriageAnswer, TriageInput, TriageKind, parse_triage};
use crate::store::{ArticleRow, OutboxRow};
use crate::templates::TemplateError;

/// Scores a lead.
pub(super) async fn perform(
    desk: &Desk,
    row: &OutboxRow,
    article: &ArticleRow,
    snapshot: &SnapshotId,
    story: &StoryId,
) -> Result<Outcome, Outcome> {
    let site = super::site(desk, article)?;
    let lead = article.lead.as_ref().ok_or_else(|| Outcome::hopeless("a digest is not scored"))?;
    // Nobody is woken or paid for a lead that could not be proposed anyway: a month's absence costs nothing.
    let free_of_charge = desk.config.routes(site).scores_for_free();
    if let Some(why) = desk.room(site).await?.full().filter(|_| !free_of_charge) {
        return Err(Outcome::deferred(format!("proposals open: {}", site.name), why));
    }
    let snapshot = desk.store.snapshot(snapshot).await?.ok_or_else(|| Outcome::hopeless("the snapshot is missing"))?;
    let asker = Asker { desk, site, article: Some(&article.id), key: Some(&row.key), tries: row.tries };
    if let Some(understood) = super::meaning::of(&asker, lead, &snapshot).await? {
        return Ok(Outcome::done(understood));
    }
    let heat = desk.store.heat(story).await?;
    let score = score_lead(&asker, lead, &snapshot, heat).await?;
    Ok(Outcome::done(Done::Scored(score)))
}

/// Asks triage, unless it has answered for what means the same, and adds the parts up. `heat` is how many independent sources tell the story.
///
/// # Errors
/// The outcome when nobody answered.
pub async fn score_lead(asker: &Asker<'_>, lead: &Lead, snapshot: &Snapshot, heat: usize) -> Result<Score, Outcome> {
    let site = asker.site;
    if let Some(why) = gates::orders::found(&title(lead, snapshot)) {
        return Ok(harmful(why));
    }
    let now = asker.desk.clock.now();
    let taken = super::semantic::triage(asker, lead, snapshot).await?;
    let (triage, of) = match taken {
        Some(taken) => (taken.answer, Some((taken.of, taken.url))),
        None => {
            let answered = asker
                .ask_until_sure(
                    Task::Triage,
                    None,
                    |asking| question(asker, lead, snapshot, asking),
                    |text, _| parse_triage(text).map_err(|e| e.to_string()),
                    |answer| Some(answer.confidence_percent),
                )
                .await?;
            (answered.value, None)
        }
    };
    let weight = weight_of(&asker.desk.config, &lead.source);
    let mut score = add_up(&triage, lead, snapshot, site, weight, heat, now);
    if let Some((of, url)) = of {
        score.why = format!("As {url} ({}) was judged, which means the same: {}", of.short(), score.why);
    }
    Ok(score)
}

/// The score of a lead whose title gives orders to a model: a page names its sources, so that no article about it could pass.
fn harmful(why: &str) -> Score {
    let parts = BTreeMap::from([("orders".to_owned(), -100)]);
    Score {
        total: total(&parts),
        parts,
        topic: String::new(),
        keywords: Vec::new(),
        kind: TriageKind::Other.as_str().to_owned(),
        why: format!("Its title gives orders to a model: {why}."),
    }
}

/// What triage is asked about a lead.
pub(super) fn question(
    asker: &Asker<'_>,
    lead: &Lead,
    snapshot: &Snapshot,
    asking: &Asking<'_>,
) -> Result<Question, TemplateError> {
    let input = TriageInput {
        title: title(lead, snapshot),
        url: lead.url.clone(),
        source_kind: lead.kind,
        published: lead.published.or(snapshot.published),
        text: snapshot.body().to_owned(),
        site_topics: asker.site.topics.clone(),
        now: asker.desk.clock.now(),
    };
    Question::triage(input, asking)
}

/// The title that a lead was found under, else that of its page.
pub(super) fn title(lead: &Lead, snapshot: &Snapshot) -> String {
    lead.title.clone().or_else(|| snapshot.title.clone()).unwrap_or_default()
}

/// What the configuration says of who speaks, 0 to 20.
pub fn weight_of(config: &Config, source: &SourceName) -> u8 {
    config.source(source).map_or(10, |s| s.weight.min(20))
}

fn add_up(
    triage: &TriageAnswer,
    lead: &Lead,
    snapshot: &Snapshot,
    site: &Site,
    weight: u8,
    heat: usize,
    now: Timestamp,
) -> Score {
    let parts = BTreeMap::from([
        ("relevance".to_owned(), i32::from(triage.relevance) / 2),
        ("source".to_owned(), of_source(weight, lead.kind)),
        ("freshness".to_owned(), freshness(lead.published.or(snapshot.published), now)),
        ("keywords".to_owned(), of_keywords(&site.topics, snapshot.title.as_deref(), &triage.keywords)),
        ("heat".to_owned(), i32::try_from(heat.saturating_sub(1)).unwrap_or(i32::MAX).saturating_mul(4).min(12)),
    ]);
    Score {
        total: total(&parts),
        parts,
        topic: triage.topic.clone(),
        keywords: triage.keywords.clone(),
        kind: triage.kind.as_str().to_owned(),
        why: triage.why.clone(),
    }
}

/// A score that was given, as it adds up under other settings: who speaks, and what the site is about. What triage said of it,
/// how fresh it was and how hot its story are as they were.
pub fn add_up_again(then: &Score, kind: SourceKind, title: Option<&str>, site: &Site, weight: u8) -> Score {
    let mut parts = then.parts.clone();
    parts.insert("source".to_owned(), of_source(weight, kind));
    parts.insert("keywords".to_owned(), of_keywords(&site.topics, title, &then.keywords));
    Score { total: total(&parts), parts, ..then.clone() }
}

fn total(parts: &BTreeMap<String, i32>) -> u8 {
    u8::try_from(parts.values().sum::<i32>().clamp(0, 100)).unwrap_or(100)
}

fn of_source(weight: u8, kind: SourceKind) -> i32 {
    i32::from(weight) / 2 + if kind == SourceKind::Primary { 5 } else { 0 }
}

fn of_keywords(topics: &[String], title: Option<&str>, keywords: &[String]) -> i32 {
    let topics: BTreeSet<String> = topics.iter().flat_map(|t| content_words(t)).collect();
    let said: BTreeSet<String> = content_words(title.unwrap_or_default())
        .into_iter()
        .chain(keywords.iter().flat_map(|k| content_words(k)))
        .collect();
    let shared = i32::try_from(topics.intersection(&said).count()).unwrap_or(i32::MAX);
    shared.saturating_mul(4).min(12)
}

/// 15 for today, less by the day, 0 after two weeks; 5 where the date is not known.
fn freshness(published: Option<Timestamp>, now: Timestamp) -> i32 {
    let Some(at) = published else { return 5 };
    let days = now.duration_since(at).as_hours() / 24;
    i32::try_from(15 - days.clamp(0, 15)).unwrap_or(0)
}
