//! Asking along a route: the cheapest tier that can answer, every call in the ledger before it leaves, every answer stored
//! before it is used.

pub(super) mod batch;
mod before;
pub(super) mod buy;
mod free;
pub(super) mod limits;
pub(super) mod loading;
mod standing;
mod turn;

pub(super) use buy::{charged, used};

use states::route::{Choice, Standing, Terms, choose};
use states::words::{ArticleId, EffectKey, Writer};

use super::desk::Desk;
use super::outcome::Outcome;
use crate::config::{ProviderSection, Site};
use crate::models::{Asking, Question, Task};
use crate::store::{FreeTier, StoreError};
use crate::templates::TemplateError;

pub use free::FreeAnswers;

/// Whose question it is.
pub struct Asker<'a> {
    /// The desk.
    pub desk: &'a Desk,
    /// The site, whose routes count.
    pub site: &'a Site,
    /// The article it is for.
    pub article: Option<&'a ArticleId>,
    /// The effect, which holds the lease of a worker; `None` outside of a run.
    pub key: Option<&'a EffectKey>,
    /// How often the effect has failed: a tier that fails again is passed over.
    pub tries: u32,
}

/// An answer that was understood.
pub struct Answered<T> {
    /// What it says.
    pub value: T,
    /// Who said it.
    pub writer: Writer,
    /// The built-in provider stood in for a model that comes before it on the route.
    pub stand_in: bool,
}

/// What one call came to.
enum Called<T> {
    Answered(Answered<T>),
    /// Pass over this tier, for this reason.
    PassOver(Standing),
    /// The effect ends here.
    End(Outcome),
}

