//! `[[site]]`: a content property.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use states::selection::Wish;
use states::state::Timers;
use states::words::{SiteName, Template};

use super::routes::Routes;
use crate::page::SitePage;

/// A content property: a static site in a git repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// What it is called here.
    pub name: SiteName,
    /// Its repository: a path, or an https or ssh URL.
    pub repo: String,
    /// The default branch; found out when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A folder from which `repo`, a path, is made as a bare repository when it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<PathBuf>,
    /// How the remote is told who we are: nothing, a token, or an ssh key.
    pub credentials: crate::publish::Credentials,
    /// Who commits.
    pub committer_name: String,
    /// The address of who commits.
    pub committer_email: String,
    /// When the daemon runs for it: a cron expression of five fields, in `time_zone`. Empty: only when asked.
    pub schedule: Schedule,
    /// The IANA time zone of the schedule.
    pub time_zone: String,
    /// What it writes about, in words that would stand in the texts.
    pub topics: Vec<String>,
    /// How it sounds, in a sentence or two.
    pub voice: String,
    /// The least score of a lead, 0 to 100.
    pub threshold: u8,
    /// From which likeness of meaning on (a cosine, above 0 and at most 1) two leads tell the same story; used where a route
    /// `embed` names a model.
    pub same_story: f64,
    /// The most proposals open or in work at a time.
    pub max_open: u32,
    /// Leads older than this many days are known, not worked.
    pub max_lead_age_days: i64,
    /// How many entries of a source are worked at its first poll.
    pub first_poll: usize,
    /// How many leads a run begins to work on at most; what is beyond is known, not worked.
    pub max_new: usize,
    /// How many days a lead may wait to be selected.
    pub shelf_life_days: i64,
    /// How many days a page may wait for a person.
    pub review_days: i64,
    /// Where pages will be live, for example `https://example.org`: a merged page is then looked for there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_url: Option<String>,
    /// What a run writes.
    pub select: Select,
    /// Routes of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<Routes>,
    /// How its pages are written.
    pub page: SitePage,
    /// How it is built.
    pub build: crate::hugo::BuildOptions,
    /// What its gate asks for.
    pub gate: gates::settings::Settings,
    /// Where pull requests are opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forge: Option<crate::publish::ForgeOptions>,
}

/// A cron expression, or empty.
pub type Schedule = String;

impl Default for Site {
    fn default() -> Self {
        Self {
            // A literal that is a valid name.
            name: SiteName::try_from("site".to_owned()).unwrap_or_else(|_| unreachable!("a valid name")),
            repo: String::new(),
            branch: None,
            seed: None,
            credentials: crate::publish::Credentials::None,
            committer_name: "Pipeline".into(),
            committer_email: "pipeline@localhost".into(),
            schedule: String::new(),
            time_zone: "UTC".into(),
            topics: Vec::new(),
            voice: "Plain and exact, for engineers.".into(),
            threshold: 40,
            same_story: 0.85,
            max_open: 3,
            max_lead_age_days: 30,
            first_poll: 10,
            max_new: 100,
            shelf_life_days: 5,
            review_days: 14,
            live_url: None,
            select: Select::default(),
            routes: None,
            page: SitePage::default(),
            build: crate::hugo::BuildOptions::default(),
            gate: gates::settings::Settings::default(),
            forge: None,
        }
    }
}

impl Site {
    /// The timers of its articles.
    pub fn timers(&self) -> Timers {
        const DAY: i64 = 86_400;
        Timers {
            shelf_life: self.shelf_life_days.max(0) * DAY,
            review: self.review_days.max(0) * DAY,
            ..Timers::default()
        }
    }
}

/// What a run writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Select {
    /// The most articles of their own in a run.
    pub alone: u32,
    /// The least score for an article of its own.
    pub alone_from: u8,
    /// The form of an article of its own.
    pub template: Template,
    /// Whether the rest makes a digest.
    pub digest: bool,
    /// The fewest leads of a digest.
    pub digest_min: usize,
    /// The most leads of a digest.
    pub digest_max: usize,
}

impl Default for Select {
    fn default() -> Self {
        Self { alone: 1, alone_from: 75, template: Template::Story, digest: true, digest_min: 3, digest_max: 7 }
    }
}

impl Select {
    /// As the selection takes it.
    pub fn wish(&self) -> Wish {
        Wish {
            alone: self.alone,
            alone_from: self.alone_from,
            template: self.template,
            digest: self.digest.then_some((self.digest_min, self.digest_max.max(self.digest_min))),
        }
    }
}
