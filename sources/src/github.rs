//! The releases of a repository at GitHub: by the REST API, or by the Atom feed that needs none.
//!
//! Method: docs.github.com, "List releases", "Rate limits for the REST API", "Best practices for using the REST API".

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::door::{Extra, Response, shown};
use crate::json::{self, First, Flag, Text};
use crate::source::{
    Answer, Asker, Entry, Kept, PollState, Polled, SourceError, Token, base, blocking, same_digest, web_address,
};
use crate::{dates, feed, files};

/// GitHub's own interface.
const API: &str = "https://api.github.com";

/// What the interface is asked for.
const ACCEPT: &str = "application/vnd.github+json";

/// Most releases of one poll.
const MOST: usize = 50;

/// How long a client waits after "too often" without a time, as GitHub asks for.
const SECONDARY_SECONDS: u64 = 60;

/// The releases of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GithubSource {
    /// `owner/name`.
    pub repo: String,
    /// The address of the interface, where it is not GitHub's own (GitHub Enterprise: `https://HOST/api/v3`).
    #[serde(default)]
    pub api: Option<String>,
    /// How it is read.
    #[serde(default)]
    pub via: GithubVia,
    /// True when releases that are marked as not final count too. Drafts never do.
    #[serde(default)]
    pub prereleases: bool,
    /// Sent to the interface only. Never stored: the one who polls reads it each time.
    #[serde(skip)]
    pub token: Option<Token>,
}

/// How releases are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GithubVia {
    /// By the REST API; by the Atom feed while the API refuses a client without a token.
    #[default]
    Api,
    /// By the Atom feed.
    Atom,
}

#[derive(Deserialize)]
struct Release {
    #[serde(default)]
    html_url: Text,
    #[serde(default)]
    tag_name: Text,
    #[serde(default)]
    name: Text,
    #[serde(default)]
    body: Text,
    #[serde(default)]
    draft: Flag,
    #[serde(default)]
    prerelease: Flag,
    #[serde(default)]
    published_at: Text,
    #[serde(default)]
    author: Option<Author>,
}

#[derive(Deserialize)]
struct Author {
    #[serde(default)]
    login: Text,
}

impl GithubSource {
    /// Checks its keys.
    pub(crate) fn check(&self) -> Result<(), String> {
        let part = |part: &str| {
            !part.is_empty()
                && part.len() <= 100
                && !part.starts_with('.')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if !self.repo.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name)) {
            return Err("`repo` is `owner/name`, as in the address of the repository".to_owned());
        }
        base(self.api.as_deref(), API).map(drop)
    }

    /// Where the API lists the releases, and where their Atom feed is.
    fn addresses(&self) -> Result<(String, String), String> {
        self.check()?;
        let api = base(self.api.as_deref(), API)?;
        let web = match api.strip_suffix("/api/v3") {
            Some(web) => web.to_owned(),
            None => api.replacen("://api.", "://", 1),
        };
        let repo = &self.repo;
        Ok((format!("{api}/repos/{repo}/releases?per_page={MOST}"), format!("{web}/{repo}/releases.atom")))
    }

    /// The title of a release: it names the repository and the tag, whatever its author called it.
    fn title(&self, name: Option<String>, tag: Option<&str>) -> Option<String> {
        let short = self.repo.split('/').next_back().unwrap_or(&self.repo);
        let named = match (name, tag) {
            (Some(name), Some(tag)) if !name.contains(tag.trim_start_matches('v')) => format!("{name} ({tag})"),
            (Some(name), _) => name,
            (None, tag) => tag?.to_owned(),
        };
        let known = named.to_lowercase().contains(&short.to_lowercase());
        Some(if known { named } else { format!("{short} {named}") })
    }
}

