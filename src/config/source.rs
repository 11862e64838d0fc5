//! `[[source]]`: where leads come from.

use serde::{Deserialize, Serialize};
use sources::{
    GithubSource, GithubVia, HackernewsList, HackernewsSource, RedditSort, RedditSource, SitemapSource, SourceSpec,
    Token,
};
use states::words::{SiteName, SourceKind, SourceName};

/// Where leads come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSection {
    /// What it is called here.
    pub name: SourceName,
    /// What kind it is.
    pub kind: SourceForm,
    /// The address of a feed, a listing page or a sitemap.
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
    /// GitHub: `owner/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// GitHub: how releases are read, `api` (the default) or `atom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<GithubVia>,
    /// GitHub: true when releases that are not final count too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prereleases: Option<bool>,
    /// GitHub: the environment variable that holds a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_env: Option<String>,
    /// Hacker News: `top` (the default), `best` or `new`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<HackernewsList>,
    /// Hacker News: what is searched for, instead of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Hacker News: most stories of one poll, 30 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<usize>,
    /// Hacker News and Reddit: the least score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_score: Option<i64>,
    /// Reddit: the name of the subreddit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subreddit: Option<String>,
    /// Reddit: `new` (the default), `hot` or `top`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<RedditSort>,
    /// Sitemap: patterns of paths, of which a page's must match one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<String>>,
    /// Sitemap: patterns of paths that are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Vec<String>>,
    /// GitHub, Hacker News and Reddit: the address of the interface, where it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
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
    /// The releases of a repository at GitHub.
    Github,
    /// Stories of Hacker News.
    Hackernews,
    /// Posts of a subreddit.
    Reddit,
    /// The pages that a site names in its sitemap.
    Sitemap,
}

impl SourceForm {
    /// As it is written.
    fn word(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Listing => "listing",
            Self::Files => "files",
            Self::Github => "github",
            Self::Hackernews => "hackernews",
            Self::Reddit => "reddit",
            Self::Sitemap => "sitemap",
        }
    }
}

impl SourceSection {
    /// As the source crate takes it, without the token.
    ///
    /// # Errors
    /// The key that is missing, wrong, or of another kind.
    pub fn spec(&self) -> Result<SourceSpec, String> {
        let need = |value: &Option<String>, key: &str, why: &str| {
            value.clone().ok_or_else(|| format!("the source `{}` needs `{key}`: {why}", self.name))
        };
        self.check_kind()?;
        let spec = match self.kind {
            SourceForm::Feed => SourceSpec::Feed { url: need(&self.url, "url", "the address of the feed")? },
            SourceForm::Files => SourceSpec::Files { path: need(&self.path, "path", "the folder of files")?.into() },
            SourceForm::Listing => SourceSpec::Listing {
                url: need(&self.url, "url", "the address of the page")?,
                item: need(&self.item, "item", "the CSS selector of one entry")?,
                link: self.link.clone(),
                title: self.title.clone(),
                date: self.date.clone(),
            },
            SourceForm::Github => SourceSpec::Github(GithubSource {
                repo: need(&self.repo, "repo", "the repository, as `owner/name`")?,
                api: self.api.clone(),
                via: self.via.unwrap_or_default(),
                prereleases: self.prereleases.unwrap_or_default(),
                token: None,
            }),
            SourceForm::Hackernews => SourceSpec::Hackernews(HackernewsSource {
                list: self.list.unwrap_or_default(),
                query: self.query.clone(),
                min_score: self.min_score.unwrap_or_default(),
                most: self.most.unwrap_or(HackernewsSource::default().most),
                api: self.api.clone(),
            }),
            SourceForm::Reddit => SourceSpec::Reddit(RedditSource {
                subreddit: need(&self.subreddit, "subreddit", "its name, without `r/`")?,
                sort: self.sort.unwrap_or_default(),
                min_score: self.min_score.unwrap_or_default(),
                api: self.api.clone(),
            }),
            SourceForm::Sitemap => SourceSpec::Sitemap(SitemapSource {
                url: need(&self.url, "url", "the address of the sitemap")?,
                include: self.include.clone().unwrap_or_default(),
                exclude: self.exclude.clone().unwrap_or_default(),
            }),
        };
        spec.check().map_err(|why| format!("the source `{}`: {why}", self.name))?;
        Ok(spec)
    }

    /// As the source crate takes it, with the token. Only the variable that `token_env` names is read.
    ///
    /// # Errors
    /// As [`SourceSection::spec`], and where the variable is not set.
    pub fn ready(&self) -> Result<SourceSpec, String> {
        let mut spec = self.spec()?;
        if let (SourceSpec::Github(github), Some(variable)) = (&mut spec, &self.token_env) {
            let token = std::env::var(variable).ok().map(|token| token.trim().to_owned()).filter(|t| !t.is_empty());
            let token = token.ok_or_else(|| {
                format!("the variable {variable} is not set: set it, or leave `token_env` out of `{}`", self.name)
            })?;
            github.token = Some(Token::new(variable, token));
        }
        Ok(spec)
    }

    /// As the source crate takes it, with something in the place of the token: for a replay, in which nobody is asked.
    ///
    /// # Errors
    /// As [`SourceSection::spec`].
    pub fn replayed(&self) -> Result<SourceSpec, String> {
        let mut spec = self.spec()?;
        if let (SourceSpec::Github(github), Some(variable)) = (&mut spec, &self.token_env) {
            github.token = Some(Token::new(variable, "replayed".to_owned()));
        }
        Ok(spec)
    }

