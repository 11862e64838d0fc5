//! What is known of a worker.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::mac::validate_mac;
use super::upkeep::{Meter, Repair};

/// How a box is woken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeBy {
    /// A magic packet to its hardware address, UDP port 9.
    #[default]
    Packet,
    /// A command: program and arguments, run without a shell.
    Command(Vec<String>),
    /// An HTTP call, for a smart plug or a management controller.
    Http(HttpCall),
}

/// How a box is put to sleep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SleepBy {
    /// Not at all: it sleeps by itself, or never.
    #[default]
    None,
    /// A command: program and arguments, run without a shell. `ssh box systemctl suspend` as four words.
    Command(Vec<String>),
    /// An HTTP call.
    Http(HttpCall),
}

/// How it is asked whether somebody else is using the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// A command: exit code 0 says free, anything else busy.
    Command(Vec<String>),
    /// An HTTP call: 204, or 200 with `free` or `false` as its whole body, says free; anything else says busy.
    Http(HttpCall),
}

/// One HTTP call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpCall {
    /// Where.
    pub url: String,
    /// GET, POST or PUT.
    #[serde(default = "post")]
    pub method: String,
}

fn post() -> String {
    "POST".into()
}

/// A GPU box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerOptions {
    /// What the configuration calls it.
    pub name: String,
    /// Its hardware address, for waking by packet.
    pub mac: String,
    /// Where the packet is sent: the broadcast address of the box's network.
    pub broadcast: IpAddr,
    /// How many packets are sent at most, one every few seconds.
    pub packets: u32,
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
    pub repair: Option<Repair>,
    /// Where its use of energy can be read. Without one, `watts_awake` counts.
    pub meter: Option<Meter>,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            name: "box".into(),
            mac: String::new(),
            broadcast: IpAddr::from([255, 255, 255, 255]),
            packets: 10,
            heartbeat_url: String::new(),
            heartbeat_seconds: 120,
            poll_milliseconds: 1_000,
            wake: WakeBy::Packet,
            sleep: SleepBy::None,
            busy: None,
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
            match means {
                Means::Http(call) => {
                    if let Err(problem) = http_url(&call.url) {
                        return bad(format!("the URL of `{key}` {problem}"));
                    }
                    if !matches!(call.method.as_str(), "GET" | "POST" | "PUT") {
                        return bad(format!("the method of `{key}` must be GET, POST or PUT"));
                    }
                }
                Means::Command(argv) => {
                    if argv.first().is_none_or(String::is_empty) || argv.iter().any(|a| a.contains('\0')) {
                        return bad(format!("the command of `{key}` must be a list that begins with a program"));
                    }
                }
            }
        }
        if self.wake == WakeBy::Packet {
            if let Err(error) = validate_mac(&self.mac) {
                return bad(error.to_string());
            }
            if !(1..=1_000).contains(&self.packets) {
                return bad("`packets` must be 1 to 1000".into());
            }
        }
        Ok(())
    }

    /// What is called and run, with the key it stands under.
    fn performed(&self) -> Vec<(&'static str, Means<'_>)> {
        let wake = match &self.wake {
            WakeBy::Packet => None,
            WakeBy::Command(argv) => Some(Means::Command(argv)),
            WakeBy::Http(call) => Some(Means::Http(call)),
        };
        let sleep = match &self.sleep {
            SleepBy::None => None,
            SleepBy::Command(argv) => Some(Means::Command(argv)),
            SleepBy::Http(call) => Some(Means::Http(call)),
        };
        let busy = self.busy.as_ref().map(|probe| match probe {
            Probe::Command(argv) => Means::Command(argv),
            Probe::Http(call) => Means::Http(call),
        });
        let repair = self.repair.as_ref().map(|repair| match repair {
            Repair::Command(argv) => Means::Command(argv),
            Repair::Http(call) => Means::Http(call),
        });
        let meter = self.meter.as_ref().map(|meter| Means::Http(&meter.http));
        let named = [("wake", wake), ("sleep", sleep), ("busy", busy), ("repair", repair), ("meter", meter)];
        named.into_iter().filter_map(|(key, means)| means.map(|means| (key, means))).collect()
    }
}

enum Means<'a> {
    Command(&'a [String]),
    Http(&'a HttpCall),
}

fn http_url(text: &str) -> Result<(), String> {
    match text.parse::<url::Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        _ => Err("must begin with http:// or https:// and name a host".into()),
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
        assert_eq!(options.wake, WakeBy::Http(HttpCall { url: "http://plug.lan/on".into(), method: "POST".into() }));
        let packet: WorkerOptions = toml::from_str("wake = \"packet\"\nsleep = \"none\"").unwrap();
        assert_eq!((packet.wake, packet.sleep), (WakeBy::Packet, SleepBy::None));
        assert!(toml::from_str::<WorkerOptions>("colour = 1").is_err());
    }

    #[test]
    fn what_cannot_work_is_named() {
        assert_eq!(good().check(), Ok(()));
        let call = |url: &str, method: &str| HttpCall { url: url.into(), method: method.into() };
        for (options, word) in [
            (WorkerOptions { mac: "G0:00:00:00:00:00".into(), ..good() }, "MAC"),
            (WorkerOptions { heartbeat_url: "box".into(), ..good() }, "heartbeat_url"),
            (WorkerOptions { heartbeat_seconds: 0, ..good() }, "heartbeat_seconds"),
            (WorkerOptions { sleep: SleepBy::Command(vec![]), ..good() }, "sleep"),
            (WorkerOptions { wake: WakeBy::Http(call("file:///x", "POST")), ..good() }, "wake"),
            (WorkerOptions { busy: Some(Probe::Http(call("http://x", "DELETE"))), ..good() }, "busy"),
            (WorkerOptions { packets: 0, ..good() }, "packets"),
            (WorkerOptions { hours: "22-7".into(), ..good() }, "hours"),
            (WorkerOptions { time_zone: "Mars/Olympus".into(), ..good() }, "time zone"),
            (WorkerOptions { repair: Some(Repair::Command(vec![])), ..good() }, "repair"),
        ] {
            assert!(options.check().unwrap_err().to_string().contains(word));
        }
    }
}
