//! What holds of the machines, whatever happens.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use states::article::{Illegal, begin, step};
use states::effect::{Planned, awaits};
use states::event::Event;
use states::machine::{Happening, Machine, fold};
use states::state::{Class, Moment, State, Timers};
use states::words::{ArticleId, MachineId, Verdict};
use states::{examples, explore, stored, worker};

fn moment() -> Moment {
    Moment { at: Timestamp::UNIX_EPOCH, timers: Timers::default() }
}

fn id() -> ArticleId {
    examples::article("tested")
}

/// The open outbox rows of one machine, as the engine keeps them.
#[derive(Default)]
struct Outbox(Vec<Planned>);

impl Outbox {
    fn apply(&mut self, left: bool, effects: Vec<Planned>) {
        if left {
            self.0.retain(|p| !p.effect.is_awaited() && !p.effect.is_timer());
        }
        self.0.extend(effects);
    }

    fn awaited(&self) -> usize {
        self.0.iter().filter(|p| p.effect.is_awaited()).count()
    }

    fn timers(&self) -> usize {
        self.0.iter().filter(|p| p.effect.is_timer()).count()
    }
}

fn holds(state: &State, outbox: &Outbox) -> Result<(), String> {
    let seen = (outbox.awaited(), outbox.timers());
    let good = match state.class() {
        Class::Working => seen == (1, 0),
        Class::Waiting => seen.0 == 0 && seen.1 <= 1,
        Class::Settled => seen == (0, 0),
    };
    if good { Ok(()) } else { Err(format!("{} has {} awaited effects and {} timers", state.name(), seen.0, seen.1)) }
}

#[test]
fn every_state_takes_or_refuses_every_event_and_refusing_changes_nothing() {
    for state in examples::states() {
        for event in examples::events() {
            match step(&id(), &state, &event, &moment()) {
                Ok(next) if next.left => {
                    let mut outbox = Outbox::default();
                    outbox.apply(true, next.effects);
                    assert_eq!(holds(&next.state, &outbox), Ok(()));
                }
                Ok(next) => assert_eq!(next.state, state, "{} changed without being left", state.name()),
                Err(Illegal::Refused(why)) => {
                    assert!(event.is_by_person(), "{} is no person's", event.name());
                    assert!(!why.is_empty());
                }
                Err(Illegal::Unexpected { .. }) => assert!(!event.is_by_person(), "a person is always answered"),
            }
        }
    }
}

#[test]
fn a_settled_state_is_left_only_by_a_person() {
    for edge in explore::article_edges() {
        let from = examples::states().into_iter().find(|s| s.name() == edge.from);
        if from.is_some_and(|s| s.class() == Class::Settled) {
            let event = examples::events().into_iter().find(|e| e.name() == edge.event).unwrap();
            assert!(event.is_by_person(), "{edge:?}");
        }
    }
}

#[test]
fn the_examples_name_every_state_and_every_event() {
    let states: BTreeSet<&str> = examples::states().iter().map(State::name).collect();
    let events: BTreeSet<&str> = examples::events().iter().map(Event::name).collect();
    assert_eq!((states.len(), events.len()), (19, 27));
}

#[test]
fn only_pass_and_a_persons_approval_of_the_same_bytes_lead_to_publishing() {
    for state in examples::states() {
        for event in examples::events() {
            let Ok(next) = step(&id(), &state, &event, &moment()) else { continue };
            if let State::Publishing { passed, .. } = &next.state
                && next.left
                && !matches!(state, State::Parked { .. })
            {
                assert_eq!(passed.bytes(), &examples::bytes());
                assert!(matches!(&event, Event::Gated { .. } | Event::Approved { .. }), "{event:?}");
            }
        }
    }
}

#[test]
fn the_edges_are_pinned() {
    let list = |edges: BTreeSet<explore::Edge>| {
        edges.iter().map(|e| format!("{} --{}--> {}\n", e.from, e.event, e.to)).collect::<String>()
    };
    insta::assert_snapshot!("article_edges", list(explore::article_edges()));
    insta::assert_snapshot!("worker_edges", list(explore::worker_edges()));
}

