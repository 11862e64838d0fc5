//! Which models a worker serves, and who else could.

use std::collections::BTreeSet;

use states::words::WorkerName;

use super::{Config, ProviderSection, Routes};
use crate::models::Task;

impl Config {
    fn all_routes(&self) -> impl Iterator<Item = &Routes> {
        std::iter::once(&self.routes).chain(self.sites.iter().filter_map(|site| site.routes.as_ref()))
    }

    /// True for a provider that is asked what texts mean.
    pub fn embeds(&self, provider: &str) -> bool {
        self.all_routes().any(|routes| routes.embed.iter().any(|name| name == provider))
    }

    /// The models that run on a worker.
    pub fn models_of(&self, worker: &WorkerName) -> BTreeSet<String> {
        let here = self.providers.iter().filter(|p| p.worker.as_ref() == Some(worker));
        here.map(|p| p.model.clone()).collect()
    }

    /// Other workers that stand on a route with this one and have the same model there: what waits for them, it could do.
    pub fn siblings(&self, worker: &WorkerName) -> BTreeSet<(WorkerName, String)> {
        let mut siblings = BTreeSet::new();
        for route in self.all_routes().flat_map(|routes| Task::ALL.map(|task| routes.of(task))) {
            let on_it: Vec<&ProviderSection> = route.iter().filter_map(|name| self.provider(name)).collect();
            for own in on_it.iter().filter(|p| p.worker.as_ref() == Some(worker)) {
                let same = on_it.iter().filter(|p| p.model == own.model);
                let others = same.filter_map(|p| p.worker.clone().filter(|other| other != worker));
                siblings.extend(others.map(|other| (other, own.model.clone())));
            }
        }
        siblings
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn workers_with_the_same_model_on_one_route_are_siblings() {
        let text = r#"
[routes]
triage = ["small-a", "small-b", "wait"]
draft = ["large", "wait"]
[[site]]
name = "desk"
repo = "site.git"
[[provider]]
name = "small-a"
model = "small"
worker = "a"
[[provider]]
name = "small-b"
model = "small"
worker = "b"
[[provider]]
name = "large"
model = "large"
worker = "b"
[[worker]]
name = "a"
heartbeat_url = "http://127.0.0.1:1/"
mac = "02:00:5e:10:00:01"
[[worker]]
name = "b"
heartbeat_url = "http://127.0.0.1:2/"
mac = "02:00:5e:10:00:02"
"#;
        let config = Config::parse(text, Path::new("pipeline.toml")).unwrap();
        let [a, b]: [WorkerName; 2] = ["a", "b"].map(|name| name.parse().unwrap());
        assert_eq!(config.siblings(&a), [(b.clone(), "small".to_owned())].into());
        assert_eq!(config.siblings(&b), [(a, "small".to_owned())].into());
        assert_eq!(config.models_of(&b), ["large".to_owned(), "small".to_owned()].into());
    }
}
