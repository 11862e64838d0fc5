//! What other texts mean for an article: how likeness becomes a relation, and a relation an outcome. Pure rules; who is like
//! whom was measured before.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::event::Comparison;
use crate::state::{Relation, State};
use crate::words::text::{content_words, words};
use crate::words::{ArticleId, StoryId};

/// How like two texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// The same text, layout aside.
    Exact,
    /// The same text, edited a little, or held whole inside the other.
    Copy,
    /// Much text in common.
    Near,
    /// Other words for the same.
    Meaning,
}

/// Whether two titles speak of the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// They share most of their words, and their figures do not differ.
    Same,
    /// They do not tell.
    Unknown,
    /// Each names a figure (a version, a number) and they have none in common: the notes of two releases are alike, and
    /// are two stories.
    Other,
}

impl Subject {
    /// What two titles tell.
    pub fn of(a: Option<&str>, b: Option<&str>) -> Self {
        let (Some(a), Some(b)) = (a, b) else { return Self::Unknown };
        let (in_a, in_b) = (figures(a), figures(b));
        if !in_a.is_empty() && !in_b.is_empty() && in_a.is_disjoint(&in_b) {
            return Self::Other;
        }
        let set = |title: &str| content_words(title).into_iter().collect::<BTreeSet<_>>();
        let (a, b) = (set(a), set(b));
        let shared = a.intersection(&b).count();
        if shared > 0 && shared * 2 >= a.union(&b).count() { Self::Same } else { Self::Unknown }
    }
}

/// The words of a title that hold a digit, as `v2.0` and `2` are the same version.
fn figures(title: &str) -> BTreeSet<String> {
    let has_digit = |w: &String| w.chars().any(|c| c.is_ascii_digit());
    words(title)
        .into_iter()
        .filter(has_digit)
        .map(|w| {
            let bare = w.to_lowercase();
            let mut bare = bare.trim_start_matches('v');
            while let Some(shorter) = bare.strip_suffix(".0") {
                bare = shorter;
            }
            bare.to_owned()
        })
        .collect()
}

/// Another article, or post of the site, that is like the one compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Like {
    /// Which.
    pub article: ArticleId,
    /// What it is about.
    pub story: StoryId,
    /// How like it is.
    pub how: How,
    /// It was read at the same host.
    pub same_host: bool,
    /// What the titles tell.
    pub subject: Subject,
}

/// What an article is to a story: how it joins it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// It founds the story.
    First,
    /// It is the same text as a member: no independent source.
    Copy,
    /// Another source that tells the same.
    SameStory,
    /// A later text of a source that told it before.
    Update,
}

impl Membership {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Copy => "copy",
            Self::SameStory => "same_story",
            Self::Update => "update",
        }
    }

    /// True for what counts as a source of its own: the story's heat is how many of these there are.
    pub fn is_independent(self) -> bool {
        matches!(self, Self::First | Self::SameStory)
    }
}

/// What an article is, once its likes are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The story it belongs to.
    pub story: StoryId,
    /// How it joins it.
    pub membership: Membership,
    /// Whom it is like; `None` for the first of a story.
    pub to: Option<ArticleId>,
}

/// The strongest relation of an article. `prior` is the generation before it at the same URL, with its story.
///
/// 1. The same text is a copy, wherever it stands.
/// 2. The next generation of a page is an update, however little has changed.
/// 3. A text that is edited a little is a copy, except at the same host under a title with other figures.
/// 4. Much text in common, or the same meaning: at the same host an update where the titles speak of the same, elsewhere the
///    same story unless the titles name other figures.
pub fn relate(own: &ArticleId, prior: Option<(&ArticleId, &StoryId)>, likes: &[Like]) -> Related {
    let found =
        |like: &Like, membership| Related { story: like.story.clone(), membership, to: Some(like.article.clone()) };
    if let Some(same) = likes.iter().find(|l| l.how == How::Exact) {
        return found(same, Membership::Copy);
    }
    if let Some((prior, story)) = prior {
        return Related { story: story.clone(), membership: Membership::Update, to: Some(prior.clone()) };
    }
    let mut best: Option<(How, &Like, Membership)> = None;
    for like in likes {
        let Some(membership) = membership(like) else { continue };
        if best.is_none_or(|(how, ..)| like.how < how) {
            best = Some((like.how, like, membership));
        }
    }
    match best {
        Some((_, like, membership)) => found(like, membership),
        None => Related { story: StoryId::of(own), membership: Membership::First, to: None },
    }
}

