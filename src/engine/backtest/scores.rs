//! Scores again: parts that the configuration weighs, and the threshold.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use states::event::Event;
use states::state::Score;
use states::words::{ArticleId, StoryId};

use super::past::Past;
use super::{Backtest, Change, Decision};
use crate::config::Config;
use crate::engine::perform::{add_up_again, weight_of};

/// A lead that was scored, as it would be now.
pub(super) struct Scored {
    pub(super) at: Timestamp,
    pub(super) story: StoryId,
    pub(super) score: Score,
    pub(super) shortlisted: bool,
}

/// Adds every score up again and holds it against the threshold. `repeats` would not have been scored.
pub(super) fn again(
    config: &Config,
    past: &Past,
    repeats: &BTreeSet<ArticleId>,
    test: &mut Backtest,
) -> BTreeMap<ArticleId, Scored> {
    let mut all = BTreeMap::new();
    for row in &past.rows {
        let Event::Scored { score, threshold, forced } = &row.event else { continue };
        let Some(article) = past.articles.get(&row.article) else { continue };
        let Some((lead, site)) = article.lead.as_ref().zip(config.site(&article.site)) else {
            test.note(format!("the site {} is not in this configuration: its articles stay as they are", article.site));
            continue;
        };
        let Some(title) = past.read_titles.get(&article.id) else {
            test.note(format!("the page of “{}” is not kept any more: its score stays as it is", article.label()));
            continue;
        };
        let now = add_up_again(score, lead.kind, title.as_deref(), site, weight_of(config, &lead.source));
        let repeats = repeats.contains(&article.id);
        let then = *forced || score.total >= *threshold;
        let shortlisted = !repeats && (*forced || now.total >= site.threshold);
        if article.found_at >= past.since {
            test.count("shortlisted", then, shortlisted);
            test.count("skipped", !then, !shortlisted && !repeats);
            if then != shortlisted && !repeats {
                let word = |shortlisted: bool| if shortlisted { "shortlisted" } else { "skipped" }.to_owned();
                test.changes.push(Change {
                    article: article.id.short().to_owned(),
                    title: article.label(),
                    decision: Decision::Score,
                    then: word(then),
                    now: word(shortlisted),
                    why: format!("{} of {} then, {} of {} now", score.total, threshold, now.total, site.threshold),
                });
            }
        }
        let story = past.stories.get(&article.id).cloned().unwrap_or_else(|| StoryId::of(&article.id));
        all.insert(article.id.clone(), Scored { at: row.at, story, score: now, shortlisted });
    }
    all
}
