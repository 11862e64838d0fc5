//! `[routes]`: who is asked, per task, in which order, and what may make another one be asked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use states::route::Order;

use crate::models::Task;

/// Who is asked, per task, in order: names of providers, `builtin`, or `wait` at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Routes {
    /// Is a lead worth writing about.
    pub triage: Vec<String>,
    /// What does it mean: embedding models, which tell the same story in other words apart from another one. Empty: words
    /// alone decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embed: Vec<String>,
    /// Write it.
    pub draft: Vec<String>,
    /// Write it again, with what was found in the draft before. Empty: the route `draft`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revise: Vec<String>,
    /// Judge it.
    pub judge: Vec<String>,
    /// How sure an answer has to be that says how sure it is, from 0 to 1: below that the next one is asked.
    pub confidence: f64,
    /// How long the tiers of a route may take together, in seconds: after that none is asked any more.
    pub deadline_seconds: u64,
    /// In which order those that bill are asked: `listed`, or `cheapest` (for the question at hand) first.
    pub order: Order,
    /// Answers to what says the same in other words.
    pub semantic: Semantic,
    /// Who tells complex work from simple work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classifier: Option<Classifier>,
}

/// `[routes.semantic]`: the answer to one lead is used for another one that means the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Semantic {
    /// For which tasks: `triage`, or none.
    pub tasks: BTreeSet<Task>,
    /// From which cosine of their vectors on two leads mean the same.
    pub cosine: f64,
}

/// `[routes.classifier]`: work that it calls complex begins at another tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classifier {
    /// Who is asked: a provider, or `builtin`.
    pub by: String,
    /// For which tasks.
    pub tasks: BTreeSet<Task>,
    /// The tier that complex work begins at: a name on the routes of these tasks.
    pub complex_to: String,
}

impl Default for Routes {
    fn default() -> Self {
        let builtin = || vec!["builtin".to_owned()];
        Self {
            triage: builtin(),
            embed: Vec::new(),
            draft: builtin(),
            revise: Vec::new(),
            judge: builtin(),
            confidence: 0.70,
            deadline_seconds: 1_800,
            order: Order::Listed,
            semantic: Semantic::default(),
            classifier: None,
        }
    }
}

impl Default for Semantic {
    fn default() -> Self {
        Self { tasks: BTreeSet::from([Task::Triage]), cosine: 0.92 }
    }
}

impl Routes {
    /// The route of a task. The small question of a classifier has none: it goes to the one that is named.
    pub fn of(&self, task: Task) -> &[String] {
        match task {
            Task::Triage => &self.triage,
            Task::Embed => &self.embed,
            Task::Revise if !self.revise.is_empty() => &self.revise,
            Task::Draft | Task::Revise => &self.draft,
            Task::Judge => &self.judge,
            Task::Classify => &[],
        }
    }