fn membership(like: &Like) -> Option<Membership> {
    match (like.how, like.same_host, like.subject) {
        (How::Exact, ..) | (How::Copy, false, _) | (How::Copy, true, Subject::Same | Subject::Unknown) => {
            Some(Membership::Copy)
        }
        (How::Copy | How::Near | How::Meaning, _, Subject::Other) | (How::Near, true, Subject::Unknown) => None,
        (How::Near | How::Meaning, true, Subject::Same) => Some(Membership::Update),
        (How::Near | How::Meaning, false, _) | (How::Meaning, true, Subject::Unknown) => Some(Membership::SameStory),
    }
}

/// Where an article that tells a story stands, as far as what repeats the story is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Drafting, Gating, Reviewing: its brief can grow.
    InWork,
    /// Before drafting: what repeats it becomes evidence of it.
    Before,
    /// Part of a digest that is not on the site yet, or parked on the way.
    Held,
    /// Publishing, Proposed, Merged: its bytes are fixed.
    Proposed,
    /// On the site, as a page of the desk or as a post that was there before.
    Live,
    /// Rejected, Declined.
    TurnedDown,
    /// Skipped, Gone, Refused, or itself a repetition: makes no Duplicate.
    PassedOver,
}

impl Standing {
    /// Where a state stands. An absorbed article stands where its digest does: `digest` is that one's state.
    pub fn of(state: &State, digest: Option<&State>) -> Self {
        match state {
            State::Fetching | State::Deduplicating { .. } | State::Scoring { .. } | State::Shortlisted { .. } => {
                Self::Before
            }
            State::Absorbed { .. } => match digest.map(|d| Self::of(d, None)) {
                Some(settled @ (Self::Live | Self::TurnedDown)) => settled,
                _ => Self::Held,
            },
            State::Drafting { .. } | State::Gating { .. } | State::Reviewing { .. } => Self::InWork,
            State::Publishing { .. } | State::Proposed { .. } | State::Merged { .. } => Self::Proposed,
            State::Parked { at, .. } => match Self::of(at, digest) {
                Self::InWork | Self::Proposed => Self::Held,
                before => before,
            },
            State::Rejected { .. } | State::Declined { .. } => Self::TurnedDown,
            State::Live { .. } => Self::Live,
            State::Skipped { .. } | State::Gone { .. } | State::Refused { .. } | State::Duplicate { .. } => {
                Self::PassedOver
            }
        }
    }
}

/// A member of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teller {
    /// Which.
    pub article: ArticleId,
    /// Where it stands.
    pub standing: Standing,
    /// How many independent sources the story had when it was turned down; 0 for all others.
    pub heat_then: usize,
}

/// What a relation leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// For the article itself.
    pub outcome: Comparison,
    /// The article whose story has grown by it: it is told.
    pub grows: Option<ArticleId>,
}

