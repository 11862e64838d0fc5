//! What comes from outside, past the tape: kept where a run is recorded, given back where one is replayed.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sources::{DoorError, Response, Wire};

use super::EngineError;
use super::desk::Desk;
use super::outcome::Outcome;
use super::perform::perform;
use super::receive::Received;
use crate::config::Site;
use crate::publish::{PublishError, PushOutcome, SiteRepo};
use crate::record::{NotRecorded, Tape, Turn, clean_url};
use crate::store::OutboxRow;

/// Under which cause a replay holds what its recording cannot answer.
pub const NOT_RECORDED: &str = "recording";

/// The door's side of the tape.
#[derive(Debug)]
pub(super) struct DoorTape(pub(super) Tape);

/// What a request to the web is kept under.
const GET: &str = "get";

impl Wire for DoorTape {
    fn replays(&self) -> bool {
        self.0.replays()
    }

    fn keep(&self, url: &str, answer: &Result<Response, DoorError>) {
        if self.0.recorder().is_none() {
            return;
        }
        let kept = answer.as_ref().map(|response| Response {
            final_url: clean_url(&response.final_url),
            hops: response.hops.iter().map(|hop| clean_url(hop)).collect(),
            moved: response.moved.as_deref().map(clean_url),
            body: Vec::new(),
            ..response.clone()
        });
        let body = answer.as_ref().ok().map(|response| response.body.as_slice());
        self.0.keep(GET, &clean_url(url), serde_json::to_value(&kept).unwrap_or_default(), body);
    }

    fn recall(&self, url: &str) -> Option<Result<Response, DoorError>> {
        let (answer, body) = self.0.recall(GET, &clean_url(url))?;
        let answer: Result<Response, DoorError> = serde_json::from_value(answer).ok()?;
        // What was taken out of the address that is asked for is known here.
        let asked = url::Url::parse(url.trim()).map_or_else(|_| url.to_owned(), |url| url.to_string());
        let cleaned = clean_url(&asked);
        let restored = |kept: String| if kept == cleaned { asked.clone() } else { kept };
        Some(answer.map(|response| Response {
            final_url: restored(response.final_url),
            hops: response.hops.into_iter().map(restored).collect(),
            body: body.unwrap_or_default(),
            ..response
        }))
    }
}

impl Desk {
    /// The tape that the run is recorded on, or replayed from.
    pub(super) fn tape(&self) -> &Tape {
        self.clock.tape()
    }

    /// Hears of a remote or a forge.
    ///
    /// # Errors
    /// Those of `live`; where a replay has nothing to give, one that names it.
    pub(super) async fn heard<T: Serialize + DeserializeOwned>(
        &self,
        kind: &str,
        key: &str,
        live: impl Future<Output = Result<T, PublishError>>,
    ) -> Result<T, PublishError> {
        let missing = |why: NotRecorded| PublishError::Refused(why.to_string());
        self.tape().hear(kind, key, live).await.unwrap_or_else(|why| Err(missing(why)))
    }

    /// The head of a site's default branch. A recording keeps what it holds.
    ///
    /// # Errors
    /// [`PublishError`].
    pub(super) async fn base(&self, site: &Site, repo: &SiteRepo) -> Result<String, PublishError> {
        let base = self.heard("base", site.name.as_str(), repo.base()).await?;
        if let Some(recorder) = self.tape().recorder() {
            let to = recorder.folder().join("sites").join(format!("{}.git", site.name));
            if let Err(error) = repo.copy_to(&to, &base).await {
                recorder.end(&format!("the site {} cannot be kept: {error}", site.name));
            }
        }
        Ok(base)
    }

    /// Pushes a branch. A replay pushes to its copy what was pushed then, and nothing else.
    ///
    /// # Errors
    /// [`PublishError`].
    pub(super) async fn push(
        &self,
        site: &Site,
        repo: &SiteRepo,
        branch: &str,
        oid: &str,
    ) -> Result<PushOutcome, PublishError> {
        let pushed = self.heard("push", &format!("{} {branch} {oid}", site.name), repo.push(branch, oid, None)).await?;
        if self.tape().replays()
            && let PushOutcome::Pushed { branch } | PushOutcome::AlreadyThere { branch } = &pushed
        {
            repo.push(branch, oid, None).await?;
        }
        Ok(pushed)
    }

    /// Performs an effect as a turn of its own. A panic is a failure; what a replay cannot give is deferred by its name.
    pub(super) async fn perform(self: &Arc<Self>, row: &OutboxRow, turn: &Arc<Turn>) -> Outcome {
        use futures::FutureExt as _;
        let work = std::panic::AssertUnwindSafe(perform(self.clone(), row.clone())).catch_unwind();
        let outcome = turn.within(work).await.unwrap_or_else(|panic| {
            let said = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
                .unwrap_or_default();
            Outcome::failed(format!("{} panicked: {said}", row.effect.name()))
        });
        match turn.missed() {
            Some(what) => {
                Outcome::deferred(NOT_RECORDED, format!("the recording that is replayed does not have {what}"))
            }
            None => outcome,
        }
    }

    /// Takes in the outcome of an effect as the end of its turn: see [`Desk::take_in`].
    ///
    /// # Errors
    /// [`EngineError`].
    pub(super) async fn take_in_turn(
        &self,
        turn: &Arc<Turn>,
        row: &OutboxRow,
        outcome: Outcome,
    ) -> Result<Received, EngineError> {
        self.tape().receiving(turn);
        Ok(turn.within(self.take_in(row, outcome)).await?.of(turn))
    }
}
