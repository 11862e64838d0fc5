//! What reaches `ssh`, and what does not.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

mod real;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTKoUZXxKYl2yFKzs6oS3C7MUrIoyUvNNsQZlXS0JWk";

fn good() -> SshCall {
    SshCall {
        host: "box.lan".into(),
        user: "pipeline".into(),
        port: 2222,
        identity: "/etc/pipeline/key".into(),
        known_host: KEY.into(),
        command: Some("suspend".into()),
    }
}

/// Everything that must never reach `ssh`, each with the key that names it.
fn attacks() -> Vec<(SshCall, &'static str)> {
    let mut all = Vec::new();
    let bad = [
        "",
        "-oProxyCommand=touch x",
        "-F",
        "--",
        "a;touch x",
        "a b",
        "a\nb",
        "$(touch x)",
        "`touch x`",
        "a|b",
        "a%h",
        "a'b",
        "a\0b",
        "é",
    ];
    for text in bad {
        all.push((SshCall { host: text.into(), ..good() }, "host"));
        all.push((SshCall { user: text.into(), ..good() }, "user"));
        all.push((SshCall { command: Some(text.into()), ..good() }, "command"));
        all.push((SshCall { identity: text.into(), ..good() }, "identity"));
    }
    for host in ["root@box", "box:22", "ssh://box", "[::1]", "fe80::1%eth0", "/box", ".box"] {
        all.push((SshCall { host: host.into(), ..good() }, "host"));
    }
    for path in ["/keys/%d", "/keys/${HOME}", "key", "~other/key", "/keys/\"x"] {
        all.push((SshCall { identity: path.into(), ..good() }, "identity"));
    }
    for key in [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 not-base64!",
        "ssh-dss AAAAB3NzaC1kc3MAAACBAA==",
        // Another kind than the key says.
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJTKoUZXxKYl2yFKzs6oS3C7MUrIoyUvNNsQZlXS0JWk",
        "* ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTKoUZXxKYl2yFKzs6oS3C7MUrIoyUvNNsQZlXS0JWk",
        "@cert-authority * ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTKoUZXxKYl2yFKzs6oS3C7MUrIoyUvNNsQZlXS0JWk",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTKoUZXxKYl2yFKzs6oS3C7MUrIoyUvNNsQZlXS0JWk\n* ssh-rsa AAAA",
    ] {
        all.push((SshCall { known_host: key.into(), ..good() }, "known_host"));
    }
    all.push((SshCall { port: 0, ..good() }, "port"));
    all
}

#[test]
fn only_plain_values_are_taken() {
    assert_eq!(good().check(), Ok(()));
    for host in ["192.168.1.20", "fd00::20", "box", "gpu-1.example.org"] {
        assert_eq!(SshCall { host: host.into(), ..good() }.check(), Ok(()), "{host}");
    }
    assert_eq!(SshCall { identity: "~/.ssh/my box".into(), ..good() }.check(), Ok(()));
    assert_eq!(SshCall { known_host: format!("{KEY} root@box"), command: None, ..good() }.check(), Ok(()));
    for (call, key) in attacks() {
        let said = call.check().expect_err(&format!("{call:?}"));
        assert!(said.contains(&format!("`{key}`")), "{call:?}: {said}");
    }
}

#[test]
fn the_arguments_are_always_the_same_but_for_checked_values() {
    let arguments: Vec<String> = good()
        .arguments(Path::new("/tmp/a folder/50%/known"), 20)
        .into_iter()
        .map(|a| a.into_string().unwrap())
        .collect();
    let (settings, rest) = arguments.split_at(6 + 2 * 21);
    assert_eq!(rest, ["-i", "/etc/pipeline/key", "-p", "2222", "-l", "pipeline", "--", "box.lan", "suspend"]);
    assert_eq!(settings[..6], ["-F", "/dev/null", "-n", "-T", "-x", "-a"]);
    assert!(settings[6..].chunks(2).all(|pair| pair[0] == "-o" && pair[1].contains('=')), "{settings:?}");
    for wanted in [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "UserKnownHostsFile=\"/tmp/a folder/50%%/known\"",
        "GlobalKnownHostsFile=/dev/null",
        "IdentitiesOnly=yes",
        "ProxyCommand=none",
        "ProxyJump=none",
        "PermitLocalCommand=no",
        "ClearAllForwardings=yes",
    ] {
        assert!(settings.iter().any(|s| s == wanted), "{wanted} is missing: {settings:?}");
    }
    let silent = SshCall { command: None, ..good() }.arguments(Path::new("/tmp/known"), 20);
    assert_eq!(silent.last().unwrap(), "box.lan", "nothing is asked where the forced command needs nothing");
}

