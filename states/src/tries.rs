//! The drafts of an article on its way through the gate, read off its journal.

use crate::event::Event;
use crate::words::{DraftId, ReportId};

/// One draft and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// The draft.
    pub draft: DraftId,
    /// What the gate said of it; `None` while it has not spoken.
    pub report: Option<ReportId>,
    /// Which of the tries it revises, from 0; `None` for one that was written afresh, or by a person.
    pub base: Option<usize>,
    /// A person asked for a change to it: whatever the gate says of it, the next ones are not weighed against it.
    pub sent_back: bool,
}

/// The tries since the article's writing began afresh, oldest first: since its brief was made or grew, since a person wrote the
/// draft, or with the draft that a person sent back last. `journal` gives each event with the name of the state it led to.
pub fn tries<'a>(journal: impl IntoIterator<Item = (&'a Event, &'a str)>) -> Vec<Try> {
    let mut tries: Vec<Try> = Vec::new();
    let mut base = None;
    for (event, to) in journal {
        match event {
            Event::Composed { .. } | Event::Chosen { .. } => (tries, base) = (Vec::new(), None),
            // A story that grows while its page is proposed is told of, and nothing is written again.
            Event::StoryGrew { .. } | Event::Reopened { .. } if to == "Drafting" => (tries, base) = (Vec::new(), None),
            Event::Edited { draft, .. } => {
                tries = vec![Try { draft: draft.clone(), report: None, base: None, sent_back: false }];
                base = None;
            }
            Event::Drafted { draft, .. } => {
                tries.push(Try { draft: draft.clone(), report: None, base, sent_back: false });
            }
            Event::Gated { gated, better, .. } => {
                let Some(last) = tries.last_mut() else { continue };
                last.report = Some(gated.report.clone());
                let earlier = better.as_ref().and_then(|b| tries.iter().position(|t| t.draft == b.draft));
                base = earlier.or(tries.len().checked_sub(1));
            }
            Event::ChangesAsked { .. } => {
                tries = tries.pop().map(|last| Try { base: None, sent_back: true, ..last }).into_iter().collect();
                base = (!tries.is_empty()).then_some(0);
            }
            _ => {}
        }
    }
    tries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;
    use crate::state::{Gated, Previous};
    use crate::words::{BriefId, PageIdentity, Timestamp, Verdict};

    fn drafted(name: &str) -> (Event, &'static str) {
        let page = PageIdentity { slug: "a-page".into(), dated: Timestamp::UNIX_EPOCH };
        (Event::Drafted { draft: DraftId::of_content(&name), page }, "Gating")
    }

    fn gated(name: &str, better: Option<&str>) -> (Event, &'static str) {
        let gated = Gated {
            report: ReportId::of_content(&name),
            bytes: examples::bytes(),
            base: String::new(),
            verdict: String::new(),
        };
        let better = better.map(|b| Previous { draft: DraftId::of_content(&b), report: None });
        (Event::Gated { gated, verdict: Verdict::Revise, better }, "Drafting")
    }

    fn read(journal: &[(Event, &str)]) -> Vec<(DraftId, bool, Option<usize>, bool)> {
        let tries = tries(journal.iter().map(|(event, to)| (event, *to)));
        tries.into_iter().map(|t| (t.draft, t.report.is_some(), t.base, t.sent_back)).collect()
    }

    #[test]
    fn a_draft_revises_the_one_before_it_or_the_better_one_that_the_gate_named() {
        let draft = |name: &str| DraftId::of_content(&name);
        let journal = [
            (Event::Found, "Fetching"),
            (Event::Chosen { brief: BriefId::of_content(&"brief") }, "Drafting"),
            drafted("a"),
            gated("a", None),
            drafted("b"),
            gated("b", Some("a")),
            drafted("c"),
        ];
        assert_eq!(
            read(&journal),
            [(draft("a"), true, None, false), (draft("b"), true, Some(0), false), (draft("c"), false, Some(0), false)]
        );
    }

    #[test]
    fn what_a_person_sends_back_is_the_first_of_the_next_tries() {
        let asked = Event::ChangesAsked { by: "sam".into(), note: "shorter".into() };
        let journal =
            [drafted("a"), gated("a", None), drafted("b"), gated("b", None), (asked, "Drafting"), drafted("c")];
        let read = read(&journal);
        assert_eq!(
            read.iter().map(|(_, _, base, back)| (*base, *back)).collect::<Vec<_>>(),
            [(None, true), (Some(0), false)]
        );
    }

    #[test]
    fn writing_begins_afresh_when_the_story_grows_and_not_when_it_is_told_of() {
        let grew = |to| (Event::StoryGrew { brief: BriefId::of_content(&"x"), by: examples::article("second") }, to);
        assert_eq!(read(&[drafted("a"), gated("a", None), grew("Proposed")]).len(), 1);
        let again = read(&[drafted("a"), gated("a", None), grew("Drafting"), drafted("b")]);
        assert_eq!(again.iter().map(|t| t.2).collect::<Vec<_>>(), [None]);
    }
}
