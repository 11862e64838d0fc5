//! Stories of Hacker News: a list of its own interface, or a search by Algolia's.
//!
//! Method: the README of HackerNews/API, and the page of hn.algolia.com/api.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::dates;
use crate::door::{Conditional, Extra};
use crate::extract::fragment_text;
use crate::json::{self, First, Flag, Number, Text};
use crate::source::{Asker, Entry, Kept, PollState, Polled, SourceError, Told, base, blocking, web_address};

/// The interface of the lists.
const LISTS: &str = "https://hacker-news.firebaseio.com/v0";

/// The interface of the search.
const SEARCH: &str = "https://hn.algolia.com/api/v1";

/// Most stories of one poll.
const MOST: usize = 100;

/// Stories of Hacker News.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HackernewsSource {
    /// Which list is read, where nothing is searched for.
    #[serde(default)]
    pub list: HackernewsList,
    /// What is searched for, newest first, instead of a list.
    #[serde(default)]
    pub query: Option<String>,
    /// The least score of a story.
    #[serde(default)]
    pub min_score: i64,
    /// Most stories of one poll, 1 to 100.
    #[serde(default = "thirty")]
    pub most: usize,
    /// The address of the interface, where it is not the usual one.
    #[serde(default)]
    pub api: Option<String>,
}

fn thirty() -> usize {
    30
}

impl Default for HackernewsSource {
    fn default() -> Self {
        Self { list: HackernewsList::default(), query: None, min_score: 0, most: thirty(), api: None }
    }
}

/// The lists of Hacker News.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HackernewsList {
    /// What its front page shows.
    #[default]
    Top,
    /// The best of the last days.
    Best,
    /// Everything, newest first.
    New,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    id: Number,
    r#type: Text,
    by: Text,
    time: Number,
    title: Text,
    url: Text,
    text: Text,
    score: Number,
    deleted: Flag,
    dead: Flag,
}

#[derive(Deserialize)]
struct Found {
    hits: First<Hit, MOST>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "snake_case")]
struct Hit {
    #[serde(rename = "objectID")]
    object_id: Text,
    title: Text,
    url: Text,
    author: Text,
    points: Number,
    created_at_i: Number,
    story_text: Text,
}

impl HackernewsSource {
    /// Checks its keys.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(1..=MOST).contains(&self.most) {
            return Err(format!("`most` goes from 1 to {MOST}"));
        }
        if self.query.as_ref().is_some_and(|query| query.trim().is_empty() || query.len() > 500) {
            return Err("`query` is what is searched for, 1 to 500 characters; leave it out to read a list".to_owned());
        }
        base(self.api.as_deref(), LISTS).map(drop)
    }
}

/// The entry of a story that has a title and, if any, the address of a page.
fn entry_of(id: i64, item: &Item, now: Timestamp) -> Option<Entry> {
    let discussion = format!("https://news.ycombinator.com/item?id={id}");
    let published = item.time.0.and_then(|at| Timestamp::from_second(at).ok());
    let target = item.url.0.as_deref().filter(|url| !url.trim().is_empty());
    // The text beside a link is a remark about the page, not the page.
    let text = item.text.0.as_deref().filter(|_| target.is_none()).and_then(|html| fragment_text(html).ok());
    Entry {
        url: match target {
            Some(target) => web_address(target, None)?.to_string(),
            None => discussion.clone(),
        },
        title: Some(item.title.line()?),
        author: item.by.line(),
        published: published.and_then(|at| dates::believable(at, now)),
        full_text: text.filter(|text| !text.is_empty()),
        discussion: Some(discussion),
        ..Entry::default()
    }
    .named()
}

/// Polls the stories.
///
/// # Errors
/// A [`SourceError`] where the list, the search or every single item could not be read.
pub(crate) async fn poll(
    asker: &Asker<'_>,
    source: &HackernewsSource,
    before: &PollState,
) -> Result<Polled, SourceError> {
    let wrong = |why| SourceError::Answer { url: "Hacker News".to_owned(), why };
    source.check().map_err(wrong)?;
    match &source.query {
        Some(query) => {
            let api = base(source.api.as_deref(), SEARCH).map_err(wrong)?;
            search(asker, source, &api, query, before).await
        }
        None => {
            let api = base(source.api.as_deref(), LISTS).map_err(wrong)?;
            list(asker, source, &api, before).await
        }
    }
}

