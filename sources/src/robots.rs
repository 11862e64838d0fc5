//! robots.txt (RFC 9309): what a host lets programs read, and how often.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use texting_robots::Robot;
use url::Url;

use crate::door::{DoorError, Response, Retry};

/// How much of a file is read (RFC 9309, 2.5, asks for at least 500 KiB).
const LONGEST: usize = 512 * 1024;

/// The longest time that a file is believed without looking again (RFC 9309, 2.4), in seconds.
const LONGEST_CACHE: u64 = 24 * 3600;

/// The shortest, in seconds, whatever the host says: a file that may not be kept is not asked for with every page.
const SHORTEST_CACHE: u64 = 3600;

/// Longest line, most lines, and most lines with an end mark (`$`, which costs an expression to be compiled) that are given to
/// the parser: what is beyond is no file that a person wrote.
const LONGEST_LINE: usize = 2_000;
const MOST_LINES: usize = 5_000;
const MOST_ENDS: usize = 100;

/// Most wildcards in one rule.
const MOST_STARS: usize = 16;

/// How long a file that the host could not give is not asked for again, in seconds.
const AGAIN: u64 = 600;

/// The longest `Crawl-delay` that is obeyed.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// A host's file as it is remembered across restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RobotsFile {
    /// Its text; `None` where the host has none, so that everything may be read.
    pub text: Option<String>,
    /// Until when it holds without being looked at again.
    pub until: Timestamp,
}

/// What was learnt by asking for the file.
#[derive(Debug)]
pub(crate) enum Learnt {
    /// This is what holds from now on.
    File(RobotsFile),
    /// The host could not say: what was known last holds for so many seconds more; where nothing was known, nothing is read.
    Nothing {
        /// What the host answered instead.
        why: String,
        /// When it is asked again, in seconds.
        seconds: u64,
        /// It asks to be left alone as a whole.
        rests: bool,
    },
    /// The host cannot be reached at all.
    Unreachable(DoorError),
}

/// Reads what was answered for a host's file.
pub(crate) fn learn(answer: Result<Response, DoorError>, now: Timestamp) -> Learnt {
    let until = |seconds: u64| {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
    };
    let response = match answer {
        Ok(response) => response,
        // A file behind a redirect that is not followed counts as none (RFC 9309, 2.3.1.2). Where the host itself may not be
        // asked, the page is refused for the same reason.
        Err(error @ DoorError::TooLarge { .. }) => {
            return Learnt::Nothing { why: error.to_string(), seconds: AGAIN, rests: false };
        }
        Err(error) if error.retry() == Retry::No => {
            return Learnt::File(RobotsFile { text: None, until: until(LONGEST_CACHE) });
        }
        Err(error) => return Learnt::Unreachable(error),
    };
    match response.status {
        429 | 500..=599 => Learnt::Nothing {
            why: format!("its robots.txt answered {}", response.status),
            seconds: response.retry_after_seconds.unwrap_or(AGAIN).clamp(60, LONGEST_CACHE),
            rests: response.status == 429 || (response.status == 503 && response.retry_after_seconds.is_some()),
        },
        status => {
            let text = matches!(status, 200..=299).then(|| {
                let cut = response.body.len().min(LONGEST);
                bounded(&String::from_utf8_lossy(&response.body[..cut]))
            });
            let fresh = response.max_age_seconds.unwrap_or(LONGEST_CACHE).clamp(SHORTEST_CACHE, LONGEST_CACHE);
            Learnt::File(RobotsFile { text, until: until(fresh) })
        }
    }
}

/// What a file says to us.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    robot: Option<Robot>,
}

impl Rules {
    /// Reads a file. `agent` is the name before the first `/` or space of what the program calls itself.
    pub(crate) fn read(file: &RobotsFile, user_agent: &str) -> Self {
        let agent = user_agent.split(['/', ' ', ';', '(']).next().unwrap_or_default().to_owned();
        let robot = file.text.as_deref().and_then(|text| {
            // The parser is not ours: what it cannot take is a file without rules, not the end of the poll.
            let text = bounded(text);
            std::panic::catch_unwind(|| Robot::new(&agent, text.as_bytes()).ok()).ok().flatten()
        });
        Self { robot }
    }

    /// Whether a URL may be read.
    pub(crate) fn allow(&self, url: &Url) -> bool {
        self.robot.as_ref().is_none_or(|robot| robot.allowed(url.as_str()))
    }

