//! `[[source]]`: where leads come from.

use serde::{Deserialize, Serialize};
use sources::SourceSpec;
use states::words::{SiteName, SourceKind, SourceName};

/// Where leads come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSection {
    /// What it is called here.
    pub name: SourceName,
    /// What kind it is.
    pub kind: SourceForm,
    /// The address of a feed or a listing page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The folder of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A listing's selector for one entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// A listing's selector for the link inside an entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// A listing's selector for the title inside an entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A listing's selector for the date inside an entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Who speaks there: `primary` (who did it) or `report` (who wrote about it).
    #[serde(default)]
    pub speaks: SourceKind,
    /// How much its leads are worth, 0 to 20.
    #[serde(default = "ten")]
    pub weight: u8,
    /// The sites it is for; empty for all.
    #[serde(default)]
    pub sites: Vec<SiteName>,
    /// Private hosts (`host` or `host:port`) that it may reach.
    #[serde(default)]
    pub allow_private: Vec<String>,
    /// Whether the robots.txt of its own host is obeyed. `ignore` is for hosts of your own.
    #[serde(default)]
    pub robots: Robots,
    /// Its leads are worked up to this age, in days; without it, the site's `max_lead_age_days` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_lead_age_days: Option<i64>,
    /// How often it is asked at most, in minutes; while it is quiet or fails it is asked more rarely.
    #[serde(default = "sixty")]
    pub every_minutes: i64,
}

fn ten() -> u8 {
    10
}

fn sixty() -> i64 {
    60
}

/// What is done about robots.txt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Robots {
    /// It is obeyed.
    #[default]
    Obey,
    /// It is not asked, on the host of the source's `url`.
    Ignore,
}

/// Kinds of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceForm {
    /// RSS, Atom or JSON Feed.
    Feed,
    /// A page with links.
    Listing,
    /// A folder of files.
    Files,
}

impl SourceSection {
    /// As the source crate takes it.
    ///
    /// # Errors
    /// The key that is missing.
    pub fn spec(&self) -> Result<SourceSpec, String> {
        let need = |value: &Option<String>, key: &str, why: &str| {
            value.clone().ok_or_else(|| format!("the source `{}` needs `{key}`: {why}", self.name))
        };
        Ok(match self.kind {
            SourceForm::Feed => SourceSpec::Feed { url: need(&self.url, "url", "the address of the feed")? },
            SourceForm::Files => SourceSpec::Files { path: need(&self.path, "path", "the folder of files")?.into() },
            SourceForm::Listing => SourceSpec::Listing {
                url: need(&self.url, "url", "the address of the page")?,
                item: need(&self.item, "item", "the CSS selector of one entry")?,
                link: self.link.clone(),
                title: self.title.clone(),
                date: self.date.clone(),
            },
        })
    }

    /// The host whose robots.txt is not asked, where it is one's own: as [`sources::Manners`] names it.
    pub fn own_host(&self) -> Option<String> {
        let url = url::Url::parse(self.url.as_deref()?).ok().filter(|_| self.robots == Robots::Ignore)?;
        Some(sources::polite::host_of(&url))
    }

    /// True when its leads are for this site.
    pub fn serves(&self, site: &SiteName) -> bool {
        self.sites.is_empty() || self.sites.contains(site)
    }
}
