//! The means by which a box is told something: a command, an HTTP call, or SSH.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::perform::{Ran, call, run};
use super::secret;
use super::ssh::SshCall;

/// Longest body that is sent.
const MAX_BODY: usize = 4_096;

/// Something that is done to tell a box something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A command: program and arguments, run without a shell.
    Command(Vec<String>),
    /// An HTTP call. Any 2xx answer is a yes.
    Http(HttpCall),
    /// The command that the box's own `authorized_keys` forces on our key.
    Ssh(SshCall),
}

/// One HTTP call. Redirects are not followed, and no proxy is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpCall {
    /// Where.
    pub url: String,
    /// GET, POST or PUT.
    #[serde(default = "post")]
    pub method: String,
    /// Headers, such as `content-type`. What is secret belongs into `token_env`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What is sent, at most 4096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The variable that holds a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_env: Option<String>,
    /// The header that carries the token as it is; without it, `Authorization: Bearer` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_header: Option<String>,
}

fn post() -> String {
    "POST".into()
}

impl HttpCall {
    /// A POST without anything else.
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), method: post(), ..Self::default() }
    }

    fn check(&self) -> Result<(), String> {
        http_url(&self.url).map_err(|why| format!("the URL {why}"))?;
        if !matches!(self.method.as_str(), "GET" | "POST" | "PUT") {
            return Err("the method must be GET, POST or PUT".into());
        }
        let names = self.headers.keys().chain(&self.token_header);
        for name in names {
            if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(format!("`{name}` is not the name of a header"));
            }
        }
        for (name, value) in &self.headers {
            if reqwest::header::HeaderValue::from_str(value).is_err() {
                return Err(format!("the header `{name}` has a value that HTTP does not take"));
            }
        }
        if self.body.as_ref().is_some_and(|body| body.len() > MAX_BODY || self.method == "GET") {
            return Err(format!("`body` goes with POST and PUT, and has {MAX_BODY} bytes at most"));
        }
        if self.token_env.as_ref().is_some_and(|name| !secret::is_name(name)) {
            return Err("`token_env` must be the name of a variable".into());
        }
        if self.token_header.is_some() && self.token_env.is_none() {
            return Err("`token_header` needs `token_env`".into());
        }
        Ok(())
    }
}

/// Why a box did not say yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Untold {
    /// No yes came, in words. The box may have gone meanwhile, and taken the connection along.
    Lost(String),
    /// It said no, or was not asked at all: it is as it was.
    Refused(String),
}

impl Untold {
    /// In words.
    pub(super) fn why(self) -> String {
        match self {
            Self::Lost(why) | Self::Refused(why) => why,
        }
    }
}

impl Means {
    /// Checks what can be checked without doing it.
    ///
    /// # Errors
    /// What is wrong, and what is expected.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Http(call) => call.check(),
            Self::Ssh(call) => call.check(),
            Self::Command(argv)
                if argv.first().is_none_or(String::is_empty) || argv.iter().any(|a| a.contains('\0')) =>
            {
                Err("the command must be a list that begins with a program".into())
            }
            Self::Command(_) => Ok(()),
        }
    }

    /// Does it, within this many seconds.
    ///
    /// # Errors
    /// When the box did not say yes.
    pub(super) async fn tell(&self, seconds: u64) -> Result<(), Untold> {
        match self {
            Self::Command(argv) => match run(argv, seconds).await {
                Ok(Ran::Well) => Ok(()),
                Ok(Ran::Badly { why, .. }) => Err(Untold::Lost(why)),
                Err(why) => Err(Untold::Refused(why)),
            },
            Self::Http(target) => match call(target, seconds).await? {
                (200..=299, _) => Ok(()),
                // It is there, and does not want to.
                (status, _) => Err(Untold::Refused(format!("the call was answered with HTTP {status}"))),
            },
            Self::Ssh(call) => call.tell("ssh", seconds).await,
        }
    }
}

/// Whether a text is the address of an HTTP server.
pub(super) fn http_url(text: &str) -> Result<(), String> {
    match text.parse::<url::Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        _ => Err("must begin with http:// or https:// and name a host".into()),
    }
}
