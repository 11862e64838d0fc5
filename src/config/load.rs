//! Reading the file, and checking what types cannot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Config;

/// Longest piece of a line that an error shows, in characters.
const LONGEST_LINE: usize = 160;

/// Why the configuration cannot be used. Every message names the file, the place and what is expected.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}\n  next: run `pipeline init`, or name the file with --config")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not TOML, or holds a key or value that is not known.
    #[error("{path}:{line}:{column}: {message}\n{excerpt}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong and what is expected.
        message: String,
        /// The line with a mark.
        excerpt: String,
    },
    /// The file says something that does not fit together.
    #[error("{path}: {message}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong and what is expected.
        message: String,
    },
}

impl Config {
    /// Reads and checks a configuration.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Checks a configuration that has been read already; `path` is what errors call it.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        if let Some(line) = gates::nesting::too_deep_toml(text) {
            let message = format!(
                "line {line} nests deeper than {} levels; no setting does: mend its brackets, or the dots of its key",
                gates::nesting::MAX_TOML_NESTING
            );
            return Err(ConfigError::Wrong { path: path.to_owned(), message });
        }
        let mut config: Self = toml::from_str(text).map_err(|e| malformed(text, path, &e))?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        config.base = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        config.read_prices().map_err(|message| ConfigError::Wrong { path: path.to_owned(), message })?;
        config.check().map_err(|message| ConfigError::Wrong { path: path.to_owned(), message })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if self.sites.is_empty() {
            return Err("there is no [[site]]: name at least one site with its `repo`".into());
        }
        self.money.check()?;
        unique("site", self.sites.iter().map(|s| s.name.as_str()))?;
        unique("source", self.sources.iter().map(|s| s.name.as_str()))?;
        unique("worker", self.workers.iter().map(|w| w.name.as_str()))?;
        unique("provider", self.providers.iter().map(|p| p.name.as_str()))?;
        for source in &self.sources {
            source.spec()?;
            if let Some(unknown) = source.sites.iter().find(|s| self.site(s).is_none()) {
                return Err(format!("the source `{}` names the site `{unknown}`, which is not here", source.name));
            }
        }
        for provider in &self.providers {
            if provider.name.is_empty() || matches!(provider.name.as_str(), "builtin" | "wait") {
                return Err(format!("a provider cannot be called `{}`: choose another name", provider.name));
            }
            if provider.concurrent == Some(0) {
                return Err(format!(
                    "the provider `{}` allows no call (`concurrent = 0`): say 1 or more, or take it off the routes",
                    provider.name
                ));
            }
            if let Some(worker) = provider.worker.as_ref().filter(|w| self.worker(w).is_none()) {
                return Err(format!("the provider `{}` names the worker `{worker}`, which is not here", provider.name));
            }
            provider.check_batch()?;
            self.terms(provider)?;
        }
        if let Some(provider) = self.providers.iter().find(|p| p.idle_seconds == 0) {
            return Err(format!(
                "the provider `{}`: `idle_seconds` is how long a stream may be silent, 1 or more; `stream = false` waits for \
                 whole answers",
                provider.name
            ));
        }
        for worker in &self.workers {
            worker.check().map_err(|e| e.to_string())?;
            worker.name.parse::<states::words::WorkerName>().map_err(|e| e.to_string())?;
        }
        let routes = std::iter::once(&self.routes).chain(self.sites.iter().filter_map(|s| s.routes.as_ref()));
        for routes in routes {
            routes.check(|name| self.provider(name).is_some())?;
        }
        let embed = std::iter::once(&self.routes).chain(self.sites.iter().filter_map(|s| s.routes.as_ref()));
        let anthropic = |name: &&String| self.provider(name).is_some_and(|p| p.kind == super::ProviderKind::Anthropic);
        if let Some(name) = embed.flat_map(|r| &r.embed).find(anthropic) {
            return Err(format!(
                "the route `embed` names `{name}`, and Anthropic has no embeddings: name another provider"
            ));
        }
        self.sites.iter().try_for_each(|site| self.check_site(site))
    }

    fn check_site(&self, site: &super::Site) -> Result<(), String> {
        let name = &site.name;
        if site.repo.is_empty() {
            return Err(format!("the site `{name}` needs `repo`: the path or URL of its repository"));
        }
        site.page.check().map_err(|e| format!("the site `{name}`, [site.page]: {e}"))?;
        site.build.check().map_err(|e| format!("the site `{name}`, [site.build]: {e}"))?;
        site.gate.validate().map_err(|e| format!("the site `{name}`, [site.gate]: {e}"))?;
        jiff::tz::TimeZone::get(&site.time_zone).map_err(|_| {
            format!("the site `{name}`: `{}` is not an IANA time zone such as Europe/Berlin", site.time_zone)
        })?;
        if !site.schedule.is_empty() {
            crate::engine::schedule::parse(&site.schedule)
                .map_err(|e| format!("the site `{name}`: `schedule` is no cron expression: {e}"))?;
        }
        if !(site.same_story > 0.0 && site.same_story <= 1.0) {
            return Err(format!("the site `{name}`: `same_story` is a cosine, above 0 and at most 1"));
        }
        if site.threshold > 100 || site.select.alone_from > 100 {
            return Err(format!("the site `{name}`: scores go from 0 to 100"));
        }
        Ok(())
    }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("two [[{what}]] are called `{name}`: names are unique"));
        }
    }
    Ok(())
}

