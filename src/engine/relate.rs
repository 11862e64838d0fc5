//! Relating: an article is compared with what the site has seen, by its words and by its meaning, inside the transaction that
//! makes it known. The rules are [`states::relations`]; here they meet the store.

use jiff::{SignedDuration, Timestamp};
use sources::Fingerprint;
use states::event::{Comparison, Event};
use states::relations::{How, Like, Membership, Related, Standing, Subject, Teller, decide, relate};
use states::state::State;
use states::words::{ArticleId, MachineId, SnapshotId, StoryId};

use super::brief::grown;
use super::desk::Desk;
use super::likeness::{near, print};
use crate::store::{ArticleRow, Result, StoryMember, Tx, Vector};

/// How often a story may grow while it is in work: each time it is drafted anew.
const MOST_GROWTHS: i64 = 5;
/// What meanings are compared with: the newest so many articles of so many days.
const MOST_MEANINGS: u32 = 5_000;
const DAYS_OF_MEANING: i64 = 30;
/// So many of those that mean the same are remembered for the semantic cache.
const MOST_NEIGHBOURS: usize = 10;

/// What a comparison came to.
pub(super) struct Compared {
    /// For the article itself.
    pub(super) event: Event,
    /// The article whose story has grown by it, and the event that tells it.
    pub(super) grows: Option<(ArticleId, Event)>,
}

impl Desk {
    /// Compares the words of an article with what the site has seen, and puts its fingerprint into the index.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub(super) async fn compare(
        &self,
        tx: &mut Tx,
        article: &ArticleRow,
        fingerprint: &Fingerprint,
        at: Timestamp,
    ) -> Result<Compared> {
        let thresholds = self.config.desk.fingerprint.thresholds();
        let alike = near(tx, &article.site, fingerprint, article.id.as_str(), &thresholds).await?;
        tx.index(&article.site, print(article.id.as_str(), fingerprint)).await?;
        let prior = match &article.lead {
            Some(lead) => tx.earlier_generation(&article.site, &lead.canonical, lead.generation).await?,
            None => None,
        };
        let mut likes = Vec::new();
        for other in alike {
            let how = match other.relation {
                _ if other.likeness.exact => How::Exact,
                sources::Relation::Copy => How::Copy,
                sources::Relation::Near => How::Near,
                sources::Relation::None => continue,
            };
            let Ok(id) = other.id.parse::<ArticleId>() else { continue };
            likes.extend(like(tx, article, &id, how).await?);
        }
        let story = match &prior {
            Some(prior) => tx.story_of(prior).await?.unwrap_or_else(|| StoryId::of(prior)),
            None => StoryId::of(&article.id),
        };
        let related = relate(&article.id, prior.as_ref().map(|p| (p, &story)), &likes);
        self.settle(tx, article, &related, at).await
    }

    /// Keeps what an article means, and compares it with what the site has seen of late. `None` where nothing tells the same.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub(super) async fn understand(
        &self,
        tx: &mut Tx,
        article: &ArticleRow,
        model: &str,
        vector: &Vector,
        at: Timestamp,
    ) -> Result<Option<Compared>> {
        let since = at.checked_sub(SignedDuration::from_hours(24 * DAYS_OF_MEANING)).unwrap_or(Timestamp::UNIX_EPOCH);
        let site = self.config.site(&article.site);
        let least = site.map_or(1.0, |s| s.same_story);
        let semantic = site.and_then(|s| self.config.routes(s).semantic.least());
        let lower = semantic.map_or(least, |cosine| cosine.min(least));
        let near = tx.near_in_meaning(&article.site, &article.id, model, vector, lower, since, MOST_MEANINGS).await?;
        tx.keep_vector(&article.site, &article.id, model, vector, at).await?;
        if let Some(cosine) = semantic {
            let nearest = near.iter().filter(|(_, c)| *c >= cosine).take(MOST_NEIGHBOURS).cloned();
            tx.keep_neighbours(&article.id, &nearest.collect::<Vec<_>>()).await?;
        }
        // What has a relation by its words keeps it.
        let own = article.story();
        if own != StoryId::of(&article.id) {
            return Ok(None);
        }
        let mut likes = Vec::new();
        for (other, _) in near.into_iter().filter(|(_, cosine)| *cosine >= least) {
            likes.extend(like(tx, article, &other, How::Meaning).await?.filter(|like| like.story != own));
        }
        let related = relate(&article.id, None, &likes);
        if related.membership == Membership::First {
            return Ok(None);
        }
        self.settle(tx, article, &related, at).await.map(Some)
    }

    /// Makes a relation last, and says what becomes of the article.
    async fn settle(&self, tx: &mut Tx, article: &ArticleRow, related: &Related, at: Timestamp) -> Result<Compared> {
        let members = tx.story_members(&related.story).await?;
        let others: Vec<&StoryMember> = members.iter().filter(|m| m.article != article.id).collect();
        let heat = others.iter().filter(|m| m.membership.is_independent()).count()
            + usize::from(related.membership.is_independent());
        let mut tellers = Vec::new();
        for member in &others {
            let Some((standing, settled_at)) = standing(tx, &member.article).await? else { continue };
            let then = |m: &&&StoryMember| m.membership.is_independent() && m.at <= settled_at;
            let heat_then = if standing == Standing::TurnedDown { others.iter().filter(then).count() } else { 0 };
            tellers.push(Teller { article: member.article.clone(), standing, heat_then });
        }
        let decided = decide(related, &tellers, heat);
        // What became evidence of an article goes with it.
        let own = StoryId::of(&article.id);
        if related.story != own && article.story.as_ref() == Some(&own) {
            tx.merge_stories(&own, &related.story).await?;
        }
        tx.join(&article.site, &article.id, &related.story, related.membership, at).await?;
        let prior = match &decided.outcome {
            Comparison::Update { of } => Some(of),
            _ if related.membership == Membership::Update => related.to.as_ref(),
            _ => None,
        };
        if let Some(prior) = prior {
            tx.update_of(&article.id, prior).await?;
        }
        let grows = match decided.grows {
            Some(into) => self.grow(tx, article, into).await?,
            None => None,
        };
        Ok(Compared { event: Event::Compared { story: related.story.clone(), outcome: decided.outcome }, grows })
    }

    /// What `by` brings to an article that tells its story: a grown brief where it is in work, a note where its bytes are
    /// fixed. `None` where it brings nothing, or a person has worked on the draft: their work is not written over.
    async fn grow(&self, tx: &mut Tx, by: &ArticleRow, into: ArticleId) -> Result<Option<(ArticleId, Event)>> {
        let Some(row) = tx.article(&into).await? else { return Ok(None) };
        let (Some(brief), Some(snapshot)) = (row.state.brief(), snapshot_of(&by.state)) else { return Ok(None) };
        let told = |brief| Ok(Some((into.clone(), Event::StoryGrew { brief, by: by.id.clone() })));
        if Standing::of(&row.state, None) != Standing::InWork {
            return told(brief.clone());
        }
        let growth = tx.growth(&MachineId::Article(into.clone())).await?;
        if growth.touched || growth.times >= MOST_GROWTHS {
            return Ok(None);
        }
        let Some(snapshot) = self.store.snapshot(snapshot).await? else { return Ok(None) };
        let kind = by.lead.as_ref().map(|l| l.kind).unwrap_or_default();
        let Some(brief) = grown(&tx.brief(brief).await?, &snapshot, by.id.clone(), kind) else {
            return Ok(None);
        };
        told(tx.keep_brief(&brief).await?)
    }
}