    /// The least time between two requests.
    pub(crate) fn delay(&self) -> Duration {
        let seconds = self.robot.as_ref().and_then(|robot| robot.delay).unwrap_or_default();
        Duration::try_from_secs_f32(seconds)
            .unwrap_or(if seconds > 0.0 { LONGEST_DELAY } else { Duration::ZERO })
            .min(LONGEST_DELAY)
    }
}

/// The lines that are worth parsing, within the bounds.
fn bounded(text: &str) -> String {
    let mut ends = 0;
    let mut kept = String::with_capacity(text.len().min(64 * 1024));
    let lines = text.split(['\n', '\r', '\0']).map(|line| line.split('#').next().unwrap_or_default().trim());
    for line in lines.filter(|line| !line.is_empty()).take(MOST_LINES) {
        let costly = line.len() > LONGEST_LINE || line.bytes().filter(|b| *b == b'*').count() > MOST_STARS;
        ends += usize::from(line.contains('$'));
        if !costly && (ends <= MOST_ENDS || !line.contains('$')) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        let file = RobotsFile { text: Some(text.to_owned()), until: Timestamp::UNIX_EPOCH };
        Rules::read(&file, "Pipeline/0.1 (feed reader)")
    }

    fn allows(text: &str, url: &str) -> bool {
        rules(text).allow(&Url::parse(url).unwrap())
    }

    #[test]
    fn our_own_group_wins_over_the_one_for_all() {
        let text = "User-agent: *\nDisallow: /\n\nUser-agent: pipeline\nDisallow: /private\nAllow: /private/feed\n";
        assert!(allows(text, "https://a.example/news?x=1"));
        assert!(!allows(text, "https://a.example/private/page"));
        assert!(allows(text, "https://a.example/private/feed.xml"));
        assert!(!allows("User-agent: *\nDisallow: /*.php$\n", "https://a.example/a.php"));
        assert!(allows("User-agent: *\nDisallow:\n", "https://a.example/a"));
        assert!(allows("User-agent: other\nDisallow: /\n", "https://a.example/a"));
    }

    #[test]
    fn a_delay_is_obeyed_up_to_half_a_minute() {
        for (said, seconds) in [("2", 2.0), ("0.5", 0.5), ("3600", 30.0), ("1e30", 30.0), ("-4", 0.0), ("soon", 0.0)] {
            let delay = rules(&format!("User-agent: *\nCrawl-delay: {said}\n")).delay().as_secs_f32();
            assert!((delay - seconds).abs() < 0.01, "{said}: {delay}");
        }
    }

    #[test]
    fn garbage_closes_nothing_and_takes_no_time() {
        for text in ["\u{0}\u{1}\u{FEFF}:::", "<!doctype html><title>404</title>", "User-agent"] {
            assert!(allows(text, "https://a.example/a"), "{text}");
        }
        let stars = format!("User-agent: *\nDisallow: /{}x\n", "*a".repeat(20_000));
        let many = format!("User-agent: *\n{}", "Disallow: /*a*b*c*d*e$\n".repeat(20_000));
        let began = std::time::Instant::now();
        assert!(allows(&stars, &format!("https://a.example/{}", "a".repeat(2_000))));
        assert!(allows(&many, &format!("https://a.example/{}", "abcd".repeat(500))));
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    }

    #[test]
    fn what_a_host_answers_for_the_file_is_read_as_the_standard_says() {
        let now: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
        let answer = |status, max_age_seconds| {
            Ok(Response {
                status,
                max_age_seconds,
                body: b"User-agent: *\nDisallow: /\n".to_vec(),
                ..Response::default()
            })
        };
        let hours = |file: &RobotsFile| file.until.duration_since(now).as_hours();
        for (status, age, text, cached) in [
            (200, None, true, 24),
            (200, Some(9_999_999), true, 24),
            (200, Some(0), true, 1),
            (404, None, false, 24),
            (403, None, false, 24),
        ] {
            let Learnt::File(file) = learn(answer(status, age), now) else { panic!("{status}") };
            assert_eq!((file.text.is_some(), hours(&file)), (text, cached), "{status}");
        }
        for status in [429, 500, 503] {
            assert!(matches!(learn(answer(status, None), now), Learnt::Nothing { .. }), "{status}");
        }
        let redirect = DoorError::Redirect { url: "u".to_owned(), why: "in a circle".to_owned() };
        assert!(matches!(learn(Err(redirect), now), Learnt::File(RobotsFile { text: None, .. })));
        let silent = DoorError::Timeout { url: "u".to_owned(), seconds: 30 };
        assert!(matches!(learn(Err(silent), now), Learnt::Unreachable(_)));
    }
}