    /// Every name on any route, that of the classifier among them.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        let routes = [&self.triage, &self.embed, &self.draft, &self.revise, &self.judge];
        routes.into_iter().flatten().chain(self.classifier.as_ref().map(|c| &c.by))
    }

    /// How sure an answer has to be, in percent.
    pub fn confidence_percent(&self) -> u8 {
        (self.confidence * 100.0).round() as u8
    }

    /// True when no task of a lead before it is chosen may wake a worker or cost anything.
    pub fn scores_for_free(&self) -> bool {
        self.embed.is_empty() && self.triage.iter().all(|name| matches!(name.as_str(), "builtin" | "wait"))
    }

    /// Takes names off the routes of what is written and judged; the built-in provider answers where nobody is left. True when
    /// any was there.
    pub fn leave_out(&mut self, is_out: impl Fn(&str) -> bool) -> bool {
        let mut left_out = false;
        let revises = !self.revise.is_empty();
        for route in [&mut self.triage, &mut self.draft, &mut self.revise, &mut self.judge] {
            let before = route.len();
            route.retain(|name| !is_out(name));
            left_out |= route.len() < before;
        }
        for route in [&mut self.triage, &mut self.draft, &mut self.judge] {
            if route.is_empty() {
                route.push("builtin".into());
            }
        }
        if revises && self.revise.is_empty() {
            self.revise.push("builtin".into());
        }
        if self.classifier.as_ref().is_some_and(|c| is_out(&c.by)) {
            self.classifier = None;
            left_out = true;
        }
        left_out
    }

    /// Checks what types cannot. `is_provider` knows the names of providers.
    ///
    /// # Errors
    /// What does not fit, and what to write instead.
    pub(super) fn check(&self, is_provider: impl Fn(&str) -> bool) -> Result<(), String> {
        let unknown = self.names().find(|n| !matches!(n.as_str(), "builtin" | "wait") && !is_provider(n));
        if let Some(name) = unknown {
            return Err(format!(
                "a route names `{name}`: a [[provider]] of that name, `builtin` or `wait` is expected"
            ));
        }
        if self.embed.iter().any(|name| name == "builtin") {
            return Err(
                "the route `embed` names `builtin`, which knows no meanings: name an embedding model, or leave the route out"
                    .into(),
            );
        }
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(format!("[routes] `confidence` is {}: it goes from 0 (never ask again) to 1", self.confidence));
        }
        self.semantic.check()?;
        self.classifier.as_ref().map_or(Ok(()), |c| self.check_classifier(c))
    }

    fn check_classifier(&self, classifier: &Classifier) -> Result<(), String> {
        let Classifier { by, tasks, complex_to } = classifier;
        if by == "wait" {
            return Err("[routes.classifier] `by` is `wait`: a [[provider]] or `builtin` is expected".into());
        }
        if tasks.is_empty() {
            return Err("[routes.classifier] has no `tasks`: name some of triage, draft, revise and judge".into());
        }
        for task in tasks {
            if matches!(task, Task::Embed | Task::Classify) {
                return Err(format!(
                    "[routes.classifier] `tasks` names `{task}`, which is never complex: triage, draft, revise or judge is \
                     expected"
                ));
            }
            if complex_to == "wait" || !self.of(*task).contains(complex_to) {
                return Err(format!(
                    "[routes.classifier] `complex_to` is `{complex_to}`, which does not answer on the route `{task}`: name one \
                     of its tiers ({})",
                    self.of(*task).join(", ")
                ));
            }
        }
        Ok(())
    }
}

impl Semantic {
    /// From which cosine on it is used; `None` where it is switched off.
    pub fn least(&self) -> Option<f64> {
        (!self.tasks.is_empty()).then_some(self.cosine)
    }