fn malformed(text: &str, path: &Path, error: &toml::de::Error) -> ConfigError {
    let at = error.span().map_or(0, |s| s.start).min(text.len());
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    let whole = text.lines().nth(line - 1).unwrap_or_default();
    // Of a long line only what stands around the place.
    let (skipped, shown): (usize, String) = match whole.chars().count() > LONGEST_LINE {
        true => {
            let skipped = (column - 1).saturating_sub(LONGEST_LINE / 2);
            (skipped, whole.chars().skip(skipped).take(LONGEST_LINE).collect())
        }
        false => (0, whole.to_owned()),
    };
    let gutter = line.to_string();
    let pad = " ".repeat(gutter.len());
    let excerpt = format!("{pad} |\n{gutter} | {shown}\n{pad} | {}^", " ".repeat(column - 1 - skipped));
    ConfigError::Malformed { path: path.to_owned(), line, column, message: error.message().trim().to_owned(), excerpt }
}

#[cfg(test)]
mod tests {
    use states::words::Prices;

    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("pipeline.toml")).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place_and_what_is_expected() {
        let said = error("[[site]]\nname = \"a\"\nrepo = \"r\"\nthresold = 4\n");
        assert!(said.starts_with("pipeline.toml:4:1: unknown field `thresold`, expected one of"), "{said}");
        assert!(said.contains("4 | thresold = 4"), "{said}");
    }

    #[test]
    fn the_example_of_the_documentation_is_a_configuration() {
        let page = include_str!("../../docs/configuration.md");
        let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let config = Config::parse(example, Path::new("docs/configuration.md")).unwrap();
        assert_eq!((config.sites.len(), config.providers.len(), config.workers.len()), (1, 3, 1));
    }

    #[test]
    fn the_model_servers_of_the_documentation_are_providers() {
        crate::models::testing::tls();
        let page = include_str!("../../docs/models.md");
        let section = page.split("## Model servers").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
        let examples: Vec<&str> =
            section.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(examples.len(), 6);
        for example in examples {
            let text = format!("{example}\n[[site]]\nname = \"a\"\nrepo = \"r\"\n");
            let config = Config::parse(&text, Path::new("docs/models.md")).unwrap_or_else(|e| panic!("{e}"));
            for provider in &config.providers {
                crate::models::Provider::new(provider.options(None, &Prices::default()))
                    .unwrap_or_else(|e| panic!("{e}"));
            }
        }
    }

    #[test]
    fn the_sources_of_the_documentation_are_sources() {
        let page = include_str!("../../docs/configuration.md");
        let sources = page.split("```toml\n").nth(2).and_then(|rest| rest.split("```").next()).unwrap();
        let text = format!("[[site]]\nname = \"a\"\nrepo = \"r\"\n{sources}");
        assert_eq!(Config::parse(&text, Path::new("docs/configuration.md")).unwrap().sources.len(), 4);
    }

    #[test]
    fn the_file_that_ships_is_a_configuration() {
        let config = Config::parse(include_str!("../../pipeline.toml"), Path::new("pipeline.toml")).unwrap();
        assert!(config.providers.is_empty() && !config.sources.is_empty());
    }

    #[test]
    fn limits_that_would_let_no_call_out_are_refused() {
        let site = "[[site]]\nname = \"a\"\nrepo = \"r\"\n";
        let none = format!("[[provider]]\nname = \"m\"\nmodel = \"m\"\nconcurrent = 0\n{site}");
        assert!(error(&none).contains("the provider `m` allows no call"), "{}", error(&none));
        let late = format!("[routes]\ndeadline_seconds = 0\n{site}");
        assert!(error(&late).contains("leaves no time"), "{}", error(&late));
    }

    #[test]
    fn the_defaults_read_back() {
        let defaults =
            Config { sites: vec![crate::config::Site { repo: "r".into(), ..Default::default() }], ..Config::default() };
        let text = toml::to_string(&defaults).unwrap();
        let read = Config::parse(&text, Path::new("x.toml")).unwrap();
        assert_eq!(Config { base: std::path::PathBuf::new(), ..read }, defaults);
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_place() {
        let said = error("[desk]\npatience_seconds = \"soon\"\n");
        assert!(said.starts_with("pipeline.toml:2:20: invalid type: string \"soon\", expected i64"), "{said}");
    }

    #[test]
    fn a_hundred_thousand_levels_are_refused_on_a_small_stack() {
        const LEVELS: usize = 100_000;
        let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(LEVELS), close.repeat(LEVELS));
        let texts = [
            format!("x = {}", nested("[", "]")),
            format!("x = {}", nested("[", "")),
            format!("x = {}", nested("{a = ", "}")),
            format!("[desk]\nx = {}", nested("[\n", "]\n")),
            format!("{}a = 1", "a.".repeat(LEVELS)),
            format!("[{}a]\nb = 1", "a.".repeat(LEVELS)),
            format!("[[{}a]]\nb = 1", "site.".repeat(LEVELS)),
            format!("[[site]]\nname = \"a\"\nrepo = \"r\"\n[site.page]\nconstants.{}a = 1", "a.".repeat(LEVELS)),
            "[".repeat(LEVELS),
            "[[site]]\n".repeat(LEVELS),
            format!("[desk]\nname = \"{}\"", "x".repeat(LEVELS)),
        ];
        let read = move || texts.iter().map(|text| error(text)).collect::<Vec<_>>();
        let errors = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(read).unwrap().join().unwrap();
        for (n, said) in errors.iter().enumerate() {
            assert!(said.starts_with("pipeline.toml") && said.len() < 2_000, "{n}: {said:.500}");
            assert_eq!(said.contains("nests deeper than 128 levels"), n < 9, "{n}: {said:.500}");
        }
        // A long line is shown around the place that is meant.
        let long = error(&format!("[desk]\npatience_seconds = {{ x = \"{}\", y = }}\n", "x".repeat(300)));
        let mark = long.lines().last().unwrap().chars().count();
        assert!(mark < 200 && long.contains("y = }"), "{long}");
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        assert!(error("").contains("there is no [[site]]"));
        let site = "[[site]]\nname = \"a\"\nrepo = \"r\"\n";
        assert!(error(&format!("[routes]\ndraft = [\"gpt\"]\n{site}")).contains("a route names `gpt`"));
        assert!(error(&format!("[routes]\nembed = [\"builtin\"]\n{site}")).contains("knows no meanings"));
        let claude = "[[provider]]\nname = \"c\"\nkind = \"anthropic\"\nmodel = \"m\"\nprice_in = 0\n";
        assert!(error(&format!("[routes]\nembed = [\"c\"]\n{claude}{site}")).contains("has no embeddings"));
        assert!(error(&format!("{claude}idle_seconds = 0\n{site}")).contains("may be silent"));
        let batched = |keys: &str| error(&format!("[[provider]]\nname = \"p\"\nmodel = \"m\"\n{keys}\n{site}"));
        assert!(batched("batch = [\"embed\"]").contains("`batch` takes triage"));
        assert!(batched("kind = \"ollama\"\nbatch = [\"judge\"]").contains("only a hosted provider of kind `openai`"));
        assert!(batched("batch_poll_seconds = 0").contains("1 or more"));
        assert!(error(&format!("{site}same_story = 85\n")).contains("a cosine"));
        assert!(error(&format!("{site}{site}")).contains("two [[site]] are called `a`"));
        assert!(error(&format!("{site}time_zone = \"Mars\"\n")).contains("IANA time zone"));
        assert!(error(&format!("{site}schedule = \"often\"\n")).contains("cron"));
        assert!(error(&format!("{site}[[source]]\nname = \"f\"\nkind = \"feed\"\n")).contains("needs `url`"));
    }
}