async fn search(
    asker: &Asker<'_>,
    source: &HackernewsSource,
    api: &str,
    query: &str,
    before: &PollState,
) -> Result<Polled, SourceError> {
    let mut pairs = vec![("query", query.to_owned()), ("tags", "story".to_owned())];
    if source.min_score > 0 {
        pairs.push(("numericFilters", format!("points>={}", source.min_score)));
    }
    pairs.push(("hitsPerPage", source.most.to_string()));
    let url = Url::parse_with_params(&format!("{api}/search_by_date"), pairs).map(String::from).map_err(|error| {
        SourceError::Answer { url: api.to_owned(), why: format!("the search has no address: {error}") }
    })?;
    let kept = before.others.get(&url).cloned().unwrap_or_default();
    let answer = asker.changed(&url, &kept, Extra::default()).await?;
    let state = PollState {
        others: BTreeMap::from([(url, answer.kept)]),
        next_after: answer.next_after,
        ..PollState::default()
    };
    if answer.unchanged {
        return Ok(Polled { state, unchanged: true, ..Polled::default() });
    }
    let (options, response, now) = (source.clone(), answer.response, asker.now);
    let entries = blocking(move || {
        let found: Found = json::read(&response, "what a search gives")?;
        Ok::<_, SourceError>(
            found.hits.0.into_iter().take(options.most).filter_map(|hit| of_hit(&options, hit, now)).collect(),
        )
    })
    .await?;
    Ok(Polled { entries, state, ..Polled::default() })
}

fn of_hit(source: &HackernewsSource, hit: Hit, now: Timestamp) -> Option<Entry> {
    let id: i64 = hit.object_id.0.as_deref()?.parse().ok()?;
    let item = Item {
        by: hit.author,
        time: hit.created_at_i,
        title: hit.title,
        url: hit.url,
        text: hit.story_text,
        ..Item::default()
    };
    let enough = source.min_score <= 0 || hit.points.0.is_some_and(|points| points >= source.min_score);
    if enough { entry_of(id, &item, now) } else { None }
}

async fn list(
    asker: &Asker<'_>,
    source: &HackernewsSource,
    api: &str,
    before: &PollState,
) -> Result<Polled, SourceError> {
    let name = match source.list {
        HackernewsList::Top => "topstories",
        HackernewsList::Best => "beststories",
        HackernewsList::New => "newstories",
    };
    let url = format!("{api}/{name}.json");
    let kept = before.others.get(&url).cloned().unwrap_or_default();
    let answer = asker.changed(&url, &kept, Extra::default()).await?;
    if answer.unchanged {
        let state = PollState {
            others: BTreeMap::from([(url, answer.kept)]),
            told: before.told.clone(),
            next_after: answer.next_after,
            ..PollState::default()
        };
        return Ok(Polled { state, unchanged: true, ..Polled::default() });
    }
    let ids: First<Number, MOST> = json::read(&answer.response, "a list of item numbers")?;
    let ids: Vec<i64> = ids.0.into_iter().filter_map(|id| id.0).filter(|id| *id > 0).take(source.most).collect();
    let mut told = before.told.clone();
    told.retain(|id, _| id.parse().is_ok_and(|id| ids.contains(&id)));
    // What was told is not asked for again: an item that was told once is known.
    let wanted: Vec<i64> = ids.into_iter().filter(|id| !told.contains_key(&id.to_string())).collect();
    let asked = wanted.len();
    let (mut entries, mut waiting, mut failed, mut first_error) = (Vec::new(), 0usize, 0usize, None);
    // One after the other: the host is asked over one connection at a time.
    for id in wanted {
        match one(asker, api, id).await {
            Err(error) => {
                failed += 1;
                first_error.get_or_insert(error);
            }
            Ok(None) => waiting += 1,
            Ok(Some(item)) if item.dead.is_set() => waiting += 1,
            Ok(Some(item)) => {
                let story = matches!(item.r#type.0.as_deref(), Some("story" | "poll")) && !item.deleted.is_set();
                if story && item.score.0.unwrap_or_default() < source.min_score {
                    waiting += 1;
                    continue;
                }
                told.insert(id.to_string(), Told { form: "item".to_owned(), digest: String::new() });
                entries.extend(story.then(|| entry_of(id, &item, asker.now)).flatten());
            }
        }
    }
    let mut notes = Vec::new();
    match first_error {
        Some(error) if failed == asked => return Err(error),
        Some(error) => notes.push(format!("{failed} of {asked} items could not be read: {error}.")),
        None => {}
    }
    // With items left to look at again, the list must be had whether it changed or not.
    let kept = if failed + waiting == 0 { answer.kept } else { Kept::default() };
    let state = PollState {
        others: BTreeMap::from([(url, kept)]),
        told,
        next_after: answer.next_after,
        ..PollState::default()
    };
    Ok(Polled { entries, state, unchanged: false, notes })
}

/// One item; nothing where there is none under that number.
async fn one(asker: &Asker<'_>, api: &str, id: i64) -> Result<Option<Item>, SourceError> {
    let url = format!("{api}/item/{id}.json");
    let response = asker.get(&url, &Conditional::default(), Extra::default()).await?;
    let answer = asker.judged(response, &Kept::default())?;
    let item: Option<Item> = json::read(&answer.response, "an item")?;
    Ok(item.filter(|item| item.id.0 == Some(id)))
}