/// What becomes of an article of this relation. `tellers` are the other members of its story, as they joined it; `heat` is how
/// many independent sources the story has, this one among them.
///
/// Only a story that is in flight, rejected, declined, proposed or live makes a Duplicate; what repeats one that was passed
/// over goes on. A copy brings nothing new. What brings something grows a story that is in work, is noted at one that is
/// proposed, and asks at one that was turned down when the story's heat has doubled since. An update of a live story becomes
/// an article of its own.
pub fn decide(related: &Related, tellers: &[Teller], heat: usize) -> Decided {
    let quiet = |outcome| Decided { outcome, grows: None };
    let passed_over = || {
        quiet(match (related.membership, &related.to) {
            (Membership::Update, Some(of)) => Comparison::Update { of: of.clone() },
            _ => Comparison::New,
        })
    };
    let relation = match related.membership {
        Membership::First => return quiet(Comparison::New),
        Membership::Copy => Relation::Copy,
        Membership::SameStory => Relation::SameStory,
        Membership::Update => Relation::Update,
    };
    let worked = || tellers.iter().filter(|t| t.standing != Standing::PassedOver);
    // Of several, the one that can still take something in, then the furthest.
    let Some(leader) = worked().min_by_key(|t| t.standing) else { return passed_over() };
    let repeats = |of: &Teller| Comparison::Repeats { of: of.article.clone(), relation };
    if relation == Relation::Copy {
        let copied = worked().find(|t| Some(&t.article) == related.to.as_ref());
        return quiet(repeats(copied.unwrap_or(leader)));
    }
    match leader.standing {
        Standing::InWork | Standing::Proposed => {
            Decided { outcome: repeats(leader), grows: Some(leader.article.clone()) }
        }
        Standing::Live if relation == Relation::Update => {
            // Of the page and its earlier updates the latest, so that each names the one before it.
            let latest = worked().rfind(|t| t.standing == Standing::Live).unwrap_or(leader);
            quiet(Comparison::Update { of: latest.article.clone() })
        }
        Standing::TurnedDown => {
            let doubled = leader.heat_then.max(1) * 2;
            let now = relation == Relation::SameStory && heat == doubled;
            Decided { outcome: repeats(leader), grows: now.then(|| leader.article.clone()) }
        }
        Standing::Before | Standing::Held | Standing::Live | Standing::PassedOver => quiet(repeats(leader)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;

    fn like(how: How, same_host: bool, subject: Subject) -> Like {
        let article = examples::article("other");
        Like { story: StoryId::of(&article), article, how, same_host, subject }
    }

    #[test]
    fn relations_as_a_table() {
        use How::{Copy, Exact, Meaning, Near};
        use Membership as M;
        use Subject::{Other, Same, Unknown};
        let table = [
            (Exact, true, Other, M::Copy),
            (Exact, false, Unknown, M::Copy),
            (Copy, false, Other, M::Copy),
            (Copy, true, Unknown, M::Copy),
            (Copy, true, Other, M::First),
            (Near, false, Unknown, M::SameStory),
            (Near, false, Same, M::SameStory),
            (Near, false, Other, M::First),
            (Near, true, Same, M::Update),
            (Near, true, Unknown, M::First),
            (Near, true, Other, M::First),
            (Meaning, false, Unknown, M::SameStory),
            (Meaning, false, Other, M::First),
            (Meaning, true, Same, M::Update),
            (Meaning, true, Unknown, M::SameStory),
            (Meaning, true, Other, M::First),
        ];
        for (how, same_host, subject, expected) in table {
            let related = relate(&examples::article("own"), None, &[like(how, same_host, subject)]);
            assert_eq!(related.membership, expected, "{how:?} {same_host} {subject:?}");
            assert_eq!(related.to.is_none(), expected == M::First);
        }
    }

    #[test]
    fn the_next_generation_is_an_update_unless_its_text_is_the_same() {
        let (own, prior) = (examples::article("own"), examples::article("prior"));
        let story = StoryId::of(&prior);
        let told = |likes: &[Like]| relate(&own, Some((&prior, &story)), likes).membership;
        assert_eq!(told(&[]), Membership::Update);
        assert_eq!(told(&[like(How::Copy, false, Subject::Same)]), Membership::Update, "a mirror of the earlier text");
        assert_eq!(told(&[like(How::Exact, false, Subject::Same)]), Membership::Copy);
    }

    #[test]
    fn the_strongest_likeness_counts() {
        let mut near = like(How::Near, false, Subject::Unknown);
        near.article = examples::article("near");
        let likes = [near, like(How::Copy, false, Subject::Unknown)];
        let related = relate(&examples::article("own"), None, &likes);
        assert_eq!((related.membership, related.to), (Membership::Copy, Some(examples::article("other"))));
    }

    #[test]
    fn titles_with_other_figures_are_of_other_stories() {
        let of = |a, b| Subject::of(Some(a), Some(b));
        assert_eq!(of("Foo 4.1.2 released", "Foo 4.1.3 released"), Subject::Other);
        assert_eq!(of("Foo v2.0 released", "Foo 2 released today"), Subject::Same);
        assert_eq!(of("Foo 2 is out", "A look at compilers"), Subject::Unknown);
        assert_eq!(of("Foo fixes a crash in parsing", "Crash in parsing fixed by Foo"), Subject::Same);
        assert_eq!(Subject::of(None, Some("Foo")), Subject::Unknown);
    }

    #[test]
    fn outcomes_as_a_table() {
        use Membership::{Copy, SameStory, Update};
        use Standing::{Before, Held, InWork, Live, PassedOver, Proposed, TurnedDown};
        let one = examples::article("one");
        let repeats = |relation| Comparison::Repeats { of: examples::article("one"), relation };
        let updates = || Comparison::Update { of: examples::article("one") };
        // membership, where the story stands, its heat now (turned down with 1) → outcome, does it grow
        let table = [
            (Copy, InWork, 9, repeats(Relation::Copy), false),
            (Copy, Live, 9, repeats(Relation::Copy), false),
            (Copy, TurnedDown, 2, repeats(Relation::Copy), false),
            (Copy, PassedOver, 1, Comparison::New, false),
            (SameStory, Before, 2, repeats(Relation::SameStory), false),
            (SameStory, Held, 2, repeats(Relation::SameStory), false),
            (SameStory, InWork, 2, repeats(Relation::SameStory), true),
            (SameStory, Proposed, 2, repeats(Relation::SameStory), true),
            (SameStory, Live, 2, repeats(Relation::SameStory), false),
            (SameStory, TurnedDown, 2, repeats(Relation::SameStory), true),
            (SameStory, TurnedDown, 3, repeats(Relation::SameStory), false),
            (SameStory, PassedOver, 2, Comparison::New, false),
            (Update, Before, 1, repeats(Relation::Update), false),
            (Update, Held, 1, repeats(Relation::Update), false),
            (Update, InWork, 1, repeats(Relation::Update), true),
            (Update, Proposed, 1, repeats(Relation::Update), true),
            (Update, Live, 1, updates(), false),
            (Update, TurnedDown, 2, repeats(Relation::Update), false),
            (Update, PassedOver, 1, updates(), false),
        ];
        for (membership, standing, heat, outcome, grows) in table {
            let related = Related { story: StoryId::of(&one), membership, to: Some(one.clone()) };
            let heat_then = usize::from(standing == TurnedDown);
            let tellers = [Teller { article: one.clone(), standing, heat_then }];
            let decided = decide(&related, &tellers, heat);
            let expected = Decided { outcome, grows: grows.then(|| one.clone()) };
            assert_eq!(decided, expected, "{membership:?} {standing:?} {heat}");
        }
    }

    #[test]
    fn of_several_tellers_the_one_that_can_still_grow_leads_and_a_copy_names_what_it_copies() {
        let teller = |name: &str, standing| Teller { article: examples::article(name), standing, heat_then: 0 };
        let tellers = [teller("live", Standing::Live), teller("work", Standing::InWork)];
        let related = |membership| Related {
            story: StoryId::of(&examples::article("live")),
            membership,
            to: Some(examples::article("live")),
        };
        assert_eq!(decide(&related(Membership::Update), &tellers, 1).grows, Some(examples::article("work")));
        let copy = decide(&related(Membership::Copy), &tellers, 1).outcome;
        assert_eq!(copy, Comparison::Repeats { of: examples::article("live"), relation: Relation::Copy });
    }

    #[test]
    fn an_update_of_a_live_story_follows_the_latest_page() {
        let teller = |name: &str| Teller { article: examples::article(name), standing: Standing::Live, heat_then: 0 };
        let to = Some(examples::article("page"));
        let story = StoryId::of(&examples::article("page"));
        let related = Related { story, membership: Membership::Update, to };
        let decided = decide(&related, &[teller("page"), teller("update")], 1);
        assert_eq!(decided.outcome, Comparison::Update { of: examples::article("update") });
    }

    #[test]
    fn every_state_has_a_standing_and_only_unsettled_ones_can_grow() {
        for state in examples::states() {
            let standing = Standing::of(&state, None);
            let settled = state.class() == crate::state::Class::Settled;
            assert_eq!(settled, standing >= Standing::Live, "{}: {standing:?}", state.name());
        }
    }
}
