//! What a worker that is up needs every minute, and its meter.

use jiff::SignedDuration;
use states::words::WorkerName;
use states::worker::WorkerState;

use super::EngineError;
use super::desk::Desk;
use super::progress::Progress;
use super::tick::Engine;
use crate::power::{WorkerOptions, read_meter};

/// How often.
const EVERY: SignedDuration = SignedDuration::from_secs(60);

impl Engine {
    /// Once a minute while a worker is up, its meter is read: power can only be integrated while it is drawn. Nothing waits
    /// for it.
    pub(super) fn keep_up(&mut self, options: &WorkerOptions, name: &WorkerName, state: &WorkerState) {
        let now = self.desk.clock.now();
        if !state.is_up() {
            self.kept_up.remove(name);
            return;
        }
        let last = *self.kept_up.entry(name.clone()).or_insert(now);
        if now.duration_since(last) < EVERY {
            return;
        }
        self.kept_up.insert(name.clone(), now);
        if options.meter.is_some() {
            let (desk, name) = (self.desk.clone(), name.clone());
            tokio::spawn(async move { desk.read_meter(&name).await });
        }
    }

    /// Books what each worker has drawn up to now to the run that this time belonged to, so that an awake window over two
    /// runs is split between them.
    pub(super) async fn book_workers(&self) -> Result<(), EngineError> {
        let desk = &self.desk;
        for options in &desk.config.workers {
            let Ok(name) = options.name.parse::<WorkerName>() else { continue };
            if !desk.worker_state(&name).await?.is_up() {
                continue;
            }
            desk.read_meter(&name).await;
            let run = desk.run().await;
            let mut tx = desk.store.begin().await?;
            tx.book_worker(
                name.as_str(),
                &desk.config.providers_on(&name),
                options.watts_awake,
                run.as_ref(),
                desk.clock.now(),
            )
            .await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

impl Desk {
    /// Reads a worker's meter, where it has one, and takes down what it says. One that cannot be read is told of; the wattage
    /// counts instead.
    pub(super) async fn read_meter(&self, worker: &WorkerName) {
        // A replay asks nobody.
        if self.tape().replays() {
            return;
        }
        let Some(options) = self.config.worker(worker) else { return };
        let reading = match read_meter(options).await {
            Ok(None) => return,
            Ok(reading) => reading,
            Err(why) => {
                let what = format!("its meter cannot be read ({why}); its {} W count instead", options.watts_awake);
                tracing::warn!(%worker, "{what}");
                self.teller.tell(Progress::Worker { worker: worker.to_string(), what });
                None
            }
        };
        let noted = async {
            let mut tx = self.store.begin().await?;
            tx.note_reading(worker.as_str(), reading, options.watts_awake, self.clock.now()).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%worker, %error, "what the meter said could not be kept");
        }
    }
}
