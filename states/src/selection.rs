//! The run's selection: which shortlisted leads are written about, alone or in a digest.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::words::{ArticleId, StoryId, Template};

/// A shortlisted lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The article.
    pub article: ArticleId,
    /// What it is about.
    pub story: StoryId,
    /// 0 to 100.
    pub score: u8,
    /// When it was published, or found where that is not known.
    pub at: Timestamp,
    /// A person added it: it is written about alone, first.
    pub forced: bool,
}

/// How much room the site has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Proposals that no person has merged or closed.
    pub open: u32,
    /// Articles between selection and proposal, those in Reviewing among them.
    pub in_work: u32,
    /// The most of both together.
    pub cap: u32,
}

impl Room {
    /// Why nothing more is begun; `None` while there is room.
    pub fn full(&self) -> Option<String> {
        let taken = self.open + self.in_work;
        (taken >= self.cap).then(|| {
            format!(
                "{taken} of {} proposals are open or in work; merge or close one, and the next run goes on",
                self.cap
            )
        })
    }
}

/// What a site wants of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The most articles written alone.
    pub alone: u32,
    /// The least score for an article of its own, 0 to 100.
    pub alone_from: u8,
    /// The form of an article of its own.
    pub template: Template,
    /// The least and most leads of a digest; `None` for no digests.
    pub digest: Option<(usize, usize)>,
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// An article of its own.
    Alone(ArticleId),
    /// A digest of these, best first.
    Digest(Vec<ArticleId>),
}

/// What a selection chose, and why not more, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// What is written.
    pub picks: Vec<Pick>,
    /// Why nothing, or not more, was chosen.
    pub why: Option<String>,
}

/// Chooses from what waits. Best score first, then newest, then by id; of each story one. The cap is checked before
/// anything is chosen, so that a month's absence costs nothing.
pub fn select(waiting: &[Waiting], room: Room, wish: Wish) -> Selected {
    let none = |why: String| Selected { picks: Vec::new(), why: Some(why) };
    if waiting.is_empty() {
        return none("nothing new is waiting".into());
    }
    if let Some(why) = room.full() {
        return none(why);
    }
    let mut free = room.cap - room.open - room.in_work;
    let mut order: Vec<&Waiting> = waiting.iter().collect();
    order.sort_by(|a, b| {
        (b.forced, b.score, b.at).cmp(&(a.forced, a.score, a.at)).then_with(|| a.article.cmp(&b.article))
    });
    let mut stories = BTreeSet::new();
    order.retain(|w| stories.insert(w.story.clone()));

    let mut picks = Vec::new();
    let mut rest = Vec::new();
    let mut alone = wish.alone;
    for lead in order {
        let worthy = lead.forced || (alone > 0 && lead.score >= wish.alone_from);
        if worthy && free > 0 {
            free -= 1;
            alone = alone.saturating_sub(u32::from(!lead.forced));
            picks.push(Pick::Alone(lead.article.clone()));
        } else {
            rest.push(lead.article.clone());
        }
    }
    let why = match wish.digest {
        Some((least, most)) if rest.len() >= least.max(1) && free > 0 => {
            rest.truncate(most);
            picks.push(Pick::Digest(rest));
            None
        }
        Some((least, _)) if !rest.is_empty() && free > 0 => {
            Some(format!("{} waiting for a digest, which needs {least}", leads(rest.len())))
        }
        _ if rest.is_empty() => None,
        _ => Some(format!("{} waiting for a later run", leads(rest.len()))),
    };
    Selected { picks, why }
}

fn leads(count: usize) -> String {
    if count == 1 { "1 lead is".into() } else { format!("{count} leads are") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Origin, SiteName};

    fn lead(n: i64, score: u8) -> Waiting {
        let site: SiteName = "s".parse().unwrap();
        let article = ArticleId::of(&site, &Origin::Url { canonical: n.to_string(), generation: 0 });
        Waiting { story: StoryId::of(&article), article, score, at: Timestamp::from_second(n).unwrap(), forced: false }
    }

    const ROOM: Room = Room { open: 0, in_work: 0, cap: 3 };
    const WISH: Wish = Wish { alone: 1, alone_from: 80, template: Template::Story, digest: Some((3, 4)) };

    #[test]
    fn the_best_stands_alone_and_the_rest_makes_a_digest() {
        let all = [lead(1, 50), lead(2, 90), lead(3, 85), lead(4, 60), lead(5, 60), lead(6, 40)];
        let selected = select(&all, ROOM, WISH);
        assert_eq!(selected.picks[0], Pick::Alone(all[1].article.clone()));
        let digest = [2, 4, 3, 0].map(|i: usize| all[i].article.clone()).to_vec();
        assert_eq!(selected.picks[1], Pick::Digest(digest));
    }

    #[test]
    fn the_cap_comes_first() {
        let full = select(&[lead(1, 99)], Room { open: 2, in_work: 1, cap: 3 }, WISH);
        assert!(full.picks.is_empty());
        assert!(full.why.unwrap().contains("3 of 3 proposals"));
    }

    #[test]
    fn of_each_story_one() {
        let mut all = vec![lead(1, 50), lead(2, 60), lead(3, 40), lead(4, 30)];
        all[0].story = all[1].story.clone();
        let selected = select(&all, ROOM, WISH);
        let Pick::Digest(members) = &selected.picks[0] else { panic!() };
        assert_eq!(members.len(), 3);
        assert!(!members.contains(&all[0].article));
    }

    #[test]
    fn too_few_for_a_digest_is_said() {
        let selected = select(&[lead(1, 50), lead(2, 50)], ROOM, WISH);
        assert_eq!(selected.why.as_deref(), Some("2 leads are waiting for a digest, which needs 3"));
    }

    #[test]
    fn what_a_person_added_skips_the_threshold() {
        let mut one = lead(1, 5);
        one.forced = true;
        assert_eq!(select(&[one.clone()], ROOM, WISH).picks, [Pick::Alone(one.article)]);
    }
}
