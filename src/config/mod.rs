//! The configuration: typed, one file per section, unknown keys refused with their line.
//!
//! `pipeline.toml` is parsed into [`Config`]; everything that it does not say has the default shown by
//! `pipeline config show --defaults`. Errors are [`ConfigError`]: they name the file, the place and what was expected.

mod desk;
mod site;
mod source;
mod models;
mod routes;
mod money;
mod workers;
mod load;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use states::words::{SiteName, SourceName, WorkerName};

use crate::models::PriceList;
use crate::power::WorkerOptions;

pub use desk::{Caps, Desk, Limits};
pub use load::ConfigError;
pub use models::{ProviderKind, ProviderSection};
pub use money::{Money, Terms};
pub use routes::{Classifier, Routes, Semantic};
pub use site::{Schedule, Select, Site};
pub use source::{Robots, SourceForm, SourceSection};

/// Everything that people may change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the desk keeps its things, and how it behaves.
    pub desk: Desk,
    /// The most that may be spent.
    pub caps: Caps,
    /// What things cost, and in which currency it is told.
    pub money: Money,
    /// Who is asked, per task, in order.
    pub routes: Routes,
    /// The content properties.
    #[serde(rename = "site")]
    pub sites: Vec<Site>,
    /// Where leads come from.
    #[serde(rename = "source")]
    pub sources: Vec<SourceSection>,
    /// The models.
    #[serde(rename = "provider")]
    pub providers: Vec<ProviderSection>,
    /// The GPU boxes.
    #[serde(rename = "worker")]
    pub workers: Vec<WorkerOptions>,
    /// The folder of the file: relative paths start here.
    #[serde(skip)]
    pub base: PathBuf,
    /// The prices of hosted models: the built-in list, with that of `[money] prices` over it.
    #[serde(skip)]
    pub price_list: PriceList,
}

impl Config {
    /// The site of this name.
    pub fn site(&self, name: &SiteName) -> Option<&Site> {
        self.sites.iter().find(|s| s.name == *name)
    }

    /// The source of this name.
    pub fn source(&self, name: &SourceName) -> Option<&SourceSection> {
        self.sources.iter().find(|s| s.name == *name)
    }

    /// The worker of this name.
    pub fn worker(&self, name: &WorkerName) -> Option<&WorkerOptions> {
        self.workers.iter().find(|w| w.name == name.as_str())
    }

    /// The provider of this name.
    pub fn provider(&self, name: &str) -> Option<&ProviderSection> {
        self.providers.iter().find(|p| p.name == name)
    }

    /// The names of the providers that run on a worker.
    pub fn providers_on(&self, worker: &WorkerName) -> Vec<&str> {
        self.providers.iter().filter(|p| p.worker.as_ref() == Some(worker)).map(|p| p.name.as_str()).collect()
    }

    /// The routes of a site: its own, else the common ones.
    pub fn routes<'c>(&'c self, site: &'c Site) -> &'c Routes {
        site.routes.as_ref().unwrap_or(&self.routes)
    }

    /// A path of the file, from the folder of the file.
    pub fn path(&self, path: &Path) -> PathBuf {
        if path.is_absolute() { path.to_owned() } else { self.base.join(path) }
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.path(&self.desk.state)
    }

    /// The Hugo to use: the configured path, the variable PIPELINE_HUGO, `.tools/hugo` beside the file, or `None` for the one
    /// in the PATH. A path that is named must hold one.
    pub fn hugo(&self) -> Option<PathBuf> {
        hugo_path(self.desk.hugo.as_ref().map(|path| self.path(path)), &self.base)
    }

    /// Where the remote of a site is: paths are taken from the folder of the file, URLs as they are.
    pub fn remote(&self, site: &Site) -> String {
        let is_url = site.repo.contains("://") || (site.repo.contains('@') && site.repo.contains(':'));
        if is_url { site.repo.clone() } else { self.path(Path::new(&site.repo)).to_string_lossy().into_owned() }
    }

    /// How a site is built: paths are taken from the folder of the file.
    pub fn build(&self, site: &Site) -> crate::hugo::BuildOptions {
        let themes = site.build.themes.as_ref().map(|themes| self.path(themes));
        crate::hugo::BuildOptions { themes, ..site.build.clone() }
    }

    /// The folder where the disposable clone of a site lies.
    pub fn clone_dir(&self, site: &Site) -> PathBuf {
        self.database().with_file_name("clones").join(site.name.as_str())
    }
}

/// See [`Config::hugo`]; for commands that have no configuration.
pub fn hugo_path(configured: Option<PathBuf>, base: &Path) -> Option<PathBuf> {
    let named = || std::env::var_os("PIPELINE_HUGO").filter(|v| !v.is_empty()).map(PathBuf::from);
    let beside = || Some(base.join(".tools/hugo")).filter(|path| path.is_file());
    configured.or_else(named).or_else(beside)
}
