//! Stories again: what the fingerprints say under other thresholds.

use std::collections::{BTreeMap, BTreeSet};

use sources::{Fingerprint, Relation};
use states::event::{Comparison, Event};
use states::relations::{How, Like, Related, Standing, Subject, relate};
use states::words::{ArticleId, Origin, StoryId};

use super::past::Past;
use super::{Backtest, Change, Decision};
use crate::config::Config;
use crate::engine::EngineError;
use crate::engine::relate::host;
use crate::store::{ArticleRow, Store};

/// Compares every article with what came before it. Gives those that would repeat a story and did not.
pub(super) async fn again(
    config: &Config,
    store: &Store,
    past: &Past,
    test: &mut Backtest,
) -> Result<BTreeSet<ArticleId>, EngineError> {
    let thresholds = config.desk.fingerprint.thresholds();
    let mut repeats = BTreeSet::new();
    let mut prints: BTreeMap<&str, Vec<(ArticleId, Fingerprint)>> = BTreeMap::new();
    for site in &config.sites {
        let all = store.prints(&site.name).await?;
        let read = |(id, bytes): (String, Vec<u8>)| Some((id.parse().ok()?, Fingerprint::from_bytes(&bytes)?));
        prints.insert(site.name.as_str(), all.into_iter().filter_map(read).collect());
    }
    for (article, row) in past.recent_rows().filter(|(_, row)| row.from.as_deref() == Some("Deduplicating")) {
        let Event::Compared { story, outcome } = &row.event else { continue };
        let Some(site) = prints.get(article.site.as_str()) else { continue };
        let Some(own) = site.iter().position(|(id, _)| *id == article.id) else {
            test.note("what has no fingerprint any more is not compared again");
            continue;
        };
        let mut likes = Vec::new();
        for (id, print) in &site[..own] {
            let Some(likeness) = site[own].1.likeness(print) else { continue };
            let how = match likeness.relation(&thresholds) {
                _ if likeness.exact => How::Exact,
                Relation::Copy => How::Copy,
                Relation::Near => How::Near,
                Relation::None => continue,
            };
            likes.push((likeness, like(past, article, id, how)));
        }
        likes.sort_by(|a, b| b.0.resemblance.total_cmp(&a.0.resemblance).then(a.1.article.cmp(&b.1.article)));
        let likes: Vec<Like> = likes.into_iter().map(|(_, like)| like).collect();
        let prior = prior(past, article);
        let related = relate(&article.id, prior.as_ref().map(|(id, story)| (id, story)), &likes);
        let joined = |of: &StoryId| *of != StoryId::of(&article.id);
        let then = matches!(outcome, Comparison::Repeats { .. });
        let now = match (joined(story), joined(&related.story)) {
            // It belongs to a story as it did; what that means for it hangs on where the story stood.
            (true, true) | (false, false) => then,
            (true, false) => false,
            (false, true) => tells(past, &related),
        };
        test.count("duplicate", then, now);
        if then == now {
            continue;
        }
        let whom = related
            .to
            .as_ref()
            .map(|id| past.articles.get(id).map_or_else(|| id.short().to_owned(), ArticleRow::label));
        let (then, why) = match (then, whom) {
            (false, whom) => {
                repeats.insert(article.id.clone());
                ("new", format!("it would repeat “{}”", whom.unwrap_or_default()))
            }
            (true, _) => {
                test.note("what was a duplicate was never scored: what it would have become beyond that is not known");
                ("duplicate", "nothing is like it enough".to_owned())
            }
        };
        test.changes.push(Change {
            article: article.id.short().to_owned(),
            title: article.label(),
            decision: Decision::Story,
            then: then.to_owned(),
            now: if now { "duplicate" } else { "new" }.to_owned(),
            why,
        });
    }
    Ok(repeats)
}

fn like(past: &Past, article: &ArticleRow, other: &ArticleId, how: How) -> Like {
    let title = |id: &ArticleId| past.titles.get(id).map(String::as_str);
    let (ours, theirs) = (host(article), past.articles.get(other).and_then(host));
    Like {
        article: other.clone(),
        story: past.stories.get(other).cloned().unwrap_or_else(|| StoryId::of(other)),
        how,
        same_host: ours.is_some() && ours == theirs,
        subject: Subject::of(title(&article.id), title(other)),
    }
}

/// The generation before an article at its URL, with its story.
fn prior(past: &Past, article: &ArticleRow) -> Option<(ArticleId, StoryId)> {
    let lead = article.lead.as_ref().filter(|lead| lead.generation > 0)?;
    let origin = Origin::Url { canonical: lead.canonical.clone(), generation: lead.generation - 1 };
    let id = ArticleId::of(&article.site, &origin);
    let story = past.stories.get(&id).cloned().unwrap_or_else(|| StoryId::of(&id));
    past.articles.contains_key(&id).then_some((id, story))
}

/// True where a story is told by somebody whom to repeat makes a duplicate, as they stand now.
fn tells(past: &Past, related: &Related) -> bool {
    let members = past.stories.iter().filter(|(_, story)| **story == related.story).map(|(member, _)| member);
    members
        .filter_map(|member| past.articles.get(member))
        .any(|row| Standing::of(&row.state, None) != Standing::PassedOver)
}
