//! Making a brief: from a candidate or a digest's members to what an article is written from.

use std::collections::{BTreeMap, BTreeSet};

use gates::inventory::Inventory;
use sources::{Fingerprint, Relation, compare};
use states::relations::Membership;
use states::state::{Candidate, State};
use states::words::text::content_words;
use states::words::{ArticleId, Brief, BriefSource, RelatedPost, Snapshot, SourceKind, Template};

use super::desk::Desk;
use crate::config::Site;
use crate::store::{ArticleRow, StoreError};

/// The most sources of one story in a brief.
const SOURCES: usize = 6;
/// The most related posts.
const RELATED: usize = 3;

/// A lead that is to be written about, with what it stands on.
pub struct Chosen {
    /// The article.
    pub row: ArticleRow,
    /// Its candidate.
    pub candidate: Candidate,
}

impl Desk {
    /// The brief of an article about `chosen`: one for an article of its own, several for a digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_brief(
        &self,
        site: &Site,
        article: &ArticleId,
        template: Template,
        chosen: &[Chosen],
        inventory: Option<&Inventory>,
    ) -> Result<Brief, StoreError> {
        let mut sources = Vec::new();
        let mut texts: Vec<Snapshot> = Vec::new();
        for one in chosen {
            let more = if template == Template::Digest { 1 } else { SOURCES };
            for (id, snapshot, kind) in self.evidence_of(one, more).await? {
                if texts.iter().any(|t| t.id == snapshot.id) {
                    continue;
                }
                sources.push(BriefSource::of(&snapshot, id, kind));
                texts.push(snapshot);
            }
        }
        let (keyword, secondary) = keywords(&texts, &site.topics);
        let topic = chosen.first().map_or_else(String::new, |c| c.candidate.score.topic.clone());
        let vocabulary: BTreeSet<String> = if site.page.tags.is_empty() {
            inventory.map(|i| i.vocabulary.clone()).unwrap_or_default()
        } else {
            site.page.tags.iter().cloned().collect()
        };
        Ok(Brief {
            article: article.clone(),
            template,
            topic: if topic.is_empty() { keyword.clone() } else { topic },
            related: inventory.map(|i| related(i, &keyword, &secondary)).unwrap_or_default(),
            keyword,
            secondary,
            language: site.page.language.clone(),
            sources,
            vocabulary: vocabulary.into_iter().collect(),
            members: if template == Template::Digest {
                chosen.iter().map(|c| c.row.id.clone()).collect()
            } else {
                Vec::new()
            },
        })
    }

    /// The snapshots of a lead and of what repeats its story, the lead's own first; of each page the newest generation.
    /// Verbatim copies prove nothing more, and an update tells what is new in its own text.
    async fn evidence_of(
        &self,
        chosen: &Chosen,
        most: usize,
    ) -> Result<Vec<(ArticleId, Snapshot, SourceKind)>, StoreError> {
        let mut rows = vec![(chosen.row.clone(), chosen.candidate.snapshot.clone())];
        let updates = !self.store.priors_of(&chosen.row.id).await?.is_empty();
        for member in self.store.members(&chosen.candidate.story).await? {
            if updates || member.article == chosen.row.id || member.relation == Membership::Copy.as_str() {
                continue;
            }
            let Some(row) = self.store.article(&member.article).await? else { continue };
            let snapshot = match &row.state {
                State::Duplicate { snapshot, .. } => snapshot.clone(),
                State::Skipped { candidate: Some(c), .. } => c.snapshot.clone(),
                _ => continue,
            };
            let page = |r: &ArticleRow| r.lead.as_ref().map(|l| (l.canonical.clone(), l.generation));
            let of_same = rows.iter_mut().find(|(r, _)| page(r).zip(page(&row)).is_some_and(|(a, b)| a.0 == b.0));
            match of_same {
                Some(older) if page(&older.0) < page(&row) => *older = (row, snapshot),
                Some(_) => {}
                None => rows.push((row, snapshot)),
            }
        }
        let mut found: Vec<(ArticleId, Snapshot, SourceKind)> = Vec::new();
        let comparing = self.config.desk.fingerprint;
        let mut prints: Vec<Fingerprint> = Vec::new();
        for (row, snapshot) in rows {
            if found.len() >= most {
                break;
            }
            let Some(snapshot) = self.store.snapshot(&snapshot).await? else { continue };
            let print = Fingerprint::by(comparing.preset, snapshot.body());
            let copied = |p: &Fingerprint| compare(p, &print, &comparing.thresholds()) == Relation::Copy;
            if prints.iter().any(copied) {
                continue;
            }
            prints.push(print);
            found.push((row.id, snapshot, row.lead.map_or(SourceKind::Report, |l| l.kind)));
        }
        Ok(found)
    }
}

