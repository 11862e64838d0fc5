//! What is found out before anybody is asked: which answers are at hand, what the question can cost at each tier, and whether
//! the work is complex.

use states::route::{Order, Standing};
use states::words::NanoUsd;

use super::super::outcome::Outcome;
use super::Asker;
use crate::config::{Classifier, ProviderSection, Routes};
use crate::models::{Asking, ClassifyInput, Provider, Question, Task, parse_complexity};
use crate::store::StoreError;
use crate::templates::TemplateError;

/// What is known of a question before anybody is asked.
pub(super) struct Before<'a> {
    /// Of each tier of the route.
    pub(super) tiers: Vec<Known>,
    /// The tier that the work begins at, where it is complex.
    pub(super) begin: Option<&'a str>,
}

/// What is known of a question and one tier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// It has answered the question before.
    pub(super) kept: bool,
    /// The most that the question can cost there; `None` where nothing is billed.
    pub(super) price: Option<NanoUsd>,
}

impl Asker<'_> {
    /// Looks at a question before anybody is asked.
    pub(super) async fn before<'a>(
        &self,
        task: Task,
        routes: &'a Routes,
        build: &impl Fn(&Asking<'_>) -> Result<Question, TemplateError>,
    ) -> Result<Before<'a>, Outcome> {
        let route = routes.of(task);
        let sections: Vec<Option<&ProviderSection>> = route.iter().map(|n| self.desk.config.provider(n)).collect();
        let mut tiers = vec![Known::default(); route.len()];
        if sections.iter().all(Option::is_none) {
            return Ok(Before { tiers, begin: None });
        }
        let asking = Asking::new(&self.desk.templates, &self.desk.secret);
        let built = |asking: &Asking<'_>| build(asking).map_err(|e| Outcome::deferred("templates", e.to_string()));
        let question = built(&asking)?;
        let kept = self.desk.store.answerers(&question.key()).await?;
        let cheapest = routes.order == Order::Cheapest;
        for (tier, section) in tiers.iter_mut().zip(sections) {
            let Some(section) = section else { continue };
            tier.kept = kept.iter().any(|(by, model)| *by == section.name && *model == section.model);
            if let Some(provider) = self.provider(section).filter(|_| self.desk.config.bills(section)) {
                // What does not fit into a context is cut: a small one makes the question cheaper.
                let price = |q: Question| provider.most(&q);
                let asking = Asking { context_tokens: section.context_tokens, ..asking.clone() };
                tier.price = Some(if cheapest { price(built(&asking)?) } else { NanoUsd::ZERO });
            }
        }
        let classifier = routes.classifier.as_ref().filter(|c| c.tasks.contains(&task));
        let begin = match classifier {
            // Who has answered already is not passed over for somebody larger.
            Some(classifier) if !tiers.iter().any(|t| t.kept) => {
                self.is_complex(classifier, &question).await?.then_some(classifier.complex_to.as_str())
            }
            _ => None,
        };
        Ok(Before { tiers, begin })
    }

    /// True where somebody on the route of a task has answered this question before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_answered(&self, task: Task, question: &Question) -> Result<bool, StoreError> {
        let route = self.desk.config.routes(self.site).of(task);
        let kept = self.desk.store.answerers(&question.key()).await?;
        Ok(route
            .iter()
            .filter_map(|name| self.desk.config.provider(name))
            .any(|p| kept.iter().any(|(by, model)| *by == p.name && *model == p.model)))
    }

    pub(super) fn provider(&self, section: &ProviderSection) -> Option<&Provider> {
        self.desk.providers.get(&section.name)?.as_ref().ok()
    }

    /// What the classifier says of some work. One that cannot be asked now, or does not answer well, is no obstacle: the work is
    /// taken for simple. Nobody is woken for it.
    async fn is_complex(&self, classifier: &Classifier, work: &Question) -> Result<bool, Outcome> {
        let Some(input) = ClassifyInput::of(&work.input) else { return Ok(false) };
        let mut asking = Asking::new(&self.desk.templates, &self.desk.secret);
        let section = self.desk.config.provider(&classifier.by);
        if let Some(section) = section {
            asking.context_tokens = section.context_tokens;
        }
        let question = Question::classify(input, &asking).map_err(|e| Outcome::deferred("templates", e.to_string()))?;
        let said = match section {
            None => self.desk.builtin.ask(&question).await.map(|a| a.text).map_err(|e| e.to_string()),
            Some(section) => self.classified(section, &question).await?,
        };
        match said.and_then(|text| parse_complexity(&text).map_err(|e| e.to_string())) {
            Ok(said) => {
                tracing::debug!(complex = said.complex, why = %said.why, "classified");
                Ok(said.complex)
            }
            Err(why) => {
                tracing::info!(by = %classifier.by, %why, "not classified: taken for simple");
                Ok(false)
            }
        }
    }

    async fn classified(
        &self,
        section: &ProviderSection,
        question: &Question,
    ) -> Result<Result<String, String>, Outcome> {
        let kept = self.desk.store.accepted(&question.key(), &section.name, &section.model).await?;
        if let Some(text) = kept {
            return Ok(Ok(text));
        }
        let standing = self.tier(Task::Classify, &section.name, None, Known::default()).await?.standing;
        let (Standing::Ready, Some(provider)) = (&standing, self.provider(section)) else {
            return Ok(Err(format!("{standing:?}")));
        };
        match self.bought(Task::Classify, section, provider, question).await {
            Ok(text) => {
                if parse_complexity(&text).is_err() {
                    self.unusable(section, question).await?;
                }
                Ok(Ok(text))
            }
            Err(ended) => Ok(Err(ended.why())),
        }
    }
}
