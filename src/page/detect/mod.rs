//! How a site writes its pages, read from the site itself: its configuration, its archetypes and its newest posts.
//!
//! Nothing is run and no link is followed; what is read is bounded. Every finding comes with a note that says where it
//! was found, and what could not be found out keeps the default and says so.

use std::path::Path;

use super::SitePage;

mod config;
mod learn;
mod posts;
mod version;
pub use version::{is_same_hugo, wanted_hugo};
mod walk;

/// What is known about the Hugo that will build the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HugoInfo {
    /// Its version, as in `0.168.0`.
    pub version: String,
}

/// What was found out about a site.
#[derive(Debug, Clone, PartialEq)]
pub struct Detected {
    /// How its pages are written.
    pub page: SitePage,
    /// What was found and where, one line each.
    pub notes: Vec<String>,
    /// The newest post of the section that pages go to: its path and text, to be shown beside a sample.
    pub newest: Option<(String, String)>,
    /// The Hugo version that the site asks for, where it names one.
    pub hugo_version: Option<String>,
}

/// Reads a checked-out site.
pub fn detect(repo_dir: &Path, hugo: Option<HugoInfo>) -> Detected {
    let mut notes = Vec::new();
    let mut page = SitePage::default();
    let config = config::read(repo_dir, &mut notes);
    config.apply(&mut page, &mut notes);
    let posts = posts::read(repo_dir, &config, &mut notes);
    let newest = learn::learn(repo_dir, &config, posts, &mut page, &mut notes);
    // A section that the site does not have would be a new one.
    page.sections.retain(|_, section| repo_dir.join(&config.content).join(section).is_dir());
    let hugo_version = version::wanted(repo_dir, &mut notes);
    if let (Some(wanted), Some(here)) = (&hugo_version, &hugo)
        && !is_same_hugo(wanted, &here.version)
    {
        notes.push(format!("Hugo {} is installed here, the site asks for {wanted}", here.version));
    }
    if let Err(why) = page.check() {
        notes.push(format!("what was found does not fit together and needs a look: {why}"));
    }
    Detected { page, notes, newest, hugo_version }
}
