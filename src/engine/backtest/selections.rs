//! Selections again: what every run would have chosen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use states::event::Event;
use states::selection::{Pick, Room, Waiting, select};
use states::words::{ArticleId, StoryId};

use super::past::Past;
use super::scores::Scored;
use super::{Backtest, Change, Decision};
use crate::config::{Config, Site};
use crate::store::RunRow;

/// What became of a lead at a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Waits,
    Alone,
    Digest,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Waits => "not chosen",
            Self::Alone => "an article of its own",
            Self::Digest => "in a digest",
        }
    }
}

/// Selects again in every run since the time that is asked for, each with what the one before has left.
pub(super) fn again(config: &Config, past: &Past, scored: &BTreeMap<ArticleId, Scored>, test: &mut Backtest) {
    let then = fates(past);
    for site in &config.sites {
        let runs = past.runs.iter().filter(|run| run.started_at >= past.since && run.sites.contains(&site.name));
        let mut now: BTreeMap<ArticleId, Fate> = BTreeMap::new();
        let mut more = 0;
        for run in runs {
            // A run that did not get so far did not select.
            if matches!(run.phase.as_str(), "discovering" | "reading") || was_cut_short(past, run) {
                continue;
            }
            more += of_run(site, past, run, scored, &then, &mut now);
        }
        if more > 0 {
            test.note(format!(
                "{more} articles would be chosen that were not: what their drafts and gates would have said is not known, and \
                 each is counted as one more open proposal of {}",
                site.name
            ));
        }
        for (id, then) in &then {
            let Some(article) = past.articles.get(id).filter(|a| a.site == site.name && a.found_at >= past.since)
            else {
                continue;
            };
            let after = now.get(id).copied().unwrap_or(Fate::Waits);
            compare(article.id.short(), &article.label(), *then, after, scored.get(id), test);
        }
        for (id, after) in now.iter().filter(|(id, _)| !then.contains_key(id)) {
            let Some(article) = past.articles.get(id).filter(|a| a.found_at >= past.since) else { continue };
            compare(article.id.short(), &article.label(), Fate::Waits, *after, scored.get(id), test);
        }
    }
}

fn compare(id: &str, title: &str, then: Fate, now: Fate, scored: Option<&Scored>, test: &mut Backtest) {
    for fate in [Fate::Alone, Fate::Digest] {
        test.count(fate.word(), then == fate, now == fate);
    }
    if then == now {
        return;
    }
    let why = match scored {
        Some(scored) if scored.shortlisted => format!("with {} of 100 in its run's selection", scored.score.total),
        Some(_) => "it would not be on the shortlist".to_owned(),
        None => "it has no score".to_owned(),
    };
    test.changes.push(Change {
        article: id.to_owned(),
        title: title.to_owned(),
        decision: Decision::Selection,
        then: then.word().to_owned(),
        now: now.word().to_owned(),
        why,
    });
}

/// What was chosen, by lead.
fn fates(past: &Past) -> BTreeMap<ArticleId, Fate> {
    let mut fates = BTreeMap::new();
    for row in &past.rows {
        match &row.event {
            Event::Chosen { .. } => fates.insert(row.article.clone(), Fate::Alone),
            Event::TakenInto { .. } => fates.insert(row.article.clone(), Fate::Digest),
            _ => None,
        };
    }
    fates
}

/// True where a run was told to stop before its selection: nothing was chosen though it was over.
fn was_cut_short(past: &Past, run: &RunRow) -> bool {
    let selected = run.summary.as_ref().and_then(|summary| summary.get("selected")).and_then(|s| s.as_array());
    let chose = past.rows.iter().any(|row| {
        row.run.as_ref() == Some(&run.id) && matches!(row.event, Event::Chosen { .. } | Event::Composed { .. })
    });
    selected.is_some_and(Vec::is_empty) && !chose
}

/// Selects for a site in one run. Gives how many leads were chosen that were not then.
fn of_run(
    site: &Site,
    past: &Past,
    run: &RunRow,
    scored: &BTreeMap<ArticleId, Scored>,
    then: &BTreeMap<ArticleId, Fate>,
    now: &mut BTreeMap<ArticleId, Fate>,
) -> usize {
    let at = past.selected_at(run);
    let stood = past.stood(at);
    let of_site = |id: &ArticleId| past.articles.get(id).filter(|row| row.site == site.name);
    let told: BTreeSet<StoryId> = now.keys().filter_map(|id| scored.get(id)).map(|s| s.story.clone()).collect();
    let fresh = |since: Timestamp| {
        let life = SignedDuration::from_hours(24 * site.shelf_life_days.clamp(0, 100_000));
        since.checked_add(life).is_ok_and(|until| until > at)
    };
    let mut waiting = Vec::new();
    for (id, lead) in scored.iter().filter(|(_, s)| s.shortlisted && s.at <= at && fresh(s.at)) {
        let Some(row) = of_site(id).filter(|_| !now.contains_key(id)) else { continue };
        // What had left the shortlist before these runs is not taken up again.
        let gone = then.contains_key(id) && row.found_at < past.since && stood.get(id) != Some(&"Shortlisted");
        let forced = row.lead.as_ref().is_some_and(|l| l.forced);
        if gone || (!forced && told.contains(&lead.story)) {
            continue;
        }
        waiting.push(Waiting {
            article: id.clone(),
            story: lead.story.clone(),
            score: lead.score.total,
            at: row.lead.as_ref().and_then(|l| l.published).unwrap_or(row.found_at),
            forced,
        });
    }
    let mut room = Room { open: 0, in_work: 0, cap: site.max_open };
    for (id, state) in &stood {
        let Some(row) = of_site(id) else { continue };
        // An article that this configuration would not have begun takes no room; a digest does as it did.
        let begun = row.lead.is_none() || row.found_at < past.since || now.contains_key(*id);
        match *state {
            "Proposed" if begun => room.open += 1,
            "Drafting" | "Gating" | "Reviewing" | "Publishing" if begun => room.in_work += 1,
            _ => {}
        }
    }
    let unknown =
        now.iter().filter(|(id, fate)| **fate == Fate::Alone && !then.contains_key(*id) && of_site(id).is_some());
    room.open += u32::try_from(unknown.count()).unwrap_or(u32::MAX);
    let mut more = 0;
    for pick in select(&waiting, room, site.select.wish()).picks {
        let (ids, fate) = match pick {
            Pick::Alone(id) => (vec![id], Fate::Alone),
            Pick::Digest(ids) => (ids, Fate::Digest),
        };
        for id in ids {
            more += usize::from(fate == Fate::Alone && then.get(&id) != Some(&Fate::Alone));
            now.insert(id, fate);
        }
    }
    more
}
