//! Posts of a subreddit: as JSON, or as the feed where the JSON is refused.
//!
//! Method: reddit.com/dev/api, "listings".

use jiff::Timestamp;
use scraper::{Html, Selector};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::door::{Extra, Response, shown};
use crate::extract::{fragment_text, measure};
use crate::json::{self, First, Flag, Number, Text};
use crate::source::{
    Answer, Asker, Entry, Kept, PollState, Polled, SourceError, base, blocking, same_digest, web_address,
};
use crate::{charset, dates, files, plain};

/// Where Reddit is.
const WEB: &str = "https://www.reddit.com";

/// Most posts of one poll.
const MOST: usize = 100;

/// Hosts of Reddit's own that hold pictures and films, which tell no text.
const MEDIA: [&str; 3] = ["i.redd.it", "v.redd.it", "preview.redd.it"];

/// Posts of a subreddit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedditSource {
    /// Its name, without `r/`; several are joined with `+`.
    pub subreddit: String,
    /// In which order posts are read.
    #[serde(default)]
    pub sort: RedditSort,
    /// The least score of a post. The feed gives none, so that it is no way out where this is above 0.
    #[serde(default)]
    pub min_score: i64,
    /// Reddit's address, where it is not the usual one.
    #[serde(default)]
    pub api: Option<String>,
}

/// Orders of posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RedditSort {
    /// Newest first.
    #[default]
    New,
    /// What is talked about now.
    Hot,
    /// The best of the day.
    Top,
}

#[derive(Deserialize)]
struct Listing {
    data: Children,
}

#[derive(Deserialize)]
struct Children {
    children: First<Child, MOST>,
}

#[derive(Deserialize)]
struct Child {
    #[serde(default)]
    kind: Text,
    #[serde(default)]
    data: Post,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Post {
    title: Text,
    url: Text,
    url_overridden_by_dest: Text,
    permalink: Text,
    selftext: Text,
    is_self: Flag,
    stickied: Flag,
    over_18: Flag,
    removed_by_category: Text,
    score: Number,
    author: Text,
    created_utc: Number,
    edited: Number,
}

impl RedditSource {
    /// Checks its keys.
    pub(crate) fn check(&self) -> Result<(), String> {
        let name =
            |name: &str| (2..=50).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if self.subreddit.is_empty() || self.subreddit.len() > 500 || !self.subreddit.split('+').all(name) {
            return Err("`subreddit` is a name such as `rust`, without `r/`; several are joined with `+`".to_owned());
        }
        base(self.api.as_deref(), WEB).map(drop)
    }