/// An `ssh` that writes down what it was given, and ends as it is told.
struct FakeSsh {
    folder: tempfile::TempDir,
}

impl FakeSsh {
    fn that(then: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().display();
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$@\" >>{seen}/argv\nenv >{seen}/env\n\
             for word; do case $word in UserKnownHostsFile=*) eval \"cat ${{word#*=}}\" >{seen}/known;; esac; done\n{then}\n"
        );
        let path = folder.path().join("ssh");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn program(&self) -> String {
        self.folder.path().join("ssh").to_string_lossy().into_owned()
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join(name)).ok()
    }
}

#[tokio::test]
async fn what_is_not_plain_spawns_nothing() {
    let ssh = FakeSsh::that("exit 0");
    for (call, _) in attacks() {
        assert!(matches!(call.tell(&ssh.program(), 5).await, Err(Untold::Refused(_))), "{call:?}");
    }
    assert_eq!(ssh.read("argv"), None, "ssh was never started");
    assert_eq!(good().tell(&ssh.program(), 5).await, Ok(()));
    assert!(ssh.read("argv").is_some(), "and is where the values are good");
}

#[tokio::test]
async fn ssh_is_given_the_pinned_key_the_one_command_and_hardly_any_environment() {
    let ssh = FakeSsh::that("exit 0");
    assert_eq!(good().tell(&ssh.program(), 5).await, Ok(()));
    let argv = ssh.read("argv").unwrap();
    assert!(argv.ends_with("\n--\nbox.lan\nsuspend\n"), "{argv}");
    assert_eq!(ssh.read("known").unwrap(), format!("pinned {KEY}\n"));
    let known = argv.lines().find_map(|l| l.strip_prefix("UserKnownHostsFile=")).unwrap().trim_matches('"');
    assert!(!Path::new(known).exists(), "the file is gone afterwards");
    // What the shell sets by itself is no leak.
    let leaked: Vec<String> = ssh
        .read("env")
        .unwrap()
        .lines()
        .filter_map(|l| l.split_once('=').map(|(name, _)| name.to_owned()))
        .filter(|name| !matches!(name.as_str(), "PATH" | "HOME" | "SSH_AUTH_SOCK" | "PWD" | "OLDPWD" | "SHLVL" | "_"))
        .collect();
    assert!(leaked.is_empty(), "{leaked:?}");
}

#[tokio::test]
async fn how_ssh_ends_is_told_apart() {
    for (then, expected) in [
        ("exit 0", "yes"),
        ("echo no >&2; exit 3", "lost"),
        ("exec sleep 60", "lost"),
        ("echo 'Connection closed by remote host' >&2; exit 255", "lost"),
        ("echo 'Host key verification failed.' >&2; exit 255", "refused"),
        ("echo 'pipeline@box: Permission denied (publickey).' >&2; exit 255", "refused"),
    ] {
        let ssh = FakeSsh::that(then);
        let (told, why) = match good().tell(&ssh.program(), 1).await {
            Ok(()) => ("yes", String::new()),
            Err(Untold::Lost(why)) => ("lost", why),
            Err(Untold::Refused(why)) => ("refused", why),
        };
        assert_eq!(told, expected, "{then}: {why}");
    }
    assert!(matches!(good().tell("/no/such/ssh", 1).await, Err(Untold::Refused(_))));
}
