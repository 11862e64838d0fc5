//! SSH to the box: one host key that is pinned, one key of ours, and no say in what else `ssh` does.
//!
//! The system's `ssh` is run with arguments that are the same but for values whose every character was checked. It reads no
//! configuration of anybody, so none can name a proxy, a local command or another host.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::means::Untold;
use super::perform::{Ran, run_command};

/// The name that the pinned key has in the file that `ssh` is given: whatever the host is called, this key is compared.
const ALIAS: &str = "pinned";
/// `ssh` ends with this code when it could not do what it was told; every other code is the remote command's.
const SSH_FAILED: i32 = 255;
/// Kinds of host keys.
const KINDS: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// How the box is reached by SSH, and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshCall {
    /// Its name or address.
    pub host: String,
    /// Who we are there: a user who can do this one thing.
    pub user: String,
    /// Its port.
    #[serde(default = "port")]
    pub port: u16,
    /// The file of our private key: an absolute path, or one that begins with `~/`.
    pub identity: String,
    /// The host's public key, as `ssh-keyscan` or the box's `/etc/ssh/ssh_host_ed25519_key.pub` tells it: `ssh-ed25519 AAAA…`.
    pub known_host: String,
    /// The word that the forced command on the box is told (`SSH_ORIGINAL_COMMAND`); none where it needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

fn port() -> u16 {
    22
}

fn word(text: &str, most: usize, also: &str) -> bool {
    text.len() <= most
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || also.as_bytes().contains(&b))
}