/// Polls the releases.
///
/// # Errors
/// A [`SourceError`] where they could not be read in any form.
pub(crate) async fn poll(asker: &Asker<'_>, source: &GithubSource, before: &PollState) -> Result<Polled, SourceError> {
    let (api, atom) = source.addresses().map_err(|why| SourceError::Answer { url: source.repo.clone(), why })?;
    let mut others = before.others.clone();
    others.retain(|url, _| *url == api || *url == atom);
    let mut polled =
        Polled { state: PollState { others, told: before.told.clone(), ..PollState::default() }, ..Polled::default() };
    if source.via == GithubVia::Api {
        let kept = before.others.get(&api).cloned().unwrap_or_default();
        if kept.not_before.is_some_and(|at| at > asker.now) {
            polled
                .notes
                .push("The API is left alone as it asks; the releases are read from their Atom feed.".to_owned());
        } else {
            match by_api(asker, source, &api, &kept).await? {
                Ok(answer) => return given(asker, source, polled, &api, answer, before, "api").await,
                Err(rest) => {
                    let kept = Kept { not_before: rest, ..kept };
                    polled.state.others.insert(api, kept);
                    polled.notes.push(
                        "The API refuses a client without a token for now; the releases are read from their Atom feed. \
                         `token_env` names the variable that holds a token."
                            .to_owned(),
                    );
                }
            }
        }
    }
    let kept = before.others.get(&atom).cloned().unwrap_or_default();
    let answer = asker.changed(&atom, &kept, Extra::default()).await?;
    given(asker, source, polled, &atom, answer, before, "atom").await
}

/// Asks the API. Inside: the answer, or until when it is to be left alone, where it refuses a client without a token.
async fn by_api(
    asker: &Asker<'_>,
    source: &GithubSource,
    url: &str,
    kept: &Kept,
) -> Result<Result<Answer, Option<Timestamp>>, SourceError> {
    let extra = Extra { accept: Some(ACCEPT), bearer: source.token.as_ref().map(Token::secret) };
    let response = asker.get(url, &kept.conditional(), extra).await?;
    let failed = |next: String, after| SourceError::Status {
        url: shown(&response.final_url),
        status: response.status,
        next,
        after,
    };
    match (response.status, &source.token) {
        (401 | 403 | 429, None) => Ok(Err(asker.after(response.retry_after_seconds))),
        (401, Some(token)) => Err(failed(
            format!("it refuses the token: see whether the one in {} is still valid", token.variable()),
            None,
        )),
        (403 | 429, Some(token)) => {
            let often = response.status == 429 || String::from_utf8_lossy(&response.body).contains("rate limit");
            let after = response.retry_after_seconds.or(often.then_some(SECONDARY_SECONDS));
            let next = match after {
                Some(_) => "the token's quota is used up; it is asked again when it says".to_owned(),
                None => format!("the token in {} may not read this repository's contents", token.variable()),
            };
            Err(failed(next, after))
        }
        (404, None) => Err(failed(
            "there is no such repository, or it is not public; correct `repo`, or name a token in `token_env`"
                .to_owned(),
            None,
        )),
        _ => asker.judged(response, kept).map(Ok),
    }
}

async fn given(
    asker: &Asker<'_>,
    source: &GithubSource,
    mut polled: Polled,
    url: &str,
    answer: Answer,
    before: &PollState,
    form: &str,
) -> Result<Polled, SourceError> {
    polled.state.others.insert(url.to_owned(), answer.kept);
    polled.state.next_after = answer.next_after;
    if answer.unchanged {
        polled.unchanged = true;
        return Ok(polled);
    }
    let (options, response, by_api, now) = (source.clone(), answer.response, form == "api", asker.now);
    let (entries, notes) =
        blocking(move || if by_api { from_api(&options, &response, now) } else { from_atom(&options, &response, now) })
            .await?;
    polled.entries = entries;
    polled.notes.extend(notes);
    polled.state.told = same_digest(&mut polled.entries, form, &before.told);
    Ok(polled)
}

fn from_api(
    source: &GithubSource,
    response: &Response,
    now: Timestamp,
) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    let releases: First<Release, MOST> = json::read(response, "a list of releases")?;
    let (mut entries, mut broken) = (Vec::new(), 0usize);
    for release in releases.0 {
        if release.draft.is_set() || (release.prerelease.is_set() && !source.prereleases) {
            continue;
        }
        match entry(source, &release, now) {
            Some(entry) => entries.push(entry),
            None => broken += 1,
        }
    }
    let notes = (broken > 0).then(|| format!("{broken} releases have no address and are left out."));
    Ok((entries, notes.into_iter().collect()))
}