    fn check(&self) -> Result<(), String> {
        let why = |task: Task| match task {
            Task::Triage => None,
            Task::Draft | Task::Revise => Some("never for drafting: a page is written from its own sources"),
            Task::Judge => Some("never for judging: a score is of the exact draft"),
            Task::Embed | Task::Classify => Some("that task has no use for it"),
        };
        if let Some((task, why)) = self.tasks.iter().find_map(|&task| Some((task, why(task)?))) {
            return Err(format!("[routes.semantic] `tasks` names `{task}`: {why}; only `triage` is possible"));
        }
        if !(self.cosine > 0.0 && self.cosine <= 1.0) {
            return Err(format!(
                "[routes.semantic] `cosine` is {}: it is above 0 and at most 1; to switch this off, write `tasks = []`",
                self.cosine
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(text: &str) -> Routes {
        toml::from_str(text).unwrap()
    }

    fn wrong(text: &str) -> String {
        routes(text).check(|name| matches!(name, "box" | "large")).unwrap_err()
    }

    #[test]
    fn a_revision_goes_by_the_route_of_drafts_unless_it_has_its_own() {
        let plain = routes("draft = [\"box\"]");
        assert_eq!(plain.of(Task::Revise), ["box"]);
        assert_eq!(routes("draft = [\"box\"]\nrevise = [\"large\"]").of(Task::Revise), ["large"]);
        assert_eq!((plain.confidence_percent(), plain.order), (70, Order::Listed));
    }

    #[test]
    fn what_the_routes_cannot_mean_is_refused_with_the_next_step() {
        let table = [
            ("draft = [\"gpt\"]", "a route names `gpt`"),
            ("revise = [\"gpt\"]", "a route names `gpt`"),
            ("embed = [\"builtin\"]", "knows no meanings"),
            ("confidence = 70", "from 0 (never ask again) to 1"),
            ("[semantic]\ntasks = [\"draft\"]", "never for drafting"),
            ("[semantic]\ntasks = [\"triage\", \"revise\"]", "never for drafting"),
            ("[semantic]\ntasks = [\"judge\"]", "never for judging"),
            ("[semantic]\ntasks = [\"embed\"]", "only `triage` is possible"),
            ("[semantic]\ncosine = 92", "above 0 and at most 1"),
            ("[classifier]\nby = \"wait\"\ntasks = [\"draft\"]\ncomplex_to = \"builtin\"", "`by` is `wait`"),
            ("[classifier]\nby = \"gpt\"\ntasks = [\"draft\"]\ncomplex_to = \"builtin\"", "a route names `gpt`"),
            ("[classifier]\nby = \"box\"\ntasks = []\ncomplex_to = \"builtin\"", "has no `tasks`"),
            ("[classifier]\nby = \"box\"\ntasks = [\"embed\"]\ncomplex_to = \"builtin\"", "never complex"),
            (
                "[classifier]\nby = \"box\"\ntasks = [\"draft\"]\ncomplex_to = \"large\"",
                "does not answer on the route `draft`",
            ),
        ];
        for (text, said) in table {
            let error = wrong(text);
            assert!(error.contains(said), "{text}: {error}");
        }
        let good = "draft = [\"box\", \"large\", \"wait\"]\norder = \"cheapest\"\n[classifier]\nby = \"builtin\"\n\
                    tasks = [\"draft\", \"revise\"]\ncomplex_to = \"large\"\n[semantic]\ntasks = []";
        assert_eq!(routes(good).check(|name| matches!(name, "box" | "large")), Ok(()));
    }

    #[test]
    fn the_routes_of_the_documentation_are_routes() {
        let page = include_str!("../../docs/models.md");
        let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let example = blocks.into_iter().find(|block| block.contains("[routes.classifier]")).unwrap();
        let table: toml::Table = toml::from_str(example).unwrap();
        let routes: Routes = table["routes"].clone().try_into().unwrap();
        assert_eq!(routes.check(|name| matches!(name, "box" | "hosted" | "large" | "meaning")), Ok(()));
        assert_eq!((routes.order, routes.of(Task::Revise).len()), (Order::Cheapest, 2));
    }

    #[test]
    fn what_is_left_out_leaves_the_built_in_provider_and_no_classifier() {
        let mut all = routes(
            "triage = [\"box\", \"large\"]\ndraft = [\"large\"]\nrevise = [\"large\"]\njudge = [\"box\"]\n\
             [classifier]\nby = \"large\"\ntasks = [\"draft\"]\ncomplex_to = \"large\"",
        );
        assert!(all.leave_out(|name| name == "large"));
        assert_eq!(
            (all.triage, all.draft, all.revise),
            (vec!["box".into()], vec!["builtin".into()], vec!["builtin".into()])
        );
        assert_eq!((all.judge, all.classifier), (vec!["box".to_owned()], None));
        assert!(!Routes::default().leave_out(|name| name == "large"));
    }

    #[test]
    fn only_words_are_for_free() {
        assert!(Routes::default().scores_for_free());
        assert!(!routes("triage = [\"builtin\", \"box\"]").scores_for_free(), "an unsure answer may ask the box");
        assert!(!routes("embed = [\"box\"]").scores_for_free());
    }
}