impl Asker<'_> {
    /// Asks along the route of `task`. `build` makes the question for a context of so many tokens; `read` understands an
    /// answer. What cannot be understood is asked once more with the error.
    ///
    /// # Errors
    /// The outcome of the effect when nobody answered.
    pub async fn ask<T>(
        &self,
        task: Task,
        avoid: Option<&str>,
        build: impl Fn(&Asking<'_>) -> Result<Question, TemplateError>,
        read: impl Fn(&str, &Writer) -> Result<T, String>,
    ) -> Result<Answered<T>, Outcome> {
        self.ask_until_sure(task, avoid, build, read, |_| None).await
    }

    /// As [`Self::ask`], of answers that say how sure they are (`sure`, 0 to 100): below the confidence of the routes the next
    /// tier is asked, and the surest answer is used where nobody else can give one now.
    ///
    /// # Errors
    /// The outcome of the effect when nobody answered.
    pub async fn ask_until_sure<T>(
        &self,
        task: Task,
        avoid: Option<&str>,
        build: impl Fn(&Asking<'_>) -> Result<Question, TemplateError>,
        read: impl Fn(&str, &Writer) -> Result<T, String>,
        sure: impl Fn(&T) -> Option<u8>,
    ) -> Result<Answered<T>, Outcome> {
        let routes = self.desk.config.routes(self.site);
        let route = routes.of(task);
        let before = self.before(task, routes, &build).await?;
        let terms = Terms { avoid, order: routes.order, begin: before.begin };
        let mut passed: Vec<Option<Standing>> = vec![None; route.len()];
        let mut heard: Vec<Option<Answered<T>>> = route.iter().map(|_| None).collect();
        let deadline = self.deadline(task);
        loop {
            let mut tiers = Vec::new();
            for ((name, passed), known) in route.iter().zip(&passed).zip(&before.tiers) {
                tiers.push(self.tier(task, name, passed.as_ref(), *known).await?);
            }
            match self.spread(route, &tiers, choose(&tiers, &terms)).await? {
                Choice::Ask(_) if deadline.is_over(self.desk.clock.now()) => return Err(deadline.outcome(&tiers)),
                Choice::Ask(i) => {
                    let section = self.desk.config.provider(&route[i]);
                    // Also where complex work began at a model behind it.
                    let stand_in = section.is_none() && (i > 0 || before.begin.is_some());
                    match self.call(task, section, stand_in, &build, &read).await {
                        Called::Answered(answer) => {
                            let unsure = sure(&answer.value).filter(|percent| *percent < routes.confidence_percent());
                            let Some(percent) = unsure else { return Ok(answer) };
                            passed[i] = Some(Standing::Unsure(percent));
                            heard[i] = Some(answer);
                        }
                        Called::PassOver(standing) => passed[i] = Some(standing),
                        Called::End(outcome) => return Err(outcome),
                    }
                }
                Choice::Use(i) => match heard[i].take() {
                    Some(answer) => return Ok(answer),
                    None => passed[i] = Some(Standing::Failed("its answer is lost".into())),
                },
                // Outside of a run nobody is woken: what was heard is enough.
                Choice::Wake(i) if self.key.is_none() && heard.iter().any(Option::is_some) => {
                    passed[i] = Some(Standing::Barred("asleep".into()));
                }
                Choice::Wake(i) => {
                    let section = self.desk.config.provider(&route[i]);
                    let Some((section, worker)) = section.and_then(|p| Some((p, p.worker.as_ref()?))) else {
                        return Err(Outcome::hopeless("only a worker can be woken"));
                    };
                    return Err(self.wait_for(task, section, worker).await);
                }
                Choice::Hold(i, rest) => return Err(self.hold(&route[i], &rest)),
                Choice::Wait(why) => {
                    return Err(Outcome::Deferred {
                        cause: format!("models for {task}: {}", self.site.name),
                        message: format!("nobody on the route can answer now, and it rather waits ({why})"),
                        probe_after: self.opens_in(route),
                    });
                }
                Choice::Nobody(why) => {
                    // Whoever could not answer well twice, and twice more at the second try, will not at the fourth.
                    let why = format!("nobody answers for {task}: {why}");
                    return Err(Outcome::Failed { why, retry: self.tries == 0, retry_after: None });
                }
            }
        }
    }

    async fn call<T>(
        &self,
        task: Task,
        section: Option<&ProviderSection>,
        stand_in: bool,
        build: &impl Fn(&Asking<'_>) -> Result<Question, TemplateError>,
        read: &impl Fn(&str, &Writer) -> Result<T, String>,
    ) -> Called<T> {
        let desk = self.desk;
        let mut asking = Asking::new(&desk.templates, &desk.secret);
        if let Some(section) = section {
            asking.context_tokens = section.context_tokens;
        }
        let mut question = match build(&asking) {
            Ok(question) => question,
            Err(error) => return Called::End(Outcome::deferred("templates", error.to_string())),
        };
        let Some(section) = section else { return self.builtin(&question, stand_in, read).await };
        let Some(Ok(provider)) = desk.providers.get(&section.name) else {
            return Called::PassOver(Standing::Barred("not configured".into()));
        };
        for attempt in 0..2 {
            match self.bought(task, section, provider, &question).await {
                Ok(text) => {
                    let writer = provider.writer_named(&section.model);
                    let understood = read(&text, &writer);
                    if understood.is_err()
                        && let Err(error) = self.unusable(section, &question).await
                    {
                        return Called::End(error.into());
                    }
                    match understood {
                        Ok(value) => return Called::Answered(Answered { value, writer, stand_in }),
                        // Asked once more, with the error.
                        Err(error) if attempt == 0 => question = question.again(&text, &error),
                        Err(error) => {
                            return Called::PassOver(Standing::Failed(format!("its answer cannot be used: {error}")));
                        }
                    }
                }
                Err(ended) => return ended.into_called(),
            }
        }
        Called::PassOver(Standing::Failed("its answer cannot be used".into()))
    }

    async fn builtin<T>(
        &self,
        question: &Question,
        stand_in: bool,
        read: &impl Fn(&str, &Writer) -> Result<T, String>,
    ) -> Called<T> {
        match self.desk.builtin.ask(question).await {
            Ok(answer) => {
                let writer = self.desk.builtin.writer(&answer);
                self.note_free(FreeTier::BuiltIn, question.task, &writer.provider, &writer.model, None);
                match read(&answer.text, &writer) {
                    Ok(value) => Called::Answered(Answered { value, writer, stand_in }),
                    Err(error) => Called::End(Outcome::hopeless(format!("the built-in writer: {error}"))),
                }
            }
            Err(error) => Called::End(Outcome::hopeless(format!("the built-in writer: {error}"))),
        }
    }

    /// Notes that an answer cannot be used: it is not given again when the question is asked anew.
    async fn unusable(&self, section: &ProviderSection, question: &Question) -> Result<(), StoreError> {
        let mut tx = self.desk.store.begin().await?;
        tx.mark_unusable(&question.key(), &section.name, &section.model).await?;
        tx.commit().await
    }
}
