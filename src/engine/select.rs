//! The run's selection: what is written of each site, alone or in a digest. The cap is checked before anything is drafted,
//! woken or paid for.

use jiff::Timestamp;
use states::event::Event;
use states::selection::{Pick, Room, Waiting, select};
use states::state::State;
use states::words::{ArticleId, Brief, MachineId, Origin, SiteName, Template};

use super::EngineError;
use super::brief::Chosen;
use super::desk::Desk;
use super::outcome::Outcome;
use super::progress::Progress;
use super::receive::After;
use super::stop::Stop;
use super::tick::Engine;
use crate::config::Site;
use crate::store::{ArticleRow, Cause, RunRow, StoreError, Tx};

/// The most shortlisted leads that a selection looks at.
const LOOK_AT: u32 = 500;

/// What a selection came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SiteSelected {
    /// The site.
    pub site: String,
    /// How many articles were begun.
    pub picked: usize,
    /// Why nothing, or not more, was chosen.
    pub why: Option<String>,
    /// What is wrong with the site, so that nothing could be begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Cause>,
}

/// What a site's selection came to, before it is committed.
#[derive(Default)]
struct Choice {
    begun: Vec<Begun>,
    why: Option<String>,
    held: Option<Cause>,
}

/// An article that a selection begins.
struct Begun {
    site: SiteName,
    template: Template,
    brief: Brief,
    members: Vec<ArticleId>,
}

impl Engine {
    /// Selects for every site of a run, and commits all of it as one with the run's next phase: a run that is interrupted has
    /// either selected or not, and does not select twice. `None` when it was stopped before.
    pub(super) async fn select(
        &mut self,
        run: &mut RunRow,
        next: &str,
        stop: &Stop,
    ) -> Result<Option<Vec<SiteSelected>>, EngineError> {
        let desk = self.desk.clone();
        let mut all = Vec::new();
        for site in run.sites.iter().filter_map(|name| desk.config.site(name)) {
            let chosen = tokio::select! {
                chosen = desk.choose(site, run.slot) => chosen?,
                () = stop.asked() => return Ok(None),
            };
            all.push((site, chosen));
        }
        let mut tx = desk.store.begin().await?;
        let mut after = After::default();
        let mut told = Vec::new();
        for (site, choice) in all {
            let mut picked = 0;
            for article in &choice.begun {
                picked += usize::from(desk.begin_writing(&mut tx, run, article, &mut after).await?);
            }
            told.push(SiteSelected { site: site.name.to_string(), picked, why: choice.why, held: choice.held });
        }
        tx.run_phase(&run.id, next).await?;
        tx.commit().await?;
        run.phase = next.to_owned();
        desk.tell_all(after);
        for selected in &told {
            let Ok(site) = selected.site.parse() else { continue };
            desk.teller.tell(match &selected.held {
                Some(held) => Progress::Held { cause: held.cause.clone(), message: held.message.clone() },
                None => Progress::Selected { site, what: selected.words() },
            });
        }
        Ok(Some(told))
    }
}

impl SiteSelected {
    fn words(&self) -> String {
        let begun = match self.picked {
            1 => "1 article is begun".to_owned(),
            n => format!("{n} articles are begun"),
        };
        match (&self.why, self.picked) {
            (Some(why), 0) => why.clone(),
            (Some(why), _) => format!("{begun}; {why}"),
            (None, _) => begun,
        }
    }
}

