//! What people do to sources.

use states::words::SourceName;

use super::EngineError;
use super::tick::Engine;
use crate::store::{SourceAct, Tx};

impl Engine {
    /// Does what a person wants of a source, or says why not.
    pub(super) async fn act_on_source(
        &self,
        tx: &mut Tx,
        source: &SourceName,
        act: SourceAct,
    ) -> Result<Option<String>, EngineError> {
        let configured = self.desk.config.source(source).is_some();
        if !configured && act != SourceAct::Forget {
            return Ok(Some(format!(
                "there is no source `{source}` in the configuration; `pipeline sources` lists them"
            )));
        }
        let now = self.desk.clock.now();
        Ok(match act {
            SourceAct::Mute => (!tx.mute(source, true, now).await?).then(|| format!("{source} is muted already")),
            SourceAct::Unmute => (!tx.mute(source, false, now).await?).then(|| format!("{source} is not muted")),
            SourceAct::Retry if self.desk.store.mutes().await?.contains_key(source) => {
                Some(format!("{source} is muted; `pipeline sources unmute {source}` first"))
            }
            SourceAct::Retry => {
                tx.hasten_poll(source).await?;
                None
            }
            SourceAct::Forget if configured => {
                // The configuration is the truth; until it is taken out there, it is at least not asked.
                tx.mute(source, true, now).await?;
                None
            }
            SourceAct::Forget => {
                (!tx.forget_poll(source).await?).then(|| format!("there is no source `{source}`, and there was none"))
            }
        })
    }
}
