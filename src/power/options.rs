//! What is known of a worker.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::mac::validate_mac;
use super::means::{HttpCall, Means, http_url};
use super::packet::Via;
use super::secret;
use super::ssh::SshCall;
use super::upkeep::Meter;

/// How a box is woken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeBy {
    /// Magic packets to its hardware address, repeated until it answers.
    #[default]
    Packet,
    /// A command: program and arguments, run without a shell.
    Command(Vec<String>),
    /// An HTTP call, for a smart plug or a management controller.
    Http(HttpCall),
    /// A forced command on a machine beside the box that is always on, such as a router.
    Ssh(SshCall),
}

/// How a box is put to sleep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SleepBy {
    /// Not at all: it sleeps by itself, or never.
    #[default]
    None,
    /// A command: program and arguments, run without a shell.
    Command(Vec<String>),
    /// An HTTP call.
    Http(HttpCall),
    /// The forced command of our key on the box.
    Ssh(SshCall),
}

/// How it is asked whether somebody else is using the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// A command: exit code 0 says free, anything else busy.
    Command(Vec<String>),
    /// An HTTP call: 204, or 200 with `free` or `false` as its whole body, says free; anything else says busy.
    Http(HttpCall),
    /// The forced command of our key on the box: exit code 0 says free, anything else busy.
    Ssh(SshCall),
}

impl WakeBy {
    /// What is done, where it is not packets that are sent.
    pub(super) fn means(&self) -> Option<Means> {
        match self.clone() {
            Self::Packet => None,
            Self::Command(argv) => Some(Means::Command(argv)),
            Self::Http(call) => Some(Means::Http(call)),
            Self::Ssh(call) => Some(Means::Ssh(call)),
        }
    }
}

impl SleepBy {
    /// What is done, where anything is.
    pub(super) fn means(&self) -> Option<Means> {
        match self.clone() {
            Self::None => None,
            Self::Command(argv) => Some(Means::Command(argv)),
            Self::Http(call) => Some(Means::Http(call)),
            Self::Ssh(call) => Some(Means::Ssh(call)),
        }
    }
}

impl Probe {
    /// What is asked.
    pub(super) fn means(&self) -> Means {
        match self.clone() {
            Self::Command(argv) => Means::Command(argv),
            Self::Http(call) => Means::Http(call),
            Self::Ssh(call) => Means::Ssh(call),
        }
    }
}

/// A GPU box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerOptions {
    /// What the configuration calls it.
    pub name: String,
    /// Its hardware address, for waking by packet.
    pub mac: String,
    /// Where packets are sent: the broadcast address of the box's network, or the one of all networks.
    pub broadcast: IpAddr,
    /// Where they are sent besides: broadcast addresses of other networks, the box's own address, an IPv6 group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<IpAddr>,
    /// Through what they leave: names of this machine's network interfaces (Linux), or its addresses there. None: as the
    /// system's routes say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<String>,
    /// The UDP port they are sent to: 9, 7, or what a router forwards.
    pub port: u16,
    /// The variable that holds a SecureOn password: `AA:BB:CC:DD:EE:FF`, or four numbers as in `192.168.1.7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
    /// How many rounds of packets are sent at most, one every three seconds. None: until it answers or is given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packets: Option<u32>,
    /// An address that answers HTTP once models can be asked. Any answer below 500 counts.
    pub heartbeat_url: String,
    /// How long a waking box is waited for.
    pub heartbeat_seconds: u64,
    /// How often it is looked for meanwhile.
    pub poll_milliseconds: u64,
    /// How it is woken.
    pub wake: WakeBy,
    /// How it is put to sleep.
    pub sleep: SleepBy,
    /// How it is asked whether somebody else is using it. Without one, nobody is assumed to.
    pub busy: Option<Probe>,
    /// What tells the box that it is still wanted, once a minute while we hold it awake: without it a guard on the box cannot
    /// know that this machine has died.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keepalive: Option<Means>,
    /// How long a command or call may take.
    pub command_seconds: u64,
    /// How long the box stays awake after its last lease.
    pub linger_seconds: u64,
    /// What it draws while awake, in watts.
    pub watts_awake: u32,
    /// How much work is worth waking it for.
    pub min_batch: u32,
    /// When it may be used: `22:00-07:00`, several ranges with commas between. Empty: always.
    pub hours: String,
    /// The time zone of `hours`.
    pub time_zone: String,
    /// What is done once when a model has become slow.
    pub repair: Option<Means>,
    /// Where its use of energy can be read. Without one, `watts_awake` counts.
    pub meter: Option<Meter>,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            name: "box".into(),
            mac: String::new(),
            broadcast: IpAddr::from([255, 255, 255, 255]),
            targets: Vec::new(),
            interfaces: Vec::new(),
            port: 9,
            password_env: None,
            packets: None,
            heartbeat_url: String::new(),
            heartbeat_seconds: 120,
            poll_milliseconds: 1_000,
            wake: WakeBy::Packet,
            sleep: SleepBy::None,
            busy: None,
            keepalive: None,
            command_seconds: 20,
            linger_seconds: 30,
            watts_awake: 250,
            min_batch: 3,
            hours: String::new(),
            time_zone: "UTC".into(),
            repair: None,
            meter: None,
        }
    }
}

