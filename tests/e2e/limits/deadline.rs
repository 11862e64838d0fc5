//! The deadline of a route: after it no further tier is asked.

use std::time::Duration;

use pipeline::engine::outcome::Outcome;

use crate::harness::model::Fault;

use super::{Moments, fresh};

/// Two models, the first of which takes its time and says nothing useful.
fn desk(deadline: &str) -> Moments {
    let mut desk = Moments::new("");
    let second =
        format!("[[provider]]\nname = \"second\"\nbase_url = \"{}\"\nmodel = \"fake-judge\"\n", desk.model.base_url());
    desk.toml = desk.toml.replace("triage = [\"hosted\"]", &format!("triage = [\"hosted\", \"second\"]\n{deadline}"));
    desk.toml.push_str(&second);
    desk.model.next(2, Fault::Garbage);
    desk.model.delay(Duration::from_millis(700));
    desk
}

#[tokio::test]
async fn after_the_deadline_no_further_tier_is_asked() {
    let patient = desk("");
    assert!(patient.ask(0, &fresh(0, 1)).await[0].is_ok());
    let models = |desk: &Moments| -> Vec<String> {
        desk.model.ledger().of("asked").iter().map(|e| e.detail["model"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(models(&patient), ["fake-writer", "fake-writer", "fake-judge"]);

    let hasty = desk("deadline_seconds = 1");
    let outcome = hasty.ask(0, &fresh(0, 1)).await.remove(0);
    let Err(Outcome::Failed { why, retry: true, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("no answer for triage within 1 s") && why.contains("hosted: its answer"), "{why}");
    assert_eq!(models(&hasty), ["fake-writer", "fake-writer"]);
}
