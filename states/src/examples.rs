//! One example of every state and every event, and of each variation that decides differently: what the exploration, the
//! pinned forms and the property tests are made of.

use std::collections::BTreeMap;

use crate::event::{Comparison, Event};
use crate::state::{Candidate, Gated, Piece, Previous, Proposal, RejectCause, Relation, Score, SkipCause, State};
use crate::words::{
    ArticleId, BriefId, BytesHash, DraftId, Origin, PageIdentity, PassedBy, PassedGates, ReportId, SiteName,
    SnapshotId, StoryId, Timestamp, Verdict,
};
use crate::worker::{WorkerEvent, WorkerState};

/// An article of its own for each name.
pub fn article(name: &str) -> ArticleId {
    // The name is a literal of this crate's tests and examples.
    let site = SiteName::try_from("example".to_owned()).unwrap_or_else(|_| unreachable!("a valid name"));
    ArticleId::of(&site, &Origin::Url { canonical: format!("https://example.org/{name}"), generation: 0 })
}

fn snapshot() -> SnapshotId {
    SnapshotId::of("text", 1)
}

fn story() -> StoryId {
    StoryId::of(&article("first"))
}

fn brief(name: &str) -> BriefId {
    BriefId::of_content(&name)
}

fn candidate(returned: bool) -> Candidate {
    let score = Score {
        total: 60,
        parts: BTreeMap::from([("relevance".into(), 40), ("freshness".into(), 20)]),
        topic: "storage engines".into(),
        keywords: vec!["storage".into()],
        kind: "release".into(),
        why: "it is about the site's topics".into(),
    };
    Candidate { snapshot: snapshot(), story: story(), score, returned }
}

fn page() -> PageIdentity {
    PageIdentity { slug: "a-page".into(), dated: Timestamp::UNIX_EPOCH }
}

fn piece(revision: u8) -> Piece {
    Piece { brief: brief("brief"), draft: DraftId::of_content(&"draft"), page: page(), revision }
}

/// The bytes that the examples speak of.
pub fn bytes() -> BytesHash {
    BytesHash::of([("content/posts/a-page/index.md", b"text".as_slice())])
}

/// What the gate said, in the examples.
pub fn gated() -> Gated {
    Gated {
        report: ReportId::of_content(&"report"),
        bytes: bytes(),
        base: "0123456789abcdef0123456789abcdef01234567".into(),
        verdict: "review".into(),
    }
}

fn proposal() -> Proposal {
    Proposal {
        branch: "draft/1970-01-01-a-page-01234567".into(),
        head: "89abcdef0123456789abcdef0123456789abcdef".into(),
        number: Some(7),
        url: Some("https://forge.example/pulls/7".into()),
    }
}

fn previous() -> Previous {
    Previous { draft: DraftId::of_content(&"draft"), report: Some(ReportId::of_content(&"report")) }
}

/// A draft that is nearer to passing than the one that the examples speak of.
pub fn better() -> Previous {
    Previous { draft: DraftId::of_content(&"better"), report: Some(ReportId::of_content(&"better")) }
}

/// Every state, with each variation that decides differently.
pub fn states() -> Vec<State> {
    let drafting = State::Drafting { brief: brief("brief"), revision: 0, previous: None, note: None };
    vec![
        State::Fetching,
        State::Deduplicating { snapshot: snapshot() },
        State::Scoring { snapshot: snapshot(), story: story() },
        State::Shortlisted { candidate: candidate(false) },
        State::Absorbed { into: article("digest"), candidate: candidate(false) },
        State::Absorbed { into: article("digest"), candidate: candidate(true) },
        drafting.clone(),
        State::Drafting {
            brief: brief("brief"),
            revision: 2,
            previous: Some(previous()),
            note: Some("shorter, please".into()),
        },
        State::Gating { piece: piece(0) },
        State::Gating { piece: piece(3) },
        State::Reviewing { piece: piece(0), gated: gated() },
        State::Publishing {
            piece: piece(0),
            gated: gated(),
            passed: PassedGates::new(bytes(), PassedBy::Gates),
            branch: "draft/1970-01-01-a-page-01234567".into(),
        },
        State::Proposed { piece: piece(0), gated: gated(), proposal: proposal() },
        State::Merged {
            piece: piece(0),
            proposal: proposal(),
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            url: "https://example.org/posts/a-page/".into(),
        },
        State::Parked { at: Box::new(State::Fetching), cause: "the host does not answer".into() },
        State::Parked { at: Box::new(drafting), cause: "no model answers".into() },
        State::Gone { why: "404 Not Found".into() },
        State::Refused { why: "a bot wall".into() },
        State::Duplicate { of: article("first"), relation: Relation::Copy, snapshot: snapshot() },
        State::Duplicate { of: article("first"), relation: Relation::Update, snapshot: snapshot() },
        State::Skipped { why: SkipCause::BelowThreshold { threshold: 70 }, candidate: Some(candidate(false)) },
        State::Skipped { why: SkipCause::TooOld, candidate: None },
        State::Rejected { why: RejectCause::Gate, brief: brief("brief"), report: Some(gated().report) },
        State::Declined { why: "closed without merging".into(), brief: brief("brief") },
        State::Live { piece: piece(0), url: "https://example.org/posts/a-page/".into() },
    ]
}