impl Desk {
    /// What a site writes about now, and why not more.
    async fn choose(&self, site: &Site, slot: Timestamp) -> Result<Choice, EngineError> {
        let rows = self.store.articles(Some(&site.name), Some("Shortlisted"), LOOK_AT).await?;
        // What is being told is not begun a second time; what came back from a digest or was reopened waits.
        let told = self.store.stories_being_told(&site.name).await?;
        let waiting: Vec<Waiting> =
            rows.iter().filter_map(waiting).filter(|w| w.forced || !told.contains(&w.story)).collect();
        let room = self.room(site).await?;
        let selected = select(&waiting, room, site.select.wish());
        if selected.picks.is_empty() {
            return Ok(Choice { why: selected.why, ..Choice::default() });
        }
        // A brief holds what the site has (tags, posts to link to). One that is made while the site cannot be read would be
        // refused later, so nothing is begun then; the next run looks again.
        let ground = match self.ground(site).await.and_then(|ground| ground.must_build(site).map(|()| ground)) {
            Ok(ground) => ground,
            Err(outcome) => return Ok(held(site, outcome, waiting.len(), self.clock.now())),
        };
        let mut begun = Vec::new();
        for pick in selected.picks {
            let (template, members) = match pick {
                Pick::Alone(id) => (site.select.template, vec![id]),
                Pick::Digest(ids) => (Template::Digest, ids),
            };
            let chosen: Vec<Chosen> =
                members.iter().filter_map(|id| rows.iter().find(|r| r.id == *id)).filter_map(chosen).collect();
            if chosen.is_empty() {
                continue;
            }
            let article = match template {
                Template::Digest => ArticleId::of(&site.name, &Origin::Digest { template, slot }),
                _ => chosen[0].row.id.clone(),
            };
            let brief = self.make_brief(site, &article, template, &chosen, Some(&ground.inventory)).await?;
            begun.push(Begun { site: site.name.clone(), template, brief, members });
        }
        Ok(Choice { begun, why: selected.why, held: None })
    }

    /// Begins an article with its members. False when the run has made its digest already.
    async fn begin_writing(
        &self,
        tx: &mut Tx,
        run: &RunRow,
        begun: &Begun,
        after: &mut After,
    ) -> Result<bool, StoreError> {
        let Begun { site, template, brief, members } = begun;
        let machine = MachineId::Article(brief.article.clone());
        let id = tx.keep_brief(brief).await?;
        if *template != Template::Digest {
            self.happen(tx, &machine, &Event::Chosen { brief: id }.into(), after).await?;
            return Ok(true);
        }
        let moment = self.moment(Some(site), &machine);
        let origin = Origin::Digest { template: *template, slot: run.slot };
        if !tx.make_article(&brief.article, site, &origin, None, &moment, Some(&run.id)).await? {
            return Ok(false);
        }
        tx.born(&machine, &Event::Composed { brief: id }.into(), &moment, Some(&run.id)).await?;
        for member in members {
            let event = Event::TakenInto { digest: brief.article.clone() };
            self.happen(tx, &MachineId::Article(member.clone()), &event.into(), after).await?;
        }
        Ok(true)
    }

    /// How much room a site has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn room(&self, site: &Site) -> Result<Room, StoreError> {
        let mut room = Room { open: 0, in_work: 0, cap: site.max_open };
        for (state, count) in self.store.counts_in_work(&site.name).await? {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            match state.as_str() {
                "Proposed" => room.open += count,
                "Drafting" | "Gating" | "Reviewing" | "Publishing" => room.in_work += count,
                _ => {}
            }
        }
        Ok(room)
    }
}

/// Nothing is begun for a site that cannot be read or built now.
fn held(site: &Site, outcome: Outcome, waiting: usize, now: Timestamp) -> Choice {
    let unreadable = || format!("site cannot be read: {}", site.name);
    let (cause, message) = match outcome {
        Outcome::Deferred { cause, message, .. } => (cause, message),
        Outcome::Failed { why, .. } | Outcome::Later { why, .. } => (unreadable(), why),
        Outcome::Done(_) | Outcome::NotYet { .. } => (unreadable(), String::new()),
    };
    let held = u64::try_from(waiting).unwrap_or(u64::MAX);
    Choice {
        begun: Vec::new(),
        why: Some(format!("nothing is begun: {cause}")),
        held: Some(Cause { cause, message, since: now, probe_at: now, held }),
    }
}

fn waiting(row: &ArticleRow) -> Option<Waiting> {
    let State::Shortlisted { candidate } = &row.state else { return None };
    let lead = row.lead.as_ref();
    Some(Waiting {
        article: row.id.clone(),
        story: candidate.story.clone(),
        score: candidate.score.total,
        at: lead.and_then(|l| l.published).unwrap_or(row.found_at),
        forced: lead.is_some_and(|l| l.forced),
    })
}

fn chosen(row: &ArticleRow) -> Option<Chosen> {
    let State::Shortlisted { candidate } = &row.state else { return None };
    Some(Chosen { row: row.clone(), candidate: candidate.clone() })
}
