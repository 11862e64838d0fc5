//! The remote: which addresses are allowed, who is believed, and what is fetched.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use git2::{CertificateCheckStatus, Cred, CredentialType, Direction, Oid, RemoteCallbacks, Repository};
use secrecy::{ExposeSecret as _, SecretString};

use super::error::{Trouble, from_remote};
use super::{Credentials, PublishError, RepoOptions};

/// The branches of a remote at one moment.
#[derive(Debug, Clone)]
pub(super) struct Heads {
    /// The default branch's name.
    pub(super) default: String,
    /// Every branch with its commit.
    pub(super) branches: BTreeMap<String, Oid>,
}

/// What every exchange needs to know.
pub(super) struct Access<'a> {
    pub(super) options: &'a RepoOptions,
    pub(super) secret: Option<&'a SecretString>,
}

/// Checks an address before anything is done with it.
///
/// # Errors
/// [`PublishError::Refused`] with what is expected.
pub(super) fn check(options: &RepoOptions) -> Result<(), PublishError> {
    let remote = options.remote.as_str();
    let refuse = |why: &str| Err(PublishError::Refused(format!("the remote `{}`: {why}", shown(remote))));
    if remote.is_empty() || remote.starts_with('-') || remote.chars().any(|c| c.is_control()) {
        return refuse("a path, or a file, https or ssh address is expected");
    }
    let ssh = matches!(options.credentials, Credentials::Ssh { .. });
    if remote.contains("://") {
        let Ok(url) = url::Url::parse(remote) else { return refuse("it is not an address") };
        if url.password().is_some() || (url.scheme() != "ssh" && !url.username().is_empty()) {
            return refuse("it holds credentials: name an environment variable in `credentials` instead");
        }
        let loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        return match url.scheme() {
            "file" => Ok(()),
            "https" if ssh => refuse("an https address goes with a token, not with an SSH key"),
            "https" => Ok(()),
            "http" if loopback => Ok(()),
            "http" => refuse("http would send the token in the clear: use https"),
            "ssh" if ssh => Ok(()),
            "ssh" => refuse("an ssh address needs `credentials` with `key` and `known_hosts`"),
            other => refuse(&format!("{other} is not supported: use https or ssh")),
        };
    }
    if is_scp(remote) && !ssh {
        return refuse("an ssh address needs `credentials` with `key` and `known_hosts`");
    }
    if remote.contains("::") {
        return refuse("a transport helper is not supported: use https or ssh");
    }
    Ok(())
}

/// `user@host:path`, which is SSH too.
fn is_scp(remote: &str) -> bool {
    let before = remote.split(['/', ':']).next().unwrap_or_default();
    before.contains('@') && remote[before.len()..].starts_with(':')
}

/// An address without what could be secret in it.
pub(super) fn shown(remote: &str) -> String {
    match url::Url::parse(remote) {
        Ok(mut url) if remote.contains("://") => {
            let _ = url.set_password(None);
            if url.scheme() != "ssh" {
                let _ = url.set_username("");
            }
            url.set_query(None);
            url.to_string()
        }
        _ => remote.chars().filter(|c| !c.is_control()).take(200).collect(),
    }
}

impl<'a> Access<'a> {
    pub(super) fn shown(&self) -> String {
        shown(&self.options.remote)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_secs(self.options.timeout_secs.max(1))
    }

    /// Callbacks that offer our credentials once, believe only known hosts, and end at the deadline.
    pub(super) fn callbacks(&self) -> RemoteCallbacks<'a> {
        let mut callbacks = RemoteCallbacks::new();
        let (options, secret) = (self.options, self.secret);
        let asked = Cell::new(0);
        callbacks.credentials(move |url, user, allowed| {
            // libgit2 asks again and again when an answer is refused.
            asked.set(asked.get() + 1);
            if asked.get() > 2 {
                return Err(auth("the credentials were refused"));
            }
            credentials(options, secret, url, user, allowed)
        });
        let deadline = self.deadline();
        callbacks.transfer_progress(move |_| Instant::now() < deadline);
        callbacks.certificate_check(move |cert, host| match (cert.as_hostkey(), &options.credentials) {
            (None, _) => Ok(CertificateCheckStatus::CertificatePassthrough),
            (Some(key), Credentials::Ssh { known_hosts, .. }) => {
                let key = key.hostkey().ok_or_else(|| auth("the host showed no key"))?;
                known(known_hosts, host, port(&options.remote), key).map_err(|why| auth(&why))?;
                Ok(CertificateCheckStatus::CertificateOk)
            }
            (Some(_), _) => Err(auth("an SSH host needs `known_hosts`")),
        });
        callbacks
    }

    /// Connects, reads the branches, and fetches them all.
    pub(super) fn fetch(&self, repo: &Repository) -> Result<Heads, Trouble> {
        let remote_error = |error: &git2::Error| Trouble::from(from_remote(error, &self.shown()));
        let mut remote = repo.remote_anonymous(&self.options.remote).map_err(|e| remote_error(&e))?;
        let (default, branches) = {
            let connection =
                remote.connect_auth(Direction::Fetch, Some(self.callbacks()), None).map_err(|e| remote_error(&e))?;
            let branches = branches(connection.list().map_err(|e| remote_error(&e))?);
            let named = connection.default_branch().ok().and_then(|name| name.as_str().ok().map(str::to_owned));
            (named.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned)), branches)
        };
        let default = match (&self.options.branch, default) {
            (Some(name), _) => name.clone(),
            (None, Some(name)) => name,
            (None, None) => {
                let next = "push a first commit to it, or name its default branch in `branch`";
                return Err(PublishError::Refused(format!("{} names no default branch: {next}", self.shown())).into());
            }
        };
        if !branches.contains_key(&default) {
            let why = format!("{} has no branch `{default}`: push it, or name another in `branch`", self.shown());
            return Err(PublishError::Refused(why).into());
        }
        let mut options = git2::FetchOptions::new();
        options
            .remote_callbacks(self.callbacks())
            .prune(git2::FetchPrune::On)
            .download_tags(git2::AutotagOption::None)
            .follow_redirects(git2::RemoteRedirect::None)
            .update_fetchhead(false);
        remote.fetch(&["+refs/heads/*:refs/remotes/origin/*"], Some(&mut options), None).map_err(|error| {
            use git2::ErrorClass as Class;
            match error.class() {
                // What came over the wire was fine; our own store is not.
                Class::Odb | Class::Zlib | Class::Object | Class::Reference | Class::Repository | Class::Config => {
                    Trouble::Damage(error.message().to_owned())
                }
                _ => remote_error(&error),
            }
        })?;
        Ok(Heads { default, branches })
    }
}

