//! The leads of a day, from a seed: news of its own, and copies, updates and rewordings of them. Where the corpus of
//! recorded texts is, some are recorded and so are their edited copies.

use std::path::Path;

use jiff::ToSpan as _;
use states::words::Timestamp;

use crate::Result;
use crate::harness::invent::{News, Numbers};

/// What a lead is to the leads before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// News.
    New,
    /// A recorded text.
    Recorded,
    /// The same words at another host, or nearly.
    Copy,
    /// The same host tells more of it.
    Update,
    /// The same in other words.
    Reworded,
}

impl Kind {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 5] = [Self::New, Self::Recorded, Self::Copy, Self::Update, Self::Reworded];

    /// What the table calls it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Recorded => "recorded",
            Self::Copy => "copy",
            Self::Update => "update",
            Self::Reworded => "reworded",
        }
    }
}

/// One lead.
pub(crate) struct Lead {
    /// What it is.
    pub(crate) kind: Kind,
    /// Which host has it.
    pub(crate) host: usize,
    /// What is told.
    pub(crate) news: News,
}

/// How many of a hundred leads are of a kind; the rest is new.
const SHARES: [(Kind, u64); 4] = [(Kind::Recorded, 10), (Kind::Copy, 20), (Kind::Update, 7), (Kind::Reworded, 7)];
/// Leads that are long enough for an article of their own.
const LONG: u64 = 4;

/// So many leads on so many hosts, in the order in which they were published, the last an hour before `now`.
pub(crate) fn day(seed: u64, count: usize, hosts: usize, now: Timestamp, data: Option<&Path>) -> Result<Vec<Lead>> {
    let mut numbers = Numbers::of(seed);
    let mut recorded = match data {
        Some(data) => recorded(data)?,
        None => Recorded::default(),
    };
    let mut leads: Vec<Lead> = Vec::with_capacity(count);
    let mut news = 0;
    for n in 0..count {
        let mut lead = if n >= hosts { next(&mut numbers, &leads, &mut recorded, hosts) } else { None };
        if lead.is_none() {
            lead = Some(Lead { kind: Kind::New, host: host(&mut numbers, hosts), news: own(&mut numbers, seed, news) });
            news += 1;
        }
        let Some(mut lead) = lead else { continue };
        let before = i64::try_from((count - n) * 22 * 60 / count)? + 60;
        lead.news.date = now.checked_sub(before.minutes())?;
        leads.push(lead);
    }
    Ok(leads)
}

/// A repetition or a recorded text, where it is the turn of one and there is one.
fn next(numbers: &mut Numbers, leads: &[Lead], recorded: &mut Recorded, hosts: usize) -> Option<Lead> {
    let mut turn = numbers.between(0, 99);
    let (kind, _) = SHARES.into_iter().find(|(_, share)| {
        let found = turn < *share;
        turn = turn.saturating_sub(*share);
        found
    })?;
    let first = |numbers: &mut Numbers| {
        let at = numbers.between(0, leads.len() as u64 - 1);
        leads[usize::try_from(at).unwrap_or(0)..].iter().find(|l| l.kind == Kind::New)
    };
    let elsewhere = |numbers: &mut Numbers, not: usize| (not + 1 + host(numbers, hosts - 1)) % hosts;
    Some(match kind {
        Kind::New => return None,
        Kind::Recorded => Lead { kind, host: host(numbers, hosts), news: recorded.texts.pop()? },
        Kind::Copy if numbers.between(0, 2) == 0 && !recorded.copies.is_empty() => {
            Lead { kind, host: host(numbers, hosts), news: recorded.copies.pop()? }
        }
        Kind::Copy => {
            let first = first(numbers)?;
            let news = if numbers.between(0, 2) == 0 { first.news.clone() } else { first.news.edited() };
            Lead { kind, host: elsewhere(numbers, first.host), news }
        }
        Kind::Update => {
            let first = first(numbers)?;
            let more = News::of(numbers.between(5_000, 1 << 40), 120);
            let mut news = News { title: format!("{}, updated", first.news.title), ..first.news.clone() };
            news.paragraphs.extend(
                more.paragraphs
                    .into_iter()
                    .map(|p| p.into_iter().map(|s| s.replace(&more.product, &first.news.product)).collect()),
            );
            Lead { kind, host: first.host, news }
        }
        Kind::Reworded => {
            let first = first(numbers)?;
            Lead { kind, host: elsewhere(numbers, first.host), news: reworded(&first.news, numbers) }
        }
    })
}

fn host(numbers: &mut Numbers, hosts: usize) -> usize {
    usize::try_from(numbers.between(0, hosts as u64 - 1)).unwrap_or(0)
}

/// News of its own, 250 to 1,500 words; the first ones are long.
fn own(numbers: &mut Numbers, seed: u64, n: u64) -> News {
    let words = match (n < LONG, numbers.between(0, 9)) {
        (true, _) => 2_300,
        (_, 0..=3) => numbers.between(250, 500),
        (_, 4..=7) => numbers.between(500, 900),
        _ => numbers.between(900, 1_500),
    };
    let mut news = News::of(seed.wrapping_mul(1_000_003).wrapping_add(n), usize::try_from(words).unwrap_or(500));
    if n < LONG {
        news.title = format!("{} {} release: what changes for clusters", news.product, news.version);
    }
    news
}

/// The same words in another order, sentence by sentence: what only a comparison of meanings tells.
fn reworded(news: &News, numbers: &mut Numbers) -> News {
    let mut other = News { title: format!("What {} means", news.product), author: "The Herald".into(), ..news.clone() };
    for sentence in other.paragraphs.iter_mut().flatten() {
        let mut words: Vec<&str> = sentence.trim_end_matches('.').split(' ').collect();
        for at in (1..words.len()).rev() {
            words.swap(at, usize::try_from(numbers.between(0, at as u64)).unwrap_or(0));
        }
        *sentence = format!("{}.", words.join(" "));
    }
    other
}

/// Recorded texts, and edited copies of them: the last of each is the next.
#[derive(Default)]
struct Recorded {
    texts: Vec<News>,
    copies: Vec<News>,
}

/// The edits that a copy has seen on its way.
const EDITS: [&str; 6] = ["exact", "syndication_hdr_ftr", "new_title_lead", "edit_10", "drop_sent_20", "reorder_paras"];

fn recorded(data: &Path) -> Result<Recorded> {
    let file = data.join("neardup/synthetic/docs.jsonl");
    let mut all = Recorded::default();
    for line in std::fs::read_to_string(file)?.lines() {
        let doc: serde_json::Value = serde_json::from_str(line)?;
        let [id, title, text] = ["id", "title", "text"].map(|key| doc[key].as_str().unwrap_or_default());
        let plain = News::of(1, 1);
        let news = News {
            title: title.to_owned(),
            author: "The agency".into(),
            paragraphs: text.split("\n\n").filter(|p| !p.trim().is_empty()).map(|p| vec![p.to_owned()]).collect(),
            ..plain
        };
        if news.paragraphs.is_empty() || title.is_empty() {
            continue;
        }
        match id.split_once('~') {
            None => all.texts.push(news),
            Some((_, edit)) if EDITS.contains(&edit) => all.copies.push(news),
            Some(_) => {}
        }
    }
    // Texts come before their copies.
    all.texts.reverse();
    all.copies.reverse();
    Ok(all)
}