/// Why a worker cannot be used as it is described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("worker `{name}`: {problem}")]
pub struct BadWorker {
    /// The worker.
    pub name: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

impl WorkerOptions {
    /// The hours in which it may be used, with their time zone. What cannot be read is refused by [`Self::check`].
    pub fn opening_hours(&self) -> (states::hours::Hours, jiff::tz::TimeZone) {
        let zone = jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        (self.hours.parse().unwrap_or_default(), zone)
    }

    /// Checks what can be checked without a network.
    ///
    /// # Errors
    /// The first thing that cannot work.
    pub fn check(&self) -> Result<(), BadWorker> {
        let bad = |problem: String| Err(BadWorker { name: self.name.clone(), problem });
        if let Err(problem) = http_url(&self.heartbeat_url) {
            return bad(format!("`heartbeat_url` {problem}"));
        }
        if !(1..=3_600).contains(&self.heartbeat_seconds) || !(10..=60_000).contains(&self.poll_milliseconds) {
            return bad("`heartbeat_seconds` must be 1 to 3600 and `poll_milliseconds` 10 to 60000".into());
        }
        if !(1..=600).contains(&self.command_seconds) {
            return bad("`command_seconds` must be 1 to 600".into());
        }
        if let Err(error) = self.hours.parse::<states::hours::Hours>() {
            return bad(format!("`hours`: {error}"));
        }
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            return bad(format!("`{}` is not an IANA time zone such as Europe/Berlin", self.time_zone));
        }
        if self.meter.as_ref().is_some_and(|meter| !meter.json_pointer.starts_with('/')) {
            return bad("`json_pointer` of the meter must begin with /, as in /StatusSNS/ENERGY/Total".into());
        }
        for (key, means) in self.performed() {
            if let Err(problem) = means.check() {
                return bad(format!("`{key}`: {problem}"));
            }
        }
        match self.check_packets() {
            Err(problem) if self.wake == WakeBy::Packet => bad(problem),
            _ => Ok(()),
        }
    }

    fn check_packets(&self) -> Result<(), String> {
        validate_mac(&self.mac).map_err(|error| error.to_string())?;
        if self.packets.is_some_and(|n| !(1..=2_000).contains(&n)) {
            return Err("`packets` must be 1 to 2000".into());
        }
        if self.port == 0 {
            return Err("`port` must be 1 to 65535; cards hear 9, and some 7".into());
        }
        if self.password_env.as_ref().is_some_and(|name| !secret::is_name(name)) {
            return Err("`password_env` must be the name of the variable that holds the password".into());
        }
        for name in &self.interfaces {
            let via = Via::parse(name)?;
            if !std::iter::once(&self.broadcast).chain(&self.targets).any(|target| via.reaches(*target)) {
                return Err(format!(
                    "`interfaces` holds `{name}`, which reaches no address in `broadcast` and `targets`: both must be IPv4, or \
                     both IPv6"
                ));
            }
        }
        Ok(())
    }

    /// The variables that it names: their values are secret.
    pub fn variables(&self) -> Vec<&str> {
        let calls = self.calls().filter_map(|call| call.token_env.as_deref());
        calls.chain(self.password_env.as_deref()).collect()
    }

    /// The addresses that it names.
    pub fn addresses(&self) -> Vec<&str> {
        self.calls().map(|call| call.url.as_str()).chain([self.heartbeat_url.as_str()]).collect()
    }

    fn calls(&self) -> impl Iterator<Item = &HttpCall> {
        let wake = if let WakeBy::Http(call) = &self.wake { Some(call) } else { None };
        let sleep = if let SleepBy::Http(call) = &self.sleep { Some(call) } else { None };
        let busy = if let Some(Probe::Http(call)) = &self.busy { Some(call) } else { None };
        let means = [&self.keepalive, &self.repair].into_iter().flatten();
        let means = means.filter_map(|means| if let Means::Http(call) = means { Some(call) } else { None });
        [wake, sleep, busy, self.meter.as_ref().map(|meter| &meter.http)].into_iter().flatten().chain(means)
    }

