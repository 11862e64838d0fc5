//! Being asked to stop: by a signal, or by a test.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells whether, and when, it is asked to stop.
#[derive(Debug, Clone)]
pub struct Stop {
    asked: watch::Receiver<bool>,
    sender: Arc<watch::Sender<bool>>,
}

impl Default for Stop {
    fn default() -> Self {
        let (sender, asked) = watch::channel(false);
        Self { asked, sender: Arc::new(sender) }
    }
}

impl Stop {
    /// One that is asked by SIGTERM and SIGINT.
    ///
    /// # Errors
    /// When the signals cannot be listened for.
    pub fn on_signals() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let stop = Self::default();
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let ask = stop.clone();
        tokio::spawn(async move {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
            ask.ask();
        });
        Ok(stop)
    }

    /// Asks.
    pub fn ask(&self) {
        // This value holds a receiver itself, so that somebody always listens.
        let _ = self.sender.send(true);
    }

    /// True once asked.
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Waits until asked.
    pub async fn asked(&self) {
        let mut asked = self.asked.clone();
        // The sender lives as long as this value.
        let _ = asked.wait_for(|asked| *asked).await;
    }
}