    fn addresses(&self) -> Result<(String, String), String> {
        self.check()?;
        let web = base(self.api.as_deref(), WEB)?;
        let (order, more) = match self.sort {
            RedditSort::New => ("new", ""),
            RedditSort::Hot => ("hot", ""),
            RedditSort::Top => ("top", "&t=day"),
        };
        let listing = format!("{web}/r/{}/{order}", self.subreddit);
        Ok((format!("{listing}.json?limit={MOST}&raw_json=1{more}"), format!("{listing}.rss?limit={MOST}{more}")))
    }
}

/// Polls the posts.
///
/// # Errors
/// A [`SourceError`] where they could not be read in any form.
pub(crate) async fn poll(asker: &Asker<'_>, source: &RedditSource, before: &PollState) -> Result<Polled, SourceError> {
    let (json, rss) = source.addresses().map_err(|why| SourceError::Answer { url: source.subreddit.clone(), why })?;
    let mut others = before.others.clone();
    others.retain(|url, _| *url == json || *url == rss);
    let mut polled =
        Polled { state: PollState { others, told: before.told.clone(), ..PollState::default() }, ..Polled::default() };
    let kept = before.others.get(&json).cloned().unwrap_or_default();
    // Only where the feed is a way out is the JSON left alone until then; else the caller keeps to the time of the error.
    if source.min_score > 0 || kept.not_before.is_none_or(|at| at <= asker.now) {
        let response = asker.get(&json, &kept.conditional(), Extra::default()).await?;
        match response.status {
            403 if source.min_score > 0 => {
                return Err(SourceError::Status {
                    url: shown(&response.final_url),
                    status: response.status,
                    next: "it refuses programs for now; its feed would be read instead, but gives no scores: take \
                           `min_score` out, and choose `sort = \"top\"`"
                        .to_owned(),
                    after: response.retry_after_seconds.or(Some(3600)),
                });
            }
            // Who asks too often leaves the whole host alone; a refusal of this form alone has a way out.
            403 => {
                let not_before = asker.after(response.retry_after_seconds);
                polled.state.others.insert(json, Kept { not_before, ..kept });
            }
            _ => {
                let answer = asker.judged(response, &kept)?;
                return given(asker, source, polled, &json, answer, before, "json").await;
            }
        }
    }
    polled.notes.push(
        "The JSON form is refused for now; the feed is read, which does not say which posts are pinned.".to_owned(),
    );
    let kept = before.others.get(&rss).cloned().unwrap_or_default();
    let answer = asker.changed(&rss, &kept, Extra::default()).await?;
    given(asker, source, polled, &rss, answer, before, "rss").await
}

async fn given(
    asker: &Asker<'_>,
    source: &RedditSource,
    mut polled: Polled,
    url: &str,
    answer: Answer,
    before: &PollState,
    form: &str,
) -> Result<Polled, SourceError> {
    polled.state.others.insert(url.to_owned(), answer.kept);
    polled.state.next_after = answer.next_after;
    if answer.unchanged {
        polled.unchanged = true;
        return Ok(polled);
    }
    let (least, response, as_json, now) = (source.min_score, answer.response, form == "json", asker.now);
    let (entries, notes) =
        blocking(move || if as_json { from_json(least, &response, now) } else { from_rss(&response, now) }).await?;
    polled.entries = entries;
    polled.notes.extend(notes);
    polled.state.told = same_digest(&mut polled.entries, form, &before.told);
    Ok(polled)
}

fn from_json(least: i64, response: &Response, now: Timestamp) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    let listing: Listing = json::read(response, "a listing of posts")?;
    let (mut entries, mut media) = (Vec::new(), 0usize);
    for child in listing.data.children.0 {
        let post = child.data;
        let left_out = child.kind.0.as_deref() != Some("t3")
            || post.stickied.is_set()
            || post.over_18.is_set()
            || post.removed_by_category.0.is_some()
            || (least > 0 && post.score.0.unwrap_or_default() < least);
        if left_out {
            continue;
        }
        match entry(&post, now) {
            Some(entry) if is_media(&entry.url) => media += 1,
            Some(entry) => entries.push(entry),
            None => {}
        }
    }
    Ok((entries, media_note(media)))
}

fn media_note(media: usize) -> Vec<String> {
    if media == 0 { Vec::new() } else { vec![format!("{media} posts are pictures or films and are left out.")] }
}

fn entry(post: &Post, now: Timestamp) -> Option<Entry> {
    let web = Url::parse(WEB).ok()?;
    let discussion = web_address(post.permalink.0.as_deref()?, Some(&web))?;
    let target = post.url_overridden_by_dest.0.as_deref().or(post.url.0.as_deref());
    let url = match target.filter(|_| !post.is_self.is_set()) {
        Some(target) => web_address(target, Some(&web))?,
        None => discussion.clone(),
    };
    let removed = |text: &&str| matches!(text.trim(), "" | "[removed]" | "[deleted]");
    let text = post.selftext.0.as_deref().filter(|text| post.is_self.is_set() && !removed(text));
    let time = |number: &Number| {
        number.0.and_then(|at| Timestamp::from_second(at).ok()).and_then(|at| dates::believable(at, now))
    };
    Entry {
        url: url.to_string(),
        title: Some(post.title.line()?),
        author: post.author.line(),
        published: time(&post.created_utc),
        updated: time(&post.edited),
        full_text: text.and_then(|text| files::text_of_markdown(text).ok()).filter(|text| !text.is_empty()),
        discussion: Some(discussion.to_string()),
        ..Entry::default()
    }
    .named()
}

fn is_media(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        MEDIA.contains(&host) || (host.ends_with("reddit.com") && url.path().starts_with("/gallery/"))
    })
}