#[test]
fn the_stored_forms_are_pinned_and_read_back() {
    let mut out = String::new();
    let article = MachineId::Article(id());
    for state in examples::states() {
        let machine = Machine::Article(state);
        let text = stored::write_state(&machine);
        assert_eq!(stored::read_state(&article, stored::VERSION, &text).unwrap(), machine);
        out.push_str(&format!("state v{} {} {text}\n", stored::VERSION, machine.name()));
        if let Some(planned) = machine.awaits(&Timers::default()) {
            let text = stored::write_effect(&planned.effect);
            assert_eq!(stored::read_effect(stored::VERSION, &text).unwrap(), planned.effect);
            out.push_str(&format!("effect v{} {} {text}\n", stored::VERSION, planned.effect.name()));
        }
    }
    for event in examples::events() {
        let event = Happening::Article(event);
        let text = stored::write_event(&event);
        assert_eq!(stored::read_event(&article, stored::VERSION, &text).unwrap(), event);
        out.push_str(&format!("event v{} {} {text}\n", stored::VERSION, event.name()));
    }
    let box_id = MachineId::Worker("box".parse().unwrap());
    for state in examples::worker_states() {
        let machine = Machine::Worker(state);
        let text = stored::write_state(&machine);
        assert_eq!(stored::read_state(&box_id, stored::VERSION, &text).unwrap(), machine);
        out.push_str(&format!("worker state v{} {} {text}\n", stored::VERSION, machine.name()));
    }
    for event in examples::worker_events() {
        let event = Happening::Worker(event);
        out.push_str(&format!("worker event v{} {} {}\n", stored::VERSION, event.name(), stored::write_event(&event)));
    }
    insta::assert_snapshot!("stored_forms", out);
}

