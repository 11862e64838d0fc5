//! Answers that took no call: noted while an effect is performed, booked in the transaction that receives what it brought.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use states::words::EffectKey;

use super::Asker;
use crate::models::Task;
use crate::store::{FreeAnswer, FreeTier};

/// What was noted, by the effect that it was for. It is lost with the process, as what was not received is.
#[derive(Debug, Default)]
pub struct FreeAnswers(Mutex<BTreeMap<EffectKey, Vec<FreeAnswer>>>);

impl FreeAnswers {
    fn note(&self, key: &EffectKey, answer: FreeAnswer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default().push(answer);
    }

    /// What was noted for an effect since it was last received.
    pub fn of(&self, key: &EffectKey) -> Vec<FreeAnswer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned().unwrap_or_default()
    }

    /// Forgets what was noted for an effect: it was received, or begins anew.
    pub fn forget(&self, key: &EffectKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Asker<'_> {
    /// Notes an answer that took no call. Outside of a run nobody receives it, and nothing is noted.
    pub(in crate::engine) fn note_free(
        &self,
        tier: FreeTier,
        task: Task,
        provider: &str,
        model: &str,
        of: Option<&str>,
    ) {
        let Some(key) = self.key else { return };
        let answer = FreeAnswer {
            tier,
            task: task.as_str().to_owned(),
            provider: provider.to_owned(),
            model: model.to_owned(),
            article: self.article.cloned(),
            of: of.map(str::to_owned),
        };
        self.desk.free.note(key, answer);
    }
}