    /// Keys of one kind mean nothing at another, and two ways of asking exclude each other.
    fn check_kind(&self) -> Result<(), String> {
        use SourceForm::{Feed, Files, Github, Hackernews, Listing, Reddit, Sitemap};
        let keys: [(&str, bool, &[SourceForm]); 19] = [
            ("url", self.url.is_some(), &[Feed, Listing, Sitemap]),
            ("path", self.path.is_some(), &[Files]),
            ("item", self.item.is_some(), &[Listing]),
            ("link", self.link.is_some(), &[Listing]),
            ("title", self.title.is_some(), &[Listing]),
            ("date", self.date.is_some(), &[Listing]),
            ("repo", self.repo.is_some(), &[Github]),
            ("via", self.via.is_some(), &[Github]),
            ("prereleases", self.prereleases.is_some(), &[Github]),
            ("token_env", self.token_env.is_some(), &[Github]),
            ("list", self.list.is_some(), &[Hackernews]),
            ("query", self.query.is_some(), &[Hackernews]),
            ("most", self.most.is_some(), &[Hackernews]),
            ("min_score", self.min_score.is_some(), &[Hackernews, Reddit]),
            ("subreddit", self.subreddit.is_some(), &[Reddit]),
            ("sort", self.sort.is_some(), &[Reddit]),
            ("include", self.include.is_some(), &[Sitemap]),
            ("exclude", self.exclude.is_some(), &[Sitemap]),
            ("api", self.api.is_some(), &[Github, Hackernews, Reddit]),
        ];
        if let Some((key, _, of)) = keys.iter().find(|(_, given, of)| *given && !of.contains(&self.kind)) {
            let of: Vec<&str> = of.iter().map(|form| form.word()).collect();
            return Err(format!(
                "the source `{}` is of the kind `{}`, where `{key}` means nothing: it is a key of {}",
                self.name,
                self.kind.word(),
                of.join(", ")
            ));
        }
        if self.list.is_some() && self.query.is_some() {
            return Err(format!(
                "the source `{}` has `list` and `query`: a list is read, or a search, not both",
                self.name
            ));
        }
        if self.token_env.is_some() && self.via == Some(GithubVia::Atom) {
            return Err(format!("the source `{}` has a token that `via = \"atom\"` has no use for", self.name));
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn section(keys: &str) -> SourceSection {
        toml::from_str(&format!("name = \"s\"\n{keys}")).unwrap()
    }

    #[test]
    fn each_kind_names_the_key_that_is_missing_wrong_or_of_another_kind() {
        for (keys, expected) in [
            ("kind = 'github'", "needs `repo`"),
            ("kind = 'github'\nrepo = 'acme'", "`repo` is `owner/name`"),
            (
                "kind = 'github'\nrepo = 'a/b'\nurl = 'https://e.org'",
                "`url` means nothing: it is a key of feed, listing, sitemap",
            ),
            ("kind = 'github'\nrepo = 'a/b'\nvia = 'atom'\ntoken_env = 'X'", "no use for"),
            ("kind = 'github'\nrepo = 'a/b'\napi = 'ftp://e.org'", "`api` is an http"),
            ("kind = 'hackernews'\nmost = 101", "1 to 100"),
            ("kind = 'hackernews'\nlist = 'top'\nquery = 'x'", "not both"),
            ("kind = 'hackernews'\nquery = ' '", "`query` is what is searched for"),
            ("kind = 'reddit'", "needs `subreddit`"),
            ("kind = 'reddit'\nsubreddit = 'r/rust'", "without `r/`"),
            ("kind = 'sitemap'", "needs `url`"),
            ("kind = 'sitemap'\nurl = 'https://e.org'\ninclude = ['blog']", "no pattern of a path"),
            ("kind = 'feed'\nurl = 'https://e.org'\nmin_score = 3", "a key of hackernews, reddit"),
        ] {
            let error = section(keys).spec().unwrap_err();
            assert!(error.contains(expected) && error.contains("`s`"), "{keys}: {error}");
        }
        for keys in [
            "kind = 'github'\nrepo = 'a/b'\nprereleases = true\ntoken_env = 'X'",
            "kind = 'hackernews'",
            "kind = 'hackernews'\nquery = 'rust'\nmin_score = 50",
            "kind = 'reddit'\nsubreddit = 'rust'\nsort = 'top'",
            "kind = 'sitemap'\nurl = 'https://e.org/sitemap.xml'\nexclude = ['/tag/']",
        ] {
            let read = section(keys);
            assert!(read.spec().is_ok(), "{keys}");
            let again: SourceSection = toml::from_str(&toml::to_string(&read).unwrap()).unwrap();
            assert_eq!(again, read);
        }
    }

    #[test]
    fn a_token_that_is_named_must_be_there() {
        let github = section("kind = 'github'\nrepo = 'a/b'\ntoken_env = 'A_VARIABLE_THAT_NOBODY_SETS'");
        assert!(github.ready().unwrap_err().contains("A_VARIABLE_THAT_NOBODY_SETS is not set"));
        // A variable that every test runner has.
        let github = section("kind = 'github'\nrepo = 'a/b'\ntoken_env = 'PATH'");
        let spec = github.ready().unwrap();
        let shown = format!("{spec:?} {}", serde_json::to_string(&spec).unwrap());
        assert!(!shown.contains(&std::env::var("PATH").unwrap()), "{shown}");
        assert!(matches!(spec, SourceSpec::Github(GithubSource { token: Some(_), .. })));
    }
}
