//! Against a real `sshd` on loopback, where the machine has one (`PIPELINE_SSHD`, or /usr/sbin/sshd).

use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use super::*;

struct Sshd {
    folder: tempfile::TempDir,
    server: Child,
    port: u16,
}

impl Sshd {
    /// A server whose `authorized_keys` lets one key do what one script decides. Or why there is none.
    fn start() -> Result<Self, String> {
        let program = std::env::var_os("PIPELINE_SSHD").map_or_else(|| PathBuf::from("/usr/sbin/sshd"), PathBuf::from);
        if !program.is_file() {
            return Err(format!("there is no {}", program.display()));
        }
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let path = |name: &str| folder.path().join(name);
        for key in ["host", "other_host", "ours", "strangers"] {
            let mut keygen = Process::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(path(key));
            keygen.stdin(Stdio::null()).status().map_err(|error| format!("ssh-keygen: {error}"))?;
        }
        let log = path("log");
        let script = format!(
            "#!/bin/sh\nprintf '[%s]\\n' \"$SSH_ORIGINAL_COMMAND\" >>{}\n\
             case $SSH_ORIGINAL_COMMAND in suspend|'') exit 0;; busy) exit 1;; *) echo 'not allowed' >&2; exit 64;; esac\n",
            log.display()
        );
        std::fs::write(path("forced"), script).unwrap();
        std::fs::set_permissions(path("forced"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let ours = std::fs::read_to_string(path("ours.pub")).map_err(|e| e.to_string())?;
        let line = format!("restrict,command=\"{}\" {ours}", path("forced").display());
        std::fs::write(path("authorized_keys"), line).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).unwrap().port();
        let mut server = Process::new(&program);
        server.args(["-D", "-e", "-f", "/dev/null", "-p", &port.to_string()]).arg("-h").arg(path("host"));
        for setting in [
            "ListenAddress=127.0.0.1".to_owned(),
            "PidFile=none".into(),
            "UsePAM=no".into(),
            "StrictModes=no".into(),
            "PasswordAuthentication=no".into(),
            "KbdInteractiveAuthentication=no".into(),
            format!("AuthorizedKeysFile={}", path("authorized_keys").display()),
        ] {
            server.args(["-o", &setting]);
        }
        let said = std::fs::File::create(path("sshd.log")).unwrap();
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn();
        let mut sshd = Self { folder, server: server.map_err(|e| format!("{}: {e}", program.display()))?, port };
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if let Ok(Some(status)) = sshd.server.try_wait() {
                return Err(format!("sshd ended with {status}: {}", sshd.read("sshd.log").trim()));
            }
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(sshd);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("sshd does not listen within 10 s".into())
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    fn call(&self, command: Option<&str>) -> SshCall {
        let user = Process::new("id").arg("-un").output().unwrap().stdout;
        SshCall {
            host: "127.0.0.1".into(),
            user: String::from_utf8(user).unwrap().trim().into(),
            port: self.port,
            identity: self.folder.path().join("ours").to_string_lossy().into_owned(),
            known_host: self.read("host.pub").trim().into(),
            command: command.map(str::to_owned),
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test]
async fn a_real_server_runs_the_forced_command_for_our_key_and_nothing_for_anybody_else() {
    let sshd = match Sshd::start() {
        Ok(sshd) => sshd,
        Err(why) => {
            #[allow(clippy::print_stderr, reason = "a skipped test says so")]
            {
                eprintln!("SKIPPED: no sshd here ({why})");
            }
            return;
        }
    };
    let told = |call: SshCall| async move { call.tell("ssh", 20).await };
    assert_eq!(told(sshd.call(Some("suspend"))).await, Ok(()), "{}", sshd.read("sshd.log"));
    assert_eq!(told(sshd.call(None)).await, Ok(()));
    assert!(matches!(told(sshd.call(Some("busy"))).await, Err(Untold::Lost(why)) if why.contains("exit status: 1")));
    let other = told(sshd.call(Some("reboot"))).await;
    assert!(matches!(&other, Err(Untold::Lost(why)) if why.ends_with("not allowed")), "{other:?}");
    assert_eq!(sshd.read("log"), "[suspend]\n[]\n[busy]\n[reboot]\n", "the box decides what a word means");

    // Another host's key, and another's key of ours.
    let changed = SshCall { known_host: sshd.read("other_host.pub").trim().into(), ..sshd.call(Some("suspend")) };
    let refused = told(changed).await;
    assert!(
        matches!(&refused, Err(Untold::Refused(why)) if why.contains("another key than `known_host`")),
        "{refused:?}"
    );
    let stranger = sshd.folder.path().join("strangers").to_string_lossy().into_owned();
    let refused = told(SshCall { identity: stranger, ..sshd.call(Some("suspend")) }).await;
    assert!(matches!(&refused, Err(Untold::Refused(why)) if why.contains("authorized_keys")), "{refused:?}");
    assert_eq!(sshd.read("log").lines().count(), 4, "neither was told anything");
}
