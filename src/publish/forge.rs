//! Pull requests at GitHub and Forgejo: proposed once, found again, watched, never reopened and never merged by us.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Answer, complaint, send};
use super::{ForgeKind, ForgeOptions, PublishError};

/// How many pages of pull requests or comments are looked through.
const MOST_PAGES: usize = 40;
const PER_PAGE: usize = 50;

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct Proposal {
    /// Its number.
    pub number: u64,
    /// Where people see it.
    pub url: String,
    /// What became of it. A proposal that was found again may be closed or merged: it is not opened again.
    pub state: ForgeState,
    /// True when this call made it.
    pub created: bool,
}

/// What became of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForgeState {
    /// It waits, with its branch at this commit.
    Open {
        /// The branch's head.
        head: String,
    },
    /// It was merged.
    Merged {
        /// The commit that brought it, where the forge names one.
        commit: Option<String>,
    },
    /// It was closed without a merge.
    Closed,
}

/// A repository at a forge.
#[derive(Clone)]
pub struct Forge {
    options: ForgeOptions,
    token: SecretString,
    client: Client,
    api: url::Url,
    owner: String,
    name: String,
}

impl std::fmt::Debug for Forge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forge").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Forge {
    /// A forge by its options. Needs a TLS provider to be installed in the process.
    ///
    /// # Errors
    /// [`PublishError::Refused`] for options that cannot be used.
    pub fn new(options: ForgeOptions, token: SecretString) -> Result<Self, PublishError> {
        let refuse = |why: String| PublishError::Refused(format!("forge: {why}"));
        let api = url::Url::parse(&options.api).map_err(|why| refuse(format!("`api` is not an address: {why}")))?;
        let loopback = matches!(api.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        if api.scheme() != "https" && !(api.scheme() == "http" && loopback) {
            return Err(refuse("`api` must be an https address, because it is sent the token".into()));
        }
        if api.cannot_be_a_base() || !api.username().is_empty() || api.password().is_some() {
            return Err(refuse("`api` holds credentials: name an environment variable in `token_env` instead".into()));
        }
        let plain = |part: &str| {
            !part.is_empty()
                && !matches!(part, "." | "..")
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        let (owner, name) = options
            .repo
            .split_once('/')
            .filter(|(owner, name)| plain(owner) && plain(name))
            .map(|(owner, name)| (owner.to_owned(), name.to_owned()))
            .ok_or_else(|| refuse(format!("`{}` is not `owner/name`", options.repo.escape_debug())))?;
        let client = Client::builder()
            .timeout(Duration::from_secs(options.timeout_secs.max(1)))
            .connect_timeout(Duration::from_secs(options.timeout_secs.clamp(1, 10)))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("pipeline/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|why| PublishError::Bug(format!("no HTTP client: {}", why.without_url())))?;
        Ok(Self { options, token, client, api, owner, name })
    }

    /// Proposes a branch: finds the pull request of it where there is one, in whatever state, and makes one otherwise.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn propose(&self, branch: &str, base: &str, title: &str, body: &str) -> Result<Proposal, PublishError> {
        if let Some(found) = self.find(branch, base).await? {
            return Ok(found);
        }
        let request = self.request(Method::POST, &["pulls"])?;
        let content = json!({ "title": title, "head": branch, "base": base, "body": body });
        let answer = send(request.json(&content), "proposing").await?;
        match answer.status {
            200..=299 => self.proposal(&answer.body, true),
            // Somebody, perhaps an earlier request of ours, was faster.
            409 | 422 => match self.find(branch, base).await? {
                Some(found) => Ok(found),
                None => Err(refused("proposing", &answer)),
            },
            _ => Err(self.not_there("proposing", &answer)),
        }
    }

    /// What became of a pull request.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn state(&self, number: u64) -> Result<ForgeState, PublishError> {
        let request = self.request(Method::GET, &["pulls", &number.to_string()])?;
        let answer = send(request, "reading a proposal").await?;
        match answer.status {
            200..=299 => Ok(self.proposal(&answer.body, false)?.state),
            _ => Err(self.not_there("reading a proposal", &answer)),
        }
    }

    /// Comments on a pull request, once per `key`: a comment that carries the key already is left as it is. True when
    /// this call wrote it. What of `text` came from outside must have gone through [`super::neutral`] before.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn comment(&self, number: u64, key: &str, text: &str) -> Result<bool, PublishError> {
        let mark = format!("<!-- pipeline {} -->", states::words::hash::sha256_hex(key.as_bytes()));
        let number = number.to_string();
        let mut seen = 0;
        for page in 1..=MOST_PAGES {
            let path = ["issues", &number, "comments"];
            let request = self.request(Method::GET, &path)?.query(&self.paging(page));
            let answer = send(request, "reading comments").await?;
            let Some(comments) = answer.body.as_array().filter(|_| answer.status < 300) else {
                return Err(self.not_there("reading comments", &answer));
            };
            let has = |c: &Value| c.get("body").and_then(Value::as_str).is_some_and(|b| b.contains(&mark));
            if comments.iter().any(has) {
                return Ok(false);
            }
            seen += comments.len();
            // Forgejo gives all comments at once, whatever the page.
            if comments.len() < PER_PAGE || self.options.kind == ForgeKind::Forgejo {
                break;
            }
        }
        tracing::debug!(seen, "comment is new");
        let request = self.request(Method::POST, &["issues", &number, "comments"])?;
        let answer = send(request.json(&json!({ "body": format!("{text}\n\n{mark}\n") })), "commenting").await?;
        match answer.status {
            200..=299 => Ok(true),
            _ => Err(self.not_there("commenting", &answer)),
        }
    }

    /// The pull request of a branch: an open one first, or else the youngest.
    async fn find(&self, branch: &str, base: &str) -> Result<Option<Proposal>, PublishError> {
        let mut best: Option<Proposal> = None;
        for page in 1..=MOST_PAGES {
            let mut request = self.request(Method::GET, &["pulls"])?.query(&self.paging(page));
            request = request.query(&[("state", "all")]);
            if self.options.kind == ForgeKind::Github {
                let head = format!("{}:{branch}", self.owner);
                request = request.query(&[("head", head.as_str()), ("base", base)]);
            }
            let answer = send(request, "looking for a proposal").await?;
            let Some(pulls) = answer.body.as_array().filter(|_| answer.status < 300) else {
                return Err(self.not_there("looking for a proposal", &answer));
            };
            for pull in pulls {
                // The filter of the request is not trusted: an older server ignores it.
                let text = |a: &str, b: &str| pull.get(a).and_then(|v| v.get(b)).and_then(Value::as_str);
                let same_repo = pull
                    .pointer("/head/repo/full_name")
                    .and_then(Value::as_str)
                    .is_none_or(|full| full.eq_ignore_ascii_case(&self.options.repo));
                if text("head", "ref") != Some(branch) || text("base", "ref") != Some(base) || !same_repo {
                    continue;
                }
                let found = self.proposal(pull, false)?;
                let open = matches!(found.state, ForgeState::Open { .. });
                if open {
                    return Ok(Some(found));
                }
                if best.as_ref().is_none_or(|b| found.number > b.number) {
                    best = Some(found);
                }
            }
            if pulls.len() < PER_PAGE {
                break;
            }
        }
        Ok(best)
    }

    fn paging(&self, page: usize) -> [(&'static str, String); 2] {
        let size = match self.options.kind {
            ForgeKind::Github => "per_page",
            ForgeKind::Forgejo => "limit",
        };
        [(size, PER_PAGE.to_string()), ("page", page.to_string())]
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, PublishError> {
        let mut url = self.api.clone();
        url.path_segments_mut()
            .map_err(|()| PublishError::Refused("forge: `api` cannot be a base".into()))?
            .pop_if_empty()
            .extend(["repos", &self.owner, &self.name])
            .extend(path);
        let request = self.client.request(method, url);
        let token = self.token.expose_secret();
        Ok(match self.options.kind {
            ForgeKind::Github => request
                .bearer_auth(token)
                .header("accept", "application/vnd.github+json")
                .header("x-github-api-version", "2022-11-28"),
            ForgeKind::Forgejo => {
                request.header("authorization", format!("token {token}")).header("accept", "application/json")
            }
        })
    }

    fn proposal(&self, pull: &Value, created: bool) -> Result<Proposal, PublishError> {
        let text = |pointer: &str| pull.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let unreadable = || PublishError::unreachable("the forge describes a proposal without number or state");
        let number = pull.get("number").and_then(Value::as_u64).ok_or_else(unreadable)?;
        let merged = pull.get("merged").and_then(Value::as_bool).unwrap_or(false) || text("/merged_at").is_some();
        let state = match text("/state").as_deref() {
            _ if merged => {
                ForgeState::Merged { commit: text("/merge_commit_sha").or_else(|| text("/merged_commit_id")) }
            }
            Some("open") => ForgeState::Open { head: text("/head/sha").ok_or_else(unreadable)? },
            Some("closed") => ForgeState::Closed,
            _ => return Err(unreadable()),
        };
        Ok(Proposal { number, url: text("/html_url").unwrap_or_default(), state, created })
    }

    fn not_there(&self, what: &str, answer: &Answer) -> PublishError {
        if answer.status != 404 {
            return refused(what, answer);
        }
        let repo = &self.options.repo;
        PublishError::Auth(format!("{what}: {repo} is not there, or not visible with this token: check both"))
    }
}

fn refused(what: &str, answer: &Answer) -> PublishError {
    PublishError::Refused(format!("{what}: the forge answers {}{}", answer.status, complaint(&answer.body)))
}