/// The branches of an advertisement.
pub(super) fn branches(list: &[git2::RemoteHead<'_>]) -> BTreeMap<String, Oid> {
    list.iter()
        .filter_map(|head| head.name().strip_prefix("refs/heads/").map(|name| (name.to_owned(), head.oid())))
        .collect()
}

fn credentials(
    options: &RepoOptions,
    secret: Option<&SecretString>,
    url: &str,
    user: Option<&str>,
    allowed: CredentialType,
) -> Result<Cred, git2::Error> {
    match &options.credentials {
        Credentials::None => Err(auth("it asks for credentials: name them in `credentials`")),
        Credentials::Token { user, env } => {
            let host = |text: &str| url::Url::parse(text).ok().and_then(|u| u.host_str().map(str::to_owned));
            if host(url) != host(&options.remote) {
                return Err(auth("it sends us to another host, which does not get the token"));
            }
            let token = secret.ok_or_else(|| auth(&format!("the environment variable {env} is not set")))?;
            Cred::userpass_plaintext(user, token.expose_secret())
        }
        Credentials::Ssh { key, .. } => {
            let user = user.unwrap_or("git");
            if allowed.contains(CredentialType::USERNAME) {
                return Cred::username(user);
            }
            Cred::ssh_key(user, None, key, secret.map(|s| s.expose_secret()))
        }
    }
}

fn auth(message: &str) -> git2::Error {
    git2::Error::new(git2::ErrorCode::Auth, git2::ErrorClass::Callback, message)
}

fn port(remote: &str) -> u16 {
    url::Url::parse(remote).ok().and_then(|u| u.port()).unwrap_or(22)
}

/// Looks a host's key up in a file of known hosts (sshd(8)). Hashed entries and patterns are not read.
fn known(file: &Path, host: &str, port: u16, key: &[u8]) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|why| format!("{}: {why}", file.display()))?;
    let name = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
    let mut seen = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '@', '|'])) {
        let mut fields = line.split_whitespace();
        let (Some(names), Some(_), Some(encoded)) = (fields.next(), fields.next(), fields.next()) else { continue };
        if names.split(',').any(|n| n.eq_ignore_ascii_case(&name)) {
            seen = true;
            if base64::engine::general_purpose::STANDARD.decode(encoded).is_ok_and(|known| known == key) {
                return Ok(());
            }
        }
    }
    let file = file.display();
    Err(if seen {
        format!("the key of {name} is not the one in {file}: find out why before you change that file")
    } else {
        format!("{name} is not in {file}: add its key in plain form (ssh-keyscan without -H) after checking it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(remote: &str, credentials: Credentials) -> RepoOptions {
        RepoOptions { remote: remote.into(), credentials, ..RepoOptions::default() }
    }

    #[test]
    fn only_addresses_that_start_no_program_are_allowed() {
        let key = || Credentials::Ssh { key: "k".into(), known_hosts: "h".into(), passphrase_env: None };
        for good in
            ["/srv/site.git", "../site.git", "file:///srv/site.git", "https://a.example/x.git", "http://127.0.0.1:1/x"]
        {
            assert_eq!(check(&options(good, Credentials::None)), Ok(()), "{good}");
        }
        for good in ["ssh://git@a.example:2222/x.git", "git@a.example:x.git"] {
            assert_eq!(check(&options(good, key())), Ok(()), "{good}");
            assert!(check(&options(good, Credentials::None)).is_err(), "{good}");
        }
        for bad in [
            "",
            "-oProxyCommand=x",
            "--upload-pack=touch /tmp/x",
            "ext::sh -c x",
            "git://a.example/x",
            "http://a.example/x",
            "https://user:secret@a.example/x",
            "https://token@a.example/x",
            "a\nb",
            "javascript://x",
        ] {
            let refused = check(&options(bad, Credentials::None)).unwrap_err();
            assert!(!refused.to_string().contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_host_is_known_by_name_port_and_key() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# c\na.example,b.example ssh-ed25519 AAAA\n[c.example]:2222 ssh-rsa AAAB\n")
            .unwrap();
        assert_eq!(known(file.path(), "b.example", 22, &[0, 0, 0]), Ok(()));
        assert_eq!(known(file.path(), "c.example", 2222, &[0, 0, 1]), Ok(()));
        assert!(known(file.path(), "a.example", 22, &[9]).unwrap_err().contains("find out why"));
        assert!(known(file.path(), "c.example", 22, &[0, 0, 1]).unwrap_err().contains("is not in"));
        assert!(known(file.path(), "d.example", 22, &[0, 0, 0]).unwrap_err().contains("is not in"));
    }
}
