//! What the configuration says about a site's repository and forge.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How the remote is told who we are. The secret itself is never part of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Credentials {
    /// Not at all: local paths and public mirrors.
    #[default]
    None,
    /// With a token over HTTPS.
    Token {
        /// The user name that goes with the token; forges ignore or prescribe it.
        #[serde(default = "token_user")]
        user: String,
        /// The environment variable that holds the token. It is read by whoever opens the repository.
        env: String,
    },
    /// With a key over SSH.
    Ssh {
        /// The private key's file.
        key: PathBuf,
        /// The file of known hosts; a host that is not in it is refused.
        known_hosts: PathBuf,
        /// The environment variable that holds the key's passphrase, where it has one.
        #[serde(default)]
        passphrase_env: Option<String>,
    },
}

fn token_user() -> String {
    "x-access-token".to_owned()
}

/// A site's repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RepoOptions {
    /// Where it is: a path, or a `file`, `https` or `ssh` URL (also `user@host:path`).
    pub remote: String,
    /// The default branch; found out where it is not given.
    pub branch: Option<String>,
    /// The local clone: disposable, made anew where it is damaged.
    pub clone_dir: PathBuf,
    /// How the remote is told who we are.
    pub credentials: Credentials,
    /// How long one exchange with the remote may take, in seconds.
    pub timeout_secs: u64,
}

impl Default for RepoOptions {
    fn default() -> Self {
        Self {
            remote: String::new(),
            branch: None,
            clone_dir: PathBuf::new(),
            credentials: Credentials::None,
            timeout_secs: 300,
        }
    }
}

/// The make of a forge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForgeKind {
    /// GitHub, or GitHub Enterprise Server.
    #[default]
    Github,
    /// Forgejo or Gitea.
    Forgejo,
}

/// A site's forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForgeOptions {
    /// Its make.
    pub kind: ForgeKind,
    /// The base of its API: `https://api.github.com`, or `https://HOST/api/v1` for Forgejo.
    pub api: String,
    /// The repository, as `owner/name`.
    pub repo: String,
    /// The environment variable that holds the token. It is read by whoever makes the forge.
    pub token_env: String,
    /// How long one request may take, in seconds.
    pub timeout_secs: u64,
}

impl Default for ForgeOptions {
    fn default() -> Self {
        Self {
            kind: ForgeKind::Github,
            api: "https://api.github.com".into(),
            repo: String::new(),
            token_env: String::new(),
            timeout_secs: 30,
        }
    }
}