impl SshCall {
    /// Checks every value that becomes an argument or a line of a file.
    ///
    /// # Errors
    /// What is wrong, and what is expected.
    pub(super) fn check(&self) -> Result<(), String> {
        if !word(&self.host, 253, ".-_") && self.host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err("`host` must be a host's name or address: letters, digits, `.` and `-`".into());
        }
        if !word(&self.user, 32, "._-") {
            return Err("`user` must be a user's name: letters, digits, `.`, `_` and `-`".into());
        }
        if self.port == 0 {
            return Err("`port` must be 1 to 65535".into());
        }
        if self.command.as_ref().is_some_and(|c| !word(c, 64, "._-")) {
            return Err(
                "`command` must be one word (letters, digits, `.`, `_`, `-`): the box's forced command decides what \
                        it means"
                    .into(),
            );
        }
        let path = &self.identity;
        // `%`, `$` and quotes mean something to ssh in a path.
        let plain = !path.chars().any(|c| c.is_control() || matches!(c, '%' | '$' | '"' | '\'' | '\\'));
        if !(plain && (path.starts_with('/') || path.starts_with("~/"))) {
            return Err(
                "`identity` must be an absolute path, or begin with `~/`, without %, $, quotes and backslashes".into(),
            );
        }
        self.pinned().map(|_| ())
    }

    /// The line of the file of known hosts. A comment behind the key is left out.
    fn pinned(&self) -> Result<String, String> {
        let wrong = || {
            Err("`known_host` must be the box's public host key, as in `ssh-ed25519 AAAA…`: `ssh-keyscan -t ed25519 HOST` \
                 tells it; compare it with /etc/ssh/ssh_host_ed25519_key.pub on the box"
                .to_owned())
        };
        let mut words = self.known_host.split(' ').filter(|w| !w.is_empty());
        let (Some(kind), Some(key)) = (words.next(), words.next()) else { return wrong() };
        if !KINDS.contains(&kind) || self.known_host.chars().any(char::is_control) {
            return wrong();
        }
        // The key names its kind again, behind its length (RFC 4253, 6.6).
        let Ok(blob) = base64::engine::general_purpose::STANDARD.decode(key) else { return wrong() };
        let Ok(length) = u32::try_from(kind.len()) else { return wrong() };
        let named = [&length.to_be_bytes()[..], kind.as_bytes()].concat();
        if !blob.starts_with(&named) || blob.len() <= named.len() {
            return wrong();
        }
        Ok(format!("{ALIAS} {kind} {key}\n"))
    }

    /// The arguments of `ssh`.
    fn arguments(&self, known_hosts: &Path, seconds: u64) -> Vec<OsString> {
        let mut arguments: Vec<OsString> =
            ["-F", "/dev/null", "-n", "-T", "-x", "-a"].iter().map(OsString::from).collect();
        // Quoted, and its percent signs doubled: folders for temporary files have any name.
        let file = known_hosts.to_string_lossy().replace('%', "%%");
        let settings = [
            "BatchMode=yes".to_owned(),
            "StrictHostKeyChecking=yes".into(),
            format!("UserKnownHostsFile=\"{file}\""),
            "GlobalKnownHostsFile=/dev/null".into(),
            format!("HostKeyAlias={ALIAS}"),
            "CheckHostIP=no".into(),
            "UpdateHostKeys=no".into(),
            "VerifyHostKeyDNS=no".into(),
            "IdentitiesOnly=yes".into(),
            "PreferredAuthentications=publickey".into(),
            "ProxyCommand=none".into(),
            "ProxyJump=none".into(),
            "PermitLocalCommand=no".into(),
            "ClearAllForwardings=yes".into(),
            "ControlMaster=no".into(),
            "ControlPath=none".into(),
            "RequestTTY=no".into(),
            "LogLevel=ERROR".into(),
            format!("ConnectTimeout={}", seconds.clamp(1, 10)),
            // A box that falls asleep in mid-connection is noticed.
            "ServerAliveInterval=2".into(),
            "ServerAliveCountMax=2".into(),
        ];
        for setting in settings {
            arguments.extend(["-o".into(), setting.into()]);
        }
        arguments.extend(["-i".into(), (&self.identity).into()]);
        arguments.extend(["-p".into(), self.port.to_string().into()]);
        arguments.extend(["-l".into(), (&self.user).into()]);
        arguments.extend(["--".into(), (&self.host).into()]);
        arguments.extend(self.command.iter().map(OsString::from));
        arguments
    }

    /// Tells the box. `program` is the `ssh` that is run.
    ///
    /// # Errors
    /// When it did not say yes.
    pub(super) async fn tell(&self, program: &str, seconds: u64) -> Result<(), Untold> {
        let pinned = self.check().and_then(|()| self.pinned()).map_err(Untold::Refused)?;
        // Gone when this ends, however it ends.
        let file = tempfile::NamedTempFile::new().and_then(|mut file| file.write_all(pinned.as_bytes()).map(|()| file));
        let file =
            file.map_err(|error| Untold::Refused(format!("no file for the host's key can be written: {error}")))?;
        let mut command = Command::new(program);
        command.args(self.arguments(file.path(), seconds)).env_clear();
        // Nothing of our environment but what finding the program and an agent takes.
        for name in ["PATH", "HOME", "SSH_AUTH_SOCK"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        match run_command(program, command, seconds).await {
            Ok(Ran::Well) => Ok(()),
            Ok(Ran::Badly { code: Some(SSH_FAILED), why }) => Err(refused(why)),
            Ok(Ran::Badly { why, .. }) => Err(Untold::Lost(why)),
            Err(why) => Err(Untold::Refused(why)),
        }
    }
}

/// What `ssh` itself failed at, told apart: a stranger or a closed door is no box that falls asleep.
fn refused(why: String) -> Untold {
    if why.contains("Host key verification failed") || why.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        return Untold::Refused(
            "the host shows another key than `known_host`, and was told nothing: is it another machine, or was it set up anew? \
             Compare its /etc/ssh/ssh_host_*_key.pub"
                .into(),
        );
    }
    if why.contains("Permission denied") {
        let next = "is the public half of `identity` in the box's authorized_keys?";
        return Untold::Refused(format!("the box does not take our key: {next} ({why})"));
    }
    Untold::Lost(why)
}

#[cfg(test)]
mod tests;