/// What was read of an article that is being compared.
fn snapshot_of(state: &State) -> Option<&SnapshotId> {
    match state {
        State::Deduplicating { snapshot } | State::Scoring { snapshot, .. } => Some(snapshot),
        _ => None,
    }
}

/// Another article or post as the rules see it. `None` for one that tells no story yet.
async fn like(tx: &mut Tx, article: &ArticleRow, other: &ArticleId, how: How) -> Result<Option<Like>> {
    let Some(story) = tx.story_of(other).await? else { return Ok(None) };
    let (theirs, title) = match tx.article(other).await? {
        Some(row) => (host(&row), tx.title_of(other).await?),
        None => (None, tx.known_post(other).await?.and_then(|post| post.title)),
    };
    let ours = host(article);
    let own_title = tx.title_of(&article.id).await?;
    Ok(Some(Like {
        article: other.clone(),
        story,
        how,
        same_host: ours.is_some() && ours == theirs,
        subject: Subject::of(own_title.as_deref(), title.as_deref()),
    }))
}

pub(in crate::engine) fn host(row: &ArticleRow) -> Option<String> {
    let url = url::Url::parse(&row.lead.as_ref()?.canonical).ok()?;
    // Two ports are two servers.
    let host = url.host_str()?.trim_start_matches("www.").to_owned();
    Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// Where a member of a story stands, and since when. `None` for one that is not in the store.
async fn standing(tx: &mut Tx, member: &ArticleId) -> Result<Option<(Standing, Timestamp)>> {
    let Some(row) = tx.article(member).await? else {
        // The page of an article stands where that one does.
        let post = tx.known_post(member).await?.filter(|post| post.article.is_none());
        return Ok(post.map(|_| (Standing::Live, Timestamp::UNIX_EPOCH)));
    };
    let digest = match &row.state {
        State::Absorbed { into, .. } => tx.article(into).await?,
        _ => None,
    };
    Ok(Some((Standing::of(&row.state, digest.as_ref().map(|d| &d.state)), row.changed_at)))
}