fn entry(source: &GithubSource, release: &Release, now: Timestamp) -> Option<Entry> {
    let url = web_address(release.html_url.0.as_deref()?, None)?;
    let tag = release.tag_name.line();
    let published = release.published_at.0.as_deref().and_then(dates::parse);
    let full_text = release.body.0.as_deref().and_then(|body| files::text_of_markdown(body).ok());
    Entry {
        url: url.to_string(),
        title: source.title(release.name.line(), tag.as_deref()),
        author: release.author.as_ref().and_then(|author| author.login.line()),
        published: published.and_then(|at| dates::believable(at, now)),
        full_text: full_text.filter(|text| !text.is_empty()),
        ..Entry::default()
    }
    .named()
}

fn from_atom(
    source: &GithubSource,
    response: &Response,
    now: Timestamp,
) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    let feed::FeedRead { entries, mut notes, .. } =
        feed::read_feed(&response.body, response.content_type.as_deref(), &response.final_url, now)?;
    let mut not_final = 0usize;
    let entries = entries
        .into_iter()
        .take(MOST)
        .filter_map(|mut entry| {
            let tag = tag_of(&entry.url);
            if !source.prereleases && tag.as_deref().is_some_and(is_prerelease) {
                not_final += 1;
                return None;
            }
            entry.title = source.title(entry.title, tag.as_deref());
            entry.published = entry.published.or(entry.updated);
            entry.updated = None;
            entry.named()
        })
        .collect();
    if not_final > 0 {
        notes.push(format!("{not_final} releases are left out: by their tags they are not final."));
    }
    Ok((entries, notes))
}

/// The tag that the address of a release ends with.
fn tag_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let tag = url.path().split_once("/releases/tag/")?.1;
    let decoded = percent_encoding::percent_decode_str(tag).decode_utf8().ok()?;
    Some(crate::extract::one_line(&decoded)).filter(|tag| !tag.is_empty() && tag.len() <= 200)
}

/// True for a tag that calls itself not final; the Atom feed does not say it otherwise.
fn is_prerelease(tag: &str) -> bool {
    const MARKS: [&str; 9] = ["alpha", "beta", "rc", "pre", "preview", "dev", "nightly", "canary", "snapshot"];
    tag.to_ascii_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        MARKS.contains(&word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> GithubSource {
        GithubSource { repo: "acme/widget".to_owned(), ..GithubSource::default() }
    }

    #[test]
    fn a_title_names_the_repository_and_the_tag() {
        let title = |name: Option<&str>, tag: Option<&str>| source().title(name.map(str::to_owned), tag);
        for (name, tag, expected) in [
            (None, Some("v1.2.3"), "widget v1.2.3"),
            (Some("v1.2.3"), Some("v1.2.3"), "widget v1.2.3"),
            (Some("Widget 1.2.3"), Some("v1.2.3"), "Widget 1.2.3"),
            (Some("The quiet one"), Some("v2"), "widget The quiet one (v2)"),
        ] {
            assert_eq!(title(name, tag).as_deref(), Some(expected));
        }
        assert_eq!(title(None, None), None);
    }

    #[test]
    fn the_feed_is_where_the_interface_is() {
        let at = |api: &str| GithubSource { api: Some(api.to_owned()), ..source() }.addresses().unwrap().1;
        assert_eq!(source().addresses().unwrap().1, "https://github.com/acme/widget/releases.atom");
        assert_eq!(at("https://git.example/api/v3/"), "https://git.example/acme/widget/releases.atom");
        assert_eq!(at("https://api.acme.ghe.com"), "https://acme.ghe.com/acme/widget/releases.atom");
    }

    #[test]
    fn tags_that_are_not_final_are_known() {
        for tag in ["v1.0.0-rc.1", "v1.0-beta2", "2.0.0rc1", "nightly-2026-01-01", "1.0.0-alpha", "v3.0.0-dev"] {
            assert!(is_prerelease(tag), "{tag}");
        }
        for tag in ["v1.0.0", "release-7", "src-2", "1.0.0-1", "prettier-3.0", "rcfile-2"] {
            assert!(!is_prerelease(tag), "{tag}");
        }
    }

    #[test]
    fn what_is_no_repository_is_refused() {
        for repo in ["", "acme", "acme/", "/x", "a/b/c", "a/b?c", "a/..", "a b/c", "https://github.com/a/b"] {
            let source = GithubSource { repo: repo.to_owned(), ..GithubSource::default() };
            assert!(source.check().is_err(), "{repo}");
        }
        let source = GithubSource { api: Some("https://user:pass@api.example".to_owned()), ..source() };
        assert!(source.check().unwrap_err().contains("without credentials"));
    }
}
