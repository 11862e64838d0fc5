//! Waking a box, and asking whether it is there.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::mac::validate_mac;
use super::options::{WakeBy, WorkerOptions};
use super::perform::{Ran, call, client, run};

/// A packet may be lost, and a box that is still falling asleep does not hear it: it is repeated this often.
const BETWEEN_PACKETS: Duration = Duration::from_secs(3);
/// A heartbeat that takes longer is none.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(3);

/// What became of waking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeOutcome {
    /// It was awake: not woken by us, so not ours to put to sleep.
    AlreadyAwake,
    /// It answers now.
    Woken {
        /// From the first packet to the first answer.
        after_ms: u64,
        /// Packets sent; 0 where it is woken by other means.
        packets: u32,
    },
    /// It did not answer in time.
    Silent {
        /// Packets sent.
        packets: u32,
        /// How long it was waited for.
        waited_ms: u64,
    },
    /// It could not even be tried.
    NotPossible {
        /// Why, and what to do.
        why: String,
    },
}

/// Whether the box answers its heartbeat, asked once. Any status below 500 counts: a server that is loading says 503.
pub async fn alive(options: &WorkerOptions) -> bool {
    let Some(client) = client(HEARTBEAT_LIMIT) else { return false };
    match client.get(&options.heartbeat_url).send().await {
        Ok(response) => response.status().as_u16() < 500,
        Err(_) => false,
    }
}

/// Wakes the box, unless it is awake, and waits for its heartbeat. `progress` is told what is being done.
pub async fn wake(options: &WorkerOptions, progress: impl Fn(&str)) -> WakeOutcome {
    if let Err(error) = options.check() {
        return WakeOutcome::NotPossible { why: error.to_string() };
    }
    if alive(options).await {
        return WakeOutcome::AlreadyAwake;
    }
    let started = Instant::now();
    let deadline = Duration::from_secs(options.heartbeat_seconds);
    let mut packets = 0;
    let mut next_packet = Duration::ZERO;
    match &options.wake {
        WakeBy::Packet => {}
        other => {
            progress(&format!("waking {}", options.name));
            if let Err(why) = by_other_means(other, options.command_seconds).await {
                return WakeOutcome::NotPossible { why: format!("waking {}: {why}", options.name) };
            }
        }
    }
    loop {
        if options.wake == WakeBy::Packet && packets < options.packets && started.elapsed() >= next_packet {
            if let Err(why) = send_packet(options) {
                return WakeOutcome::NotPossible { why };
            }
            packets += 1;
            next_packet = started.elapsed() + BETWEEN_PACKETS;
            progress(&format!("waking {}, packet {packets}", options.name));
        }
        // Looked at before the deadline is: the last look counts.
        if alive(options).await {
            return WakeOutcome::Woken { after_ms: milliseconds(started.elapsed()), packets };
        }
        let left = deadline.saturating_sub(started.elapsed());
        if left.is_zero() {
            progress(&format!("{} stays silent", options.name));
            return WakeOutcome::Silent { packets, waited_ms: milliseconds(started.elapsed()) };
        }
        tokio::time::sleep(left.min(Duration::from_millis(options.poll_milliseconds))).await;
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// One magic packet: 6 × FF and 16 × the address, to UDP port 9.
fn send_packet(options: &WorkerOptions) -> Result<(), String> {
    let mac = validate_mac(&options.mac).map_err(|error| error.to_string())?;
    let from = if options.broadcast.is_ipv6() {
        std::net::Ipv6Addr::UNSPECIFIED.into()
    } else {
        std::net::Ipv4Addr::UNSPECIFIED.into()
    };
    wol::send_wol(mac, Some(options.broadcast), Some(from)).map_err(|error| {
        format!(
            "no packet can be sent to {} ({error}): is the network up, and is `broadcast` an address of it?",
            options.broadcast
        )
    })
}

async fn by_other_means(means: &WakeBy, seconds: u64) -> Result<(), String> {
    match means {
        WakeBy::Packet => Ok(()),
        WakeBy::Command(argv) => match run(argv, seconds).await? {
            Ran::Well => Ok(()),
            Ran::Badly(why) => Err(why),
        },
        WakeBy::Http(target) => match call(target, seconds).await? {
            (200..=299, _) => Ok(()),
            (status, _) => Err(format!("the call was answered with HTTP {status}")),
        },
    }
}
