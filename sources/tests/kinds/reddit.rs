//! Posts of a subreddit.

use serde_json::json;
use sources::{PollState, RedditSort, RedditSource, Retry, SourceSpec};

use crate::web::{Page, Web, recorded};

fn source(web: &Web) -> RedditSource {
    RedditSource { subreddit: "rust".to_owned(), api: Some(web.base()), ..RedditSource::default() }
}

fn post(id: &str, more: serde_json::Value) -> serde_json::Value {
    let mut post = json!({"title": format!("Post {id}"), "permalink": format!("/r/rust/comments/{id}/post/"),
        "url": format!("https://e.org/{id}"), "is_self": false, "selftext": "", "stickied": false, "over_18": false,
        "score": 20, "author": "ann", "created_utc": 1_780_000_000.0, "edited": false, "removed_by_category": null});
    post.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"kind": "t3", "data": post})
}

fn listing(posts: &[serde_json::Value]) -> Page {
    Page::new(json!({"kind": "Listing", "data": {"after": null, "children": posts}}).to_string())
}

const RSS: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>rust</title>\
    <entry><author><name>/u/ann</name></author><id>t3_a</id><link href='https://www.reddit.com/r/rust/comments/a/post/'/>\
    <updated>2026-05-28T20:26:40+00:00</updated><published>2026-05-28T20:26:40+00:00</published><title>Post a</title>\
    <content type='html'>&lt;a href=&quot;https://e.org/a&quot;&gt;[link]&lt;/a&gt;\
    &lt;a href=&quot;https://www.reddit.com/r/rust/comments/a/post/&quot;&gt;[comments]&lt;/a&gt;</content></entry>\
    <entry><author><name>/u/bo</name></author><id>t3_b</id><link href='https://www.reddit.com/r/rust/comments/b/post/'/>\
    <updated>2026-05-28T20:26:40+00:00</updated><title>Post b</title>\
    <content type='html'>&lt;div class=&quot;md&quot;&gt;&lt;p&gt;My &lt;em&gt;words&lt;/em&gt;.&lt;/p&gt;&lt;/div&gt;\
    &lt;a href=&quot;https://www.reddit.com/r/rust/comments/b/post/&quot;&gt;[link]&lt;/a&gt;</content></entry></feed>";

fn posts() -> Page {
    let own =
        json!({"is_self": true, "selftext": "My *words*.", "url": "https://www.reddit.com/r/rust/comments/b/post/"});
    listing(&[
        post("a", json!({})),
        post("b", own),
        post("c", json!({"stickied": true})),
        post("d", json!({"over_18": true})),
        post("e", json!({"url": "https://i.redd.it/e.png"})),
        post("f", json!({"removed_by_category": "moderator"})),
        post("g", json!({"score": 1, "is_self": true, "selftext": "[removed]"})),
        json!({"kind": "t1", "data": {"title": "a comment"}}),
    ])
}

#[tokio::test]
async fn posts_lead_to_what_they_link_to_or_carry_their_own_text() {
    let web = Web::start().await;
    web.set("/r/rust/new.json", posts());
    let polled = web.poll(&SourceSpec::Reddit(source(&web)), &PollState::default()).await.unwrap();
    let urls: Vec<&str> = polled.entries.iter().map(|entry| entry.url.as_str()).collect();
    let (b, g) = ("https://www.reddit.com/r/rust/comments/b/post/", "https://www.reddit.com/r/rust/comments/g/post/");
    assert_eq!(urls, ["https://e.org/a", b, g]);
    assert_eq!(polled.entries[0].discussion.as_deref(), Some("https://www.reddit.com/r/rust/comments/a/post/"));
    assert_eq!(polled.entries[1].full_text.as_deref().map(str::trim), Some("My words."));
    assert_eq!(polled.entries[2].full_text, None);
    assert_eq!(polled.notes, ["1 posts are pictures or films and are left out."]);
    assert_eq!(web.lines(), ["/r/rust/new.json?limit=100&raw_json=1"]);
    let scored = RedditSource { min_score: 5, sort: RedditSort::Top, ..source(&web) };
    web.set("/r/rust/top.json", posts());
    assert_eq!(web.poll(&SourceSpec::Reddit(scored), &PollState::default()).await.unwrap().entries.len(), 2);
    assert_eq!(web.lines(), ["/r/rust/top.json?limit=100&raw_json=1&t=day"]);
}

#[tokio::test]
async fn where_the_json_is_refused_the_feed_names_the_same_entries() {
    let web = Web::start().await;
    let spec = SourceSpec::Reddit(source(&web));
    web.set("/r/rust/new.json", posts());
    web.set("/r/rust/new.rss", Page::new(RSS));
    let first = web.poll(&spec, &PollState::default()).await.unwrap();
    web.set("/r/rust/new.json", Page::status(403).with("retry-after", "600"));
    let second = web.poll(&spec, &first.state).await.unwrap();
    let named = |polled: &sources::Polled| -> Vec<(String, String, Option<String>)> {
        let entries = polled.entries.iter().take(2);
        entries.map(|e| (e.canonical.clone(), e.digest.clone(), e.discussion.clone())).collect()
    };
    assert_eq!(named(&second), named(&first), "another form of the same posts is no news");
    assert_eq!(second.entries[1].author.as_deref(), Some("bo"));
    assert_eq!(web.lines().len(), 3);
    web.poll_at(&spec, &second.state, &[], "2026-06-01T12:09:00Z").await.unwrap();
    assert_eq!(web.lines(), ["/r/rust/new.rss?limit=100"]);
    web.poll_at(&spec, &second.state, &[], "2026-06-01T12:11:00Z").await.unwrap();
    assert_eq!(web.lines().len(), 2);

    let scored = SourceSpec::Reddit(RedditSource { min_score: 5, ..source(&web) });
    let error = web.poll(&scored, &PollState::default()).await.unwrap_err();
    assert!(error.to_string().contains("gives no scores"), "{error}");
    assert_eq!(error.retry(), Retry::Later { after: Some(600) });
    web.set("/r/rust/new.rss", Page::status(403));
    assert!(web.poll(&spec, &first.state).await.is_err());
}

#[tokio::test]
async fn recorded_listings_are_read() {
    for (name, posts) in [("new", 96), ("hot", 0)] {
        let Some(bytes) = recorded(&format!("apis/reddit-praw-cassettes/TestSubredditListings.test_{name}.json"))
        else {
            return;
        };
        let cassette: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let text = cassette["interactions"][1]["response"]["body"]["string"].as_str().unwrap();
        let web = Web::start().await;
        web.set("/r/rust/new.json", Page::new(text));
        let polled = web.poll(&SourceSpec::Reddit(source(&web)), &PollState::default()).await.unwrap();
        assert!(polled.entries.len() >= posts.max(50), "{name}: {}", polled.entries.len());
        assert!(polled.entries.iter().all(|entry| entry.title.is_some() && entry.published.is_some()));
    }
}