/// Every event, with each variation that decides differently. Births come first.
pub fn events() -> Vec<Event> {
    let by = || "sam".to_owned();
    let gated_as = |verdict| Event::Gated { gated: gated(), verdict, better: None };
    let compared = |outcome| Event::Compared { story: story(), outcome };
    vec![
        Event::Found,
        Event::Composed { brief: brief("brief") },
        Event::Known { why: SkipCause::FirstContact },
        Event::Fetched { snapshot: snapshot() },
        Event::PageGone { why: "404 Not Found".into() },
        Event::PageRefused { why: "a bot wall".into() },
        compared(Comparison::New),
        compared(Comparison::Update { of: article("first") }),
        compared(Comparison::Repeats { of: article("first"), relation: Relation::SameStory }),
        Event::Scored { score: candidate(false).score, threshold: 50, forced: false },
        Event::Scored { score: candidate(false).score, threshold: 70, forced: false },
        Event::Drafted { draft: DraftId::of_content(&"draft"), page: page() },
        gated_as(Verdict::Pass),
        gated_as(Verdict::Review),
        gated_as(Verdict::NotRun { cause: "hugo is missing".into() }),
        gated_as(Verdict::Revise),
        Event::Gated { gated: gated(), verdict: Verdict::Revise, better: Some(better()) },
        gated_as(Verdict::Reject),
        Event::Pushed { proposal: proposal() },
        Event::ProposalMerged { commit: "0123456789abcdef0123456789abcdef01234567".into(), url: None },
        Event::ProposalMerged {
            commit: "0123456789abcdef0123456789abcdef01234567".into(),
            url: Some("https://example.org/posts/a-page/".into()),
        },
        Event::ProposalClosed { why: "closed without merging".into() },
        Event::LiveSeen,
        Event::GaveUp { cause: "the host does not answer".into() },
        Event::Chosen { brief: brief("brief") },
        Event::TakenInto { digest: article("digest") },
        Event::Released,
        Event::StoryGrew { brief: brief("grown"), by: article("second") },
        Event::ShelfLifeOver,
        Event::ReviewOver,
        Event::Approved { bytes: bytes(), by: by() },
        Event::Approved { bytes: BytesHash::of([("x", b"other".as_slice())]), by: by() },
        Event::ChangesAsked { by: by(), note: "shorter, please".into() },
        Event::Edited { by: by(), draft: DraftId::of_content(&"edited"), page: page() },
        Event::RejectedBy { by: by(), why: "not for us".into() },
        Event::RetryAsked { by: by() },
        Event::Reopened { by: by() },
    ]
}

/// Every state of a worker.
pub fn worker_states() -> Vec<WorkerState> {
    vec![
        WorkerState::Asleep,
        WorkerState::Waking,
        WorkerState::Readying { woken: true, model: "writer".into() },
        WorkerState::Awake { woken: true, model: None },
        WorkerState::Awake { woken: false, model: Some("writer".into()) },
        WorkerState::Draining { woken: true, parting: false },
        WorkerState::Draining { woken: false, parting: false },
        WorkerState::Draining { woken: true, parting: true },
        WorkerState::Unreachable { why: "no heartbeat within 120 s".into(), woken: false },
        WorkerState::Unreachable { why: "the connection broke".into(), woken: true },
    ]
}

/// Every event of a worker.
pub fn worker_events() -> Vec<WorkerEvent> {
    let why = || "no heartbeat within 120 s".to_owned();
    vec![
        WorkerEvent::Configured,
        WorkerEvent::Wanted,
        WorkerEvent::Answered { woken: true },
        WorkerEvent::Answered { woken: false },
        WorkerEvent::Turn { model: "writer".into() },
        WorkerEvent::Tried { rate: Some(20_300), unfit: None },
        WorkerEvent::Tried { rate: None, unfit: Some("the model is missing".into()) },
        WorkerEvent::Silent { why: why() },
        WorkerEvent::Lost { why: why() },
        WorkerEvent::Idle,
        WorkerEvent::LingerOver,
        WorkerEvent::WentToSleep,
        WorkerEvent::LeftAwake { why: "somebody is at the keyboard".into(), alert: false },
        WorkerEvent::CooledOff,
        WorkerEvent::GaveUp { cause: why() },
    ]
}