/// A brief with one more source, or with the newer text of one it has. `None` where it brings nothing or is full.
pub(super) fn grown(brief: &Brief, snapshot: &Snapshot, article: ArticleId, kind: SourceKind) -> Option<Brief> {
    if brief.template == Template::Digest || brief.sources.iter().any(|s| s.snapshot == snapshot.id) {
        return None;
    }
    let mut brief = brief.clone();
    let source = BriefSource::of(snapshot, article, kind);
    let older = brief.sources.iter().position(|s| s.url == source.url);
    match older {
        Some(at) => brief.sources[at] = source,
        None if brief.sources.len() < SOURCES => brief.sources.push(source),
        None => return None,
    }
    Some(brief)
}

/// The primary keyword and up to five more: words of the titles, the best source's first. A word weighs by how often its own
/// text uses it and how much it says (a long word says more than a short one), more when the site writes about it, and in a
/// digest more when several texts use it.
fn keywords(texts: &[Snapshot], topics: &[String]) -> (String, Vec<String>) {
    let topics: BTreeSet<String> = topics.iter().flat_map(|t| content_words(t)).collect();
    let bodies: Vec<Vec<String>> = texts.iter().map(|t| content_words(t.body())).collect();
    let mut weight: BTreeMap<String, usize> = BTreeMap::new();
    for (i, (text, body)) in texts.iter().zip(&bodies).enumerate() {
        for word in content_words(text.title.as_deref().unwrap_or_default()) {
            let letters = word.chars().count();
            let uses = body.iter().filter(|w| **w == word).count();
            if letters < 3 || uses == 0 || word.chars().any(|c| c.is_ascii_digit()) {
                continue;
            }
            let documents = bodies.iter().filter(|b| b.contains(&word)).count();
            let says = uses.min(12) * letters.min(10) + 4 * documents + if topics.contains(&word) { 20 } else { 0 };
            // The best source's title is what the article's title is made from.
            let says = if i == 0 { says + 1_000 } else { says };
            let known = weight.entry(word).or_default();
            *known = (*known).max(says);
        }
    }
    let mut order: Vec<(String, usize)> = weight.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut words = order.into_iter().map(|(word, _)| word);
    let first = words.next().unwrap_or_else(|| "software".into());
    (first, words.take(5).collect())
}

/// Posts of the site that share words with the keywords, the most first.
fn related(inventory: &Inventory, keyword: &str, secondary: &[String]) -> Vec<RelatedPost> {
    let wanted: BTreeSet<&str> = std::iter::once(keyword).chain(secondary.iter().map(String::as_str)).collect();
    let mut found: Vec<(usize, &gates::inventory::Post)> = inventory
        .posts
        .iter()
        .map(|post| {
            let text =
                format!("{} {} {}", post.title, post.description.as_deref().unwrap_or_default(), post.tags.join(" "));
            let words: BTreeSet<String> = content_words(&text).into_iter().collect();
            (wanted.iter().filter(|w| words.contains(**w)).count(), post)
        })
        .filter(|(shared, _)| *shared > 0)
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.url.cmp(&b.1.url)));
    found
        .into_iter()
        .take(RELATED)
        .map(|(_, post)| RelatedPost {
            title: post.title.clone(),
            url: post.url.clone(),
            description: post.description.clone(),
        })
        .collect()
}
