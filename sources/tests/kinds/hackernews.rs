//! Stories of Hacker News.

use serde_json::json;
use sources::{HackernewsList, HackernewsSource, PollState, SourceSpec};

use crate::web::{Page, Web, recorded};

fn source(web: &Web) -> HackernewsSource {
    HackernewsSource { api: Some(web.base()), ..HackernewsSource::default() }
}

fn item(web: &Web, id: i64, more: serde_json::Value) {
    let mut item = json!({"id": id, "type": "story", "by": "ann", "time": 1_780_000_000, "score": 50,
        "title": format!("Story {id}"), "url": format!("https://e.org/{id}")});
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    web.set(&format!("/item/{id}.json"), Page::new(item.to_string()));
}

fn list(web: &Web, ids: &[i64]) {
    web.set("/topstories.json", Page::new(json!(ids).to_string()));
}

#[tokio::test]
async fn a_list_is_read_item_by_item_and_one_that_fails_spoils_nothing() {
    let web = Web::start().await;
    list(&web, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for id in [1, 2, 10] {
        item(&web, id, json!({}));
    }
    item(&web, 3, json!({"url": null, "title": "Ask HN: Why?", "text": "Because of <i>this</i>.<p>And that."}));
    item(&web, 4, json!({"type": "job"}));
    item(&web, 5, json!({"dead": true}));
    item(&web, 6, json!({"deleted": true}));
    item(&web, 7, json!({"score": 3}));
    web.set("/item/8.json", Page::status(500));
    web.set("/item/9.json", Page::new("null"));
    let spec = SourceSpec::Hackernews(HackernewsSource { min_score: 10, most: 9, ..source(&web) });
    let first = web.poll(&spec, &PollState::default()).await.unwrap();
    let mut urls: Vec<&str> = first.entries.iter().map(|entry| entry.url.as_str()).collect();
    urls.sort_unstable();
    assert_eq!(urls, ["https://e.org/1", "https://e.org/2", "https://news.ycombinator.com/item?id=3"]);
    let ask = first.entries.iter().find(|entry| entry.title.as_deref() == Some("Ask HN: Why?")).unwrap();
    assert_eq!(ask.full_text.as_deref().map(str::trim), Some("Because of this.\n\nAnd that."));
    let story = first.entries.iter().find(|entry| entry.url.ends_with("/1")).unwrap();
    assert_eq!((story.full_text.as_deref(), story.author.as_deref()), (None, Some("ann")));
    assert_eq!(story.discussion.as_deref(), Some("https://news.ycombinator.com/item?id=1"));
    assert!(first.notes[0].starts_with("1 of 9 items could not be read"), "{:?}", first.notes);
    assert_eq!(web.asked().len(), 10);
    assert_eq!(web.most_at_once(), 1, "one connection at a time");

    // A score that has risen, an item that answers again; what was told is not asked for again.
    item(&web, 7, json!({"score": 30}));
    item(&web, 8, json!({}));
    let second = web.poll(&spec, &first.state).await.unwrap();
    let mut urls: Vec<&str> = second.entries.iter().map(|entry| entry.url.as_str()).collect();
    urls.sort_unstable();
    assert_eq!(urls, ["https://e.org/7", "https://e.org/8"]);
    assert_eq!(web.lines().len(), 1 + 4, "5, 7, 8, 9");
}

#[tokio::test]
async fn a_list_that_is_the_same_is_asked_once() {
    let web = Web::start().await;
    list(&web, &[1, 2]);
    item(&web, 1, json!({}));
    item(&web, 2, json!({"url": "file:///etc/passwd"}));
    let spec = SourceSpec::Hackernews(source(&web));
    let first = web.poll(&spec, &PollState::default()).await.unwrap();
    assert_eq!(first.entries.len(), 1, "an address of a file is no page");
    web.asked();
    let second = web.poll(&spec, &first.state).await.unwrap();
    assert!(second.unchanged);
    assert_eq!(web.lines(), ["/topstories.json"]);
    let best = SourceSpec::Hackernews(HackernewsSource { list: HackernewsList::Best, ..source(&web) });
    assert!(web.poll(&best, &first.state).await.unwrap_err().to_string().contains("404"));
    for id in [1, 2] {
        web.set(&format!("/item/{id}.json"), Page::status(503));
    }
    assert!(web.poll(&spec, &PollState::default()).await.is_err(), "all items fail");
}

#[tokio::test]
async fn a_search_takes_words_and_a_score() {
    let web = Web::start().await;
    web.set("/search_by_date", Page::new(json!({"hits": [
        {"objectID": "41", "title": "Found", "url": "https://e.org/41", "points": 90, "author": "bo", "created_at_i": 1_780_000_000},
        {"objectID": "42", "title": "Ask HN: Found?", "url": null, "points": 40, "story_text": "<p>Text</p>"},
        {"objectID": "43", "title": "Too few", "url": "https://e.org/43", "points": 39},
        {"objectID": "x", "title": "No number", "url": "https://e.org/44", "points": 99},
    ], "nbHits": 4}).to_string()));
    let spec = SourceSpec::Hackernews(HackernewsSource {
        query: Some("rust & \"async\"".to_owned()),
        min_score: 40,
        ..source(&web)
    });
    let polled = web.poll(&spec, &PollState::default()).await.unwrap();
    let urls: Vec<&str> = polled.entries.iter().map(|entry| entry.url.as_str()).collect();
    assert_eq!(urls, ["https://e.org/41", "https://news.ycombinator.com/item?id=42"]);
    assert_eq!(
        web.lines(),
        ["/search_by_date?query=rust+%26+%22async%22&tags=story&numericFilters=points%3E%3D40&hitsPerPage=30"]
    );
}

#[tokio::test]
async fn the_examples_of_the_interface_are_read() {
    let web = Web::start().await;
    let mut ids = Vec::new();
    for name in ["01-story", "02-comment", "03-story", "04-job", "05-poll", "06-pollopt"] {
        let Some(bytes) = recorded(&format!("apis/hackernews/example-{name}.json")) else { return };
        let id = serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["id"].as_i64().unwrap();
        web.set(&format!("/item/{id}.json"), Page::new(bytes));
        ids.push(id);
    }
    list(&web, &ids);
    let polled = web.poll(&SourceSpec::Hackernews(source(&web)), &PollState::default()).await.unwrap();
    let titles: Vec<&str> = polled.entries.iter().filter_map(|entry| entry.title.as_deref()).collect();
    assert_eq!(
        titles,
        [
            "Poll: What would happen if News.YC had explicit support for polls?",
            "Ask HN: The Arc Effect",
            "My YC app: Dropbox - Throw away your USB drive",
        ]
    );
    assert!(polled.entries[1].full_text.as_deref().unwrap().contains("a spike.)\n\nNot to say"));
}