#[test]
fn what_the_first_version_wrote_of_a_worker_is_still_read() {
    let box_id = MachineId::Worker("box".parse().unwrap());
    let awake = worker::WorkerState::Awake { woken: true, model: None };
    let read = stored::read_state(&box_id, 1, r#"{"Awake":{"woken":true}}"#).unwrap();
    assert_eq!(read, Machine::Worker(awake.clone()));
    assert_eq!(stored::write_state(&Machine::Worker(awake)), r#"{"Awake":{"woken":true}}"#);
}

#[test]
fn what_earlier_versions_wrote_of_the_gate_names_no_better_draft() {
    let gated = Event::Gated { gated: examples::gated(), verdict: Verdict::Revise, better: None };
    let text = stored::write_event(&Happening::Article(gated.clone()));
    assert!(!text.contains("better"), "{text}");
    let article = MachineId::Article(id());
    assert_eq!(stored::read_event(&article, 1, &text).unwrap(), Happening::Article(gated));
}

#[test]
fn the_best_draft_so_far_is_revised_and_its_report_stands_when_the_tries_are_used_up() {
    let better = examples::better();
    let gated = |better| Event::Gated { gated: examples::gated(), verdict: Verdict::Revise, better };
    for state in examples::states() {
        let State::Gating { piece } = &state else { continue };
        for better in [None, Some(better.clone())] {
            let next = step(&id(), &state, &gated(better.clone()), &moment()).unwrap().state;
            match (piece.revision, next) {
                (0, State::Drafting { revision: 1, previous: Some(previous), .. }) => {
                    assert_eq!(previous.draft, better.map_or(piece.draft.clone(), |b| b.draft));
                }
                (3, State::Rejected { report, .. }) => {
                    assert_eq!(report, better.map_or(Some(examples::gated().report), |b| b.report));
                }
                (_, other) => panic!("{other:?}"),
            }
        }
    }
    // A rejection is of the draft that the judge has read.
    let state = examples::states().into_iter().find(|s| s.name() == "Gating").unwrap();
    let reject = Event::Gated { gated: examples::gated(), verdict: Verdict::Reject, better: Some(better) };
    let State::Rejected { report, .. } = step(&id(), &state, &reject, &moment()).unwrap().state else { panic!() };
    assert_eq!(report, Some(examples::gated().report));
}

#[test]
fn a_model_is_tried_at_each_turn_and_told_of_once_when_it_cannot_be_used() {
    use worker::{WorkerEvent as E, WorkerState as S};
    let awake = S::Awake { woken: true, model: None };
    let readying = worker::step(&awake, &E::Turn { model: "writer".into() }, &moment()).unwrap();
    assert_eq!(readying.effects.len(), 1);
    assert_eq!(readying.effects[0].effect.name(), "TryModel");
    for (unfit, notices) in [(None, 0), (Some("it is slow".to_owned()), 1)] {
        let tried = worker::step(&readying.state, &E::Tried { rate: None, unfit }, &moment()).unwrap();
        assert_eq!(tried.state, S::Awake { woken: true, model: Some("writer".into()) });
        assert_eq!(tried.effects.len(), notices);
    }
    let lost = worker::step(&readying.state, &E::Lost { why: "no connection".into() }, &moment()).unwrap();
    assert!(matches!(lost.state, S::Unreachable { woken: true, .. }), "{:?}", lost.state);
}

#[test]
fn what_a_newer_program_wrote_is_refused() {
    let error = stored::read_effect(stored::VERSION + 1, "\"Fetch\"").unwrap_err();
    assert!(error.to_string().contains("newer program"), "{error}");
}

#[test]
fn every_worker_state_takes_or_refuses_every_event() {
    for state in examples::worker_states() {
        for event in examples::worker_events() {
            if let Ok(next) = worker::step(&state, &event, &moment())
                && next.left
            {
                let expected = usize::from(worker::awaits(&next.state, &Timers::default()).is_some());
                let open = next.effects.iter().filter(|p| p.effect.is_awaited() || p.effect.is_timer()).count();
                assert_eq!(open, expected);
            }
        }
    }
}

#[test]
fn a_worker_is_put_to_sleep_only_if_we_woke_it() {
    let mut state = worker::WorkerState::Asleep;
    let mut asked_to_sleep = false;
    for event in [
        worker::WorkerEvent::Wanted,
        worker::WorkerEvent::Answered { woken: false },
        worker::WorkerEvent::Idle,
        worker::WorkerEvent::LingerOver,
    ] {
        let next = worker::step(&state, &event, &moment()).unwrap();
        asked_to_sleep |= next.effects.iter().any(|p| p.effect.name() == "PutToSleep");
        state = next.state;
    }
    assert_eq!(state, worker::WorkerState::Asleep);
    assert!(!asked_to_sleep);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Random histories: no panic, the outbox matches the class, settled is left only by a person, the journal folds to the
    /// state.
    #[test]
    fn random_histories_keep_every_promise(picks in proptest::collection::vec(0usize..10_000, 1..120), digest in any::<bool>()) {
        let events = examples::events();
        let birth = if digest { events[1].clone() } else { events[0].clone() };
        let first = begin(&birth, &moment()).unwrap();
        let mut outbox = Outbox::default();
        outbox.apply(false, first.effects);
        let mut state = first.state;
        let mut journal = vec![Happening::Article(birth)];
        for pick in picks {
            // Half of the picks are taken from what fits, so that histories get far.
            let fitting: Vec<&Event> = events.iter().filter(|e| step(&id(), &state, e, &moment()).is_ok_and(|s| s.left)).collect();
            let event = if pick % 2 == 0 && !fitting.is_empty() { fitting[pick / 2 % fitting.len()] } else { &events[pick / 2 % events.len()] };
            match step(&id(), &state, event, &moment()) {
                Ok(next) => {
                    if state.class() == Class::Settled && next.left {
                        prop_assert!(event.is_by_person());
                    }
                    outbox.apply(next.left, next.effects);
                    state = next.state;
                    journal.push(Happening::Article(event.clone()));
                }
                Err(Illegal::Refused(_)) => prop_assert!(event.is_by_person()),
                Err(Illegal::Unexpected { .. }) => {}
            }
            prop_assert_eq!(holds(&state, &outbox), Ok(()));
            let expected = awaits(&state, &Timers::default()).map(|p| p.effect);
            let open = outbox.0.iter().map(|p| &p.effect).find(|e| e.is_awaited() || e.is_timer()).cloned();
            prop_assert_eq!(open, expected);
        }
        let folded = fold(&MachineId::Article(id()), &journal).unwrap();
        prop_assert_eq!(folded, Some(Machine::Article(state)));
    }
}
