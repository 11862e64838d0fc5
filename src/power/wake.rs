//! Waking a box, and asking whether it is there.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::options::{WakeBy, WorkerOptions};
use super::packet;
use super::perform::client;

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
        /// Rounds of packets sent; 0 where it is woken by other means.
        packets: u32,
    },
    /// It did not answer in time.
    Silent {
        /// Rounds of packets sent.
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

impl WakeOutcome {
    /// What was waited for in vain, in words: how long, and after what.
    pub fn silence(packets: u32, waited_ms: u64) -> String {
        let after = match packets {
            0 => "its `wake` was done".to_owned(),
            1 => "a magic packet".to_owned(),
            n => format!("{n} rounds of magic packets"),
        };
        format!("no heartbeat within {} s after {after}", waited_ms / 1_000)
    }
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
    let most = options.packets.unwrap_or(u32::MAX);
    if let Some(means) = options.wake.means() {
        progress(&format!("waking {}", options.name));
        if let Err(untold) = means.tell(options.command_seconds).await {
            return WakeOutcome::NotPossible { why: format!("waking {}: {}", options.name, untold.why()) };
        }
    }
    loop {
        if options.wake == WakeBy::Packet && packets < most && started.elapsed() >= next_packet {
            if let Err(why) = packet::send(options).await {
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
