//! The section `[site.page]`: how pages of a site are written.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use states::words::{Template, Timestamp};

use super::{PageError, path};

/// The format of a page's front matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrontFormat {
    /// Between two lines of `---`.
    #[default]
    Yaml,
    /// Between two lines of `+++`.
    Toml,
    /// One JSON object at the top of the file.
    Json,
}

impl fmt::Display for FrontFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Json => "json",
        })
    }
}

/// How a page's date is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateForm {
    /// `2026-03-01T09:30:00+01:00`: date, time and offset.
    #[default]
    Rfc3339,
    /// `2026-03-01`: the day alone, in the site's time zone.
    Date,
}

/// What the site calls the keys of its front matter. An empty name leaves the key out; a dotted name (`params.keyword`)
/// writes into a table. `tags`, `authors`, `categories` and `keywords` are written as lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FrontKeys {
    /// The title.
    pub title: String,
    /// One or two sentences for search results and lists.
    pub description: String,
    /// The answer-first summary, as plain text.
    pub summary: String,
    /// The date of the page.
    pub date: String,
    /// The tags.
    pub tags: String,
    /// The author, where [`SitePage::author`] names one.
    pub author: String,
    /// The primary keyword.
    pub keyword: String,
    /// The slug, for sites whose permalinks need it in the front matter.
    pub slug: String,
    /// The article's id, for sites that want to find it again.
    pub id: String,
}

impl Default for FrontKeys {
    fn default() -> Self {
        Self {
            title: "title".into(),
            description: "description".into(),
            summary: "summary".into(),
            date: "date".into(),
            tags: "tags".into(),
            author: "author".into(),
            keyword: String::new(),
            slug: String::new(),
            id: String::new(),
        }
    }
}

impl FrontKeys {
    /// Every key with the name of its setting, in the order in which they are written.
    pub fn named(&self) -> [(&'static str, &str); 9] {
        [
            ("title", &self.title),
            ("description", &self.description),
            ("summary", &self.summary),
            ("date", &self.date),
            ("author", &self.author),
            ("tags", &self.tags),
            ("keyword", &self.keyword),
            ("slug", &self.slug),
            ("id", &self.id),
        ]
    }
}

/// How pages of a site are written: the section `[site.page]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SitePage {
    /// The folder below which all pages lie.
    pub content: String,
    /// Where a page goes: `{slug}`, `{date}`, `{year}`, `{month}`, `{day}`, `{section}`, `{lang}`, `{id}` are filled in.
    pub path: String,
    /// The section that pages go to.
    pub section: String,
    /// Another section for pages of a template.
    pub sections: BTreeMap<Template, String>,
    /// The language of the pages, as BCP 47 writes it; `{lang}` in the path.
    pub language: String,
    /// The front matter's format.
    pub format: FrontFormat,
    /// What the site calls the keys of its front matter.
    pub keys: FrontKeys,
    /// How dates are written.
    pub date_form: DateForm,
    /// The IANA time zone of dates, in pages and paths.
    pub time_zone: String,
    /// The author; empty leaves the key out.
    pub author: String,
    /// Keys that every page has, written as they are.
    pub constants: toml::Table,
    /// Keys that every page of a template has besides.
    pub template_constants: BTreeMap<Template, toml::Table>,
    /// The tags that the site knows; empty allows any.
    pub tags: Vec<String>,
    /// Whether the summary opens the text. Switch off where the site's layout shows the front matter's summary.
    pub body_summary: bool,
    /// The heading above related posts; empty leaves them out.
    pub related_heading: String,
    /// The owner's own Markdown at the end of every page; `{model}` is the model that wrote it. Empty leaves it out.
    pub disclosure: String,
    /// Where the evidence is written beside the page, for example `content/{section}/{slug}/evidence.json`; empty
    /// leaves it out.
    pub evidence: String,
    /// The site's permalink patterns by section, as they were found. For people to read; Hugo decides.
    pub permalinks: BTreeMap<String, String>,
}

impl Default for SitePage {
    fn default() -> Self {
        Self {
            content: "content".into(),
            path: "content/{section}/{slug}/index.md".into(),
            section: "posts".into(),
            sections: BTreeMap::from([(Template::Radar, "radar".into())]),
            language: "en".into(),
            format: FrontFormat::Yaml,
            keys: FrontKeys::default(),
            date_form: DateForm::Rfc3339,
            time_zone: "UTC".into(),
            author: String::new(),
            constants: toml::Table::new(),
            template_constants: BTreeMap::new(),
            tags: Vec::new(),
            body_summary: true,
            related_heading: "Related".into(),
            disclosure: "This article was written by a program ({model}) from the sources listed below.".into(),
            evidence: String::new(),
            permalinks: BTreeMap::new(),
        }
    }
}

impl SitePage {
    /// The section of a template's pages.
    pub fn section_of(&self, template: Template) -> &str {
        self.sections.get(&template).map_or(&self.section, String::as_str)
    }

    /// Every top-level key that a rendered page may carry: what a gate allows.
    pub fn allowed_keys(&self) -> Vec<String> {
        let named = self.keys.named();
        let mut keys: Vec<String> = named
            .iter()
            .filter(|(_, name)| !name.is_empty())
            .map(|(_, name)| name.split('.').next().unwrap_or_default().to_owned())
            .chain(self.constants.keys().cloned())
            .chain(self.template_constants.values().flat_map(|table| table.keys().cloned()))
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// Checks that every setting can be used.
    ///
    /// # Errors
    /// The first setting that cannot be, with what is expected there.
    pub fn check(&self) -> Result<(), PageError> {
        path::check_patterns(self)?;
        self.zone()?;
        if self.keys.title.is_empty() || self.keys.date.is_empty() {
            return Err(PageError::setting("keys", "a page needs a title and a date: name both keys"));
        }
        let mut seen = BTreeMap::new();
        for (setting, name) in self.keys.named() {
            if name.is_empty() {
                continue;
            }
            let plain = |part: &str| {
                part.starts_with(|c: char| c.is_ascii_alphabetic())
                    && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            };
            if name.split('.').count() > 2 || !name.split('.').all(plain) {
                let problem = format!("`{name}` is not a key: letters, digits, `_` and `-`, with one dot at most");
                return Err(PageError::setting(format!("keys.{setting}"), problem));
            }
            if let Some(other) = seen.insert(name.to_ascii_lowercase(), setting) {
                let problem = format!("`{name}` is the name of keys.{other} already");
                return Err(PageError::setting(format!("keys.{setting}"), problem));
            }
        }
        let tables = std::iter::once(&self.constants).chain(self.template_constants.values());
        for key in tables.flat_map(toml::Table::keys) {
            if let Some(setting) = seen.get(&key.to_ascii_lowercase()) {
                let problem = format!("`{key}` is written by the program (keys.{setting}): take it out of one of them");
                return Err(PageError::setting("constants", problem));
            }
        }
        Ok(())
    }

    pub(super) fn zone(&self) -> Result<jiff::tz::TimeZone, PageError> {
        jiff::tz::TimeZone::get(&self.time_zone).map_err(|why| {
            let problem = format!("`{}` is not a known IANA time zone such as Europe/Berlin ({why})", self.time_zone);
            PageError::setting("time_zone", problem)
        })
    }

    /// The day of a time at the site.
    pub(super) fn day(&self, at: Timestamp) -> Result<jiff::Zoned, PageError> {
        Ok(at.to_zoned(self.zone()?))
    }
}