    /// What is called and run, with the key it stands under.
    fn performed(&self) -> Vec<(&'static str, Means)> {
        let named = [
            ("wake", self.wake.means()),
            ("sleep", self.sleep.means()),
            ("busy", self.busy.as_ref().map(Probe::means)),
            ("keepalive", self.keepalive.clone()),
            ("repair", self.repair.clone()),
            ("meter", self.meter.as_ref().map(|meter| Means::Http(meter.http.clone()))),
        ];
        named.into_iter().filter_map(|(key, means)| means.map(|means| (key, means))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> WorkerOptions {
        WorkerOptions {
            mac: "02:00:5e:10:00:01".into(),
            heartbeat_url: "http://127.0.0.1:1/v1/models".into(),
            ..WorkerOptions::default()
        }
    }

    #[test]
    fn options_are_read_as_people_write_them() {
        let options: WorkerOptions = toml::from_str(
            r#"
            name = "box"
            heartbeat_url = "http://10.0.0.5:11434/api/version"
            wake = { http = { url = "http://plug.lan/on" } }
            sleep = { command = ["ssh", "box", "systemctl", "suspend"] }
            busy = { http = { url = "http://10.0.0.5/busy", method = "GET" } }
            "#,
        )
        .unwrap();
        assert_eq!(options.check(), Ok(()));
        assert_eq!(options.wake, WakeBy::Http(HttpCall::to("http://plug.lan/on")));
        let packet: WorkerOptions = toml::from_str("wake = \"packet\"\nsleep = \"none\"").unwrap();
        assert_eq!((packet.wake, packet.sleep), (WakeBy::Packet, SleepBy::None));
        assert!(toml::from_str::<WorkerOptions>("colour = 1").is_err());
        let all: WorkerOptions = toml::from_str(
            r#"
            mac = "02-00-5e-10-00-01"
            targets = ["192.168.1.20", "ff02::1"]
            interfaces = ["eth0", "192.168.1.5"]
            port = 7
            password_env = "BOX_SECUREON"
            heartbeat_url = "http://10.0.0.5:11434/api/version"
            keepalive = { command = ["touch", "/run/lease"] }
            wake = "packet"
            [sleep.http]
            url = "https://controller.lan/redfish/sleep"
            headers = { content-type = "application/json" }
            body = '{"ResetType":"GracefulShutdown"}'
            token_env = "BOX_TOKEN"
            token_header = "x-auth-token"
            [busy.ssh]
            host = "box"
            user = "pipeline"
            identity = "~/.ssh/box"
            known_host = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTKoUZXxKYl2yFKzs6oS3C7MUrIoyUvNNsQZlXS0JWk"
            command = "busy"
            "#,
        )
        .unwrap();
        assert_eq!(all.check(), Ok(()));
        assert_eq!(toml::from_str::<WorkerOptions>(&toml::to_string(&all).unwrap()).unwrap(), all);
    }

    #[test]
    fn what_cannot_work_is_named() {
        assert_eq!(good().check(), Ok(()));
        let call = |url: &str, method: &str| HttpCall { method: method.into(), ..HttpCall::to(url) };
        let post = HttpCall::to("http://x");
        let headers = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
        let http = |call: HttpCall| WorkerOptions { sleep: SleepBy::Http(call), ..good() };
        for (options, word) in [
            (WorkerOptions { mac: "G0:00:00:00:00:00".into(), ..good() }, "MAC"),
            (WorkerOptions { heartbeat_url: "box".into(), ..good() }, "heartbeat_url"),
            (WorkerOptions { heartbeat_seconds: 0, ..good() }, "heartbeat_seconds"),
            (WorkerOptions { sleep: SleepBy::Command(vec![]), ..good() }, "sleep"),
            (WorkerOptions { wake: WakeBy::Http(call("file:///x", "POST")), ..good() }, "wake"),
            (WorkerOptions { busy: Some(Probe::Http(call("http://x", "DELETE"))), ..good() }, "busy"),
            (WorkerOptions { hours: "22-7".into(), ..good() }, "hours"),
            (WorkerOptions { time_zone: "Mars/Olympus".into(), ..good() }, "time zone"),
            (WorkerOptions { repair: Some(Means::Command(vec![])), ..good() }, "repair"),
            (WorkerOptions { packets: Some(0), ..good() }, "packets"),
            (WorkerOptions { port: 0, ..good() }, "port"),
            (WorkerOptions { interfaces: vec!["a b".into()], ..good() }, "interfaces"),
            (WorkerOptions { interfaces: vec!["fd00::5".into()], ..good() }, "interfaces"),
            (WorkerOptions { password_env: Some("0a:1b:2c:3d:4e:5f".into()), ..good() }, "password_env"),
            (WorkerOptions { keepalive: Some(Means::Command(vec![])), ..good() }, "keepalive"),
            (http(HttpCall { headers: headers("a b", "c"), ..post.clone() }), "header"),
            (http(HttpCall { headers: headers("a", "b\r\nc: d"), ..post.clone() }), "header"),
            (http(HttpCall { body: Some("x".repeat(5_000)), ..post.clone() }), "body"),
            (http(HttpCall { token_env: Some("a-b".into()), ..post.clone() }), "token_env"),
            (http(HttpCall { token_header: Some("x-token".into()), ..post.clone() }), "token_env"),
        ] {
            let said = options.check().unwrap_err().to_string();
            assert!(said.contains(word), "{word}: {said}");
        }
        // What only packets need is not asked of a box that is woken otherwise.
        let plug = WorkerOptions { mac: String::new(), wake: WakeBy::Http(post), ..good() };
        assert_eq!(plug.check(), Ok(()));
    }
}