fn from_rss(response: &Response, now: Timestamp) -> Result<(Vec<Entry>, Vec<String>), SourceError> {
    let wrong = |why: &str| SourceError::NotAFeed { url: shown(&response.final_url), why: why.to_owned() };
    let text = charset::decode(&response.body, response.content_type.as_deref());
    // The parser panics on some input; one answer must not take the poll down with it.
    let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| feed_rs::parser::parse(text.as_bytes())));
    let Ok(Ok(feed)) = parsed else {
        return Err(wrong("it is no feed of posts; Reddit may want a browser here, so try later"));
    };
    let web = Url::parse(WEB).map_err(|error| wrong(&error.to_string()))?;
    let (mut entries, mut media) = (Vec::new(), 0usize);
    for post in feed.entries.into_iter().take(MOST) {
        let Some(discussion) = post.links.first().and_then(|link| web_address(&link.href, Some(&web))) else {
            continue;
        };
        let content = post.content.and_then(|content| content.body).unwrap_or_default();
        let (target, text) = target_and_text(&content);
        let target = target.and_then(|target| web_address(&target, Some(&web))).filter(|url| *url != discussion);
        let time = post.published.or(post.updated);
        let entry = Entry {
            url: target.clone().unwrap_or_else(|| discussion.clone()).to_string(),
            title: post.title.map(|title| plain::line_of(&title.content, true)).filter(|title| !title.is_empty()),
            author: post.authors.first().map(|person| person.name.clone().unwrap_or_default()).and_then(author),
            published: time.and_then(|at| dates::parse(&at.to_rfc3339())).and_then(|at| dates::believable(at, now)),
            full_text: text.filter(|_| target.is_none()),
            discussion: Some(discussion.to_string()),
            ..Entry::default()
        };
        match entry.named() {
            Some(entry) if is_media(&entry.url) => media += 1,
            Some(entry) => entries.push(entry),
            None => {}
        }
    }
    Ok((entries, media_note(media)))
}

fn author(name: String) -> Option<String> {
    let name = plain::line_of(name.trim_start_matches("/u/"), false);
    Some(name).filter(|name| !name.is_empty())
}

/// Where the `[link]` of a post leads, and the post's own text.
fn target_and_text(html: &str) -> (Option<String>, Option<String>) {
    let (Ok(anchors), Ok(own)) = (Selector::parse("a[href]"), Selector::parse("div.md")) else { return (None, None) };
    if measure::check(html).is_err() {
        return (None, None);
    }
    let page = Html::parse_fragment(html);
    let link = page.select(&anchors).rfind(|a| a.text().collect::<String>().trim() == "[link]");
    let target = link.and_then(|a| a.value().attr("href")).map(str::to_owned);
    let text = page.select(&own).next().and_then(|own| fragment_text(&own.inner_html()).ok());
    (target, text.filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_subreddits_are_checked() {
        for (name, good) in [("rust", true), ("rust+golang", true), ("r/rust", false), ("", false), ("a?b", false)] {
            let source = RedditSource { subreddit: name.to_owned(), ..RedditSource::default() };
            assert_eq!(source.check().is_ok(), good, "{name}");
        }
    }

    #[test]
    fn the_feed_names_the_target_of_a_link_and_holds_the_text_of_a_post() {
        let link = "<table><tr><td>submitted by <a href='https://www.reddit.com/user/a'>/u/a</a> <br/> \
                    <span><a href='https://example.org/x?a=1&amp;b=2'>[link]</a></span> \
                    <span><a href='https://www.reddit.com/r/x/comments/1/t/'>[comments]</a></span></td></tr></table>";
        assert_eq!(target_and_text(link), (Some("https://example.org/x?a=1&b=2".to_owned()), None));
        let own = "<!-- SC_OFF --><div class=\"md\"><p>My <b>own</b> words.</p><p><a href='/z'>[link]</a></p></div><!-- SC_ON --> \
                   <span><a href='https://www.reddit.com/r/x/comments/1/t/'>[link]</a></span>";
        let (target, text) = target_and_text(own);
        assert_eq!(target.as_deref(), Some("https://www.reddit.com/r/x/comments/1/t/"));
        assert!(text.unwrap().starts_with("My own words."));
    }
}
