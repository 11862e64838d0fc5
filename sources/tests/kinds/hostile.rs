//! Answers that are not what the interface promises: an error with the next step, or nothing, and never a panic.

use sources::{GithubSource, HackernewsSource, PollState, RedditSource, SitemapSource, SourceSpec};

use crate::web::{Page, Web};

fn kinds(web: &Web) -> [(SourceSpec, &'static str); 5] {
    let api = Some(web.base());
    [
        (
            SourceSpec::Github(GithubSource { repo: "a/b".into(), api: api.clone(), ..GithubSource::default() }),
            "/repos/a/b/releases",
        ),
        (
            SourceSpec::Hackernews(HackernewsSource { api: api.clone(), ..HackernewsSource::default() }),
            "/topstories.json",
        ),
        (
            SourceSpec::Hackernews(HackernewsSource {
                query: Some("x".into()),
                api: api.clone(),
                ..HackernewsSource::default()
            }),
            "/search_by_date",
        ),
        (
            SourceSpec::Reddit(RedditSource { subreddit: "rust".into(), api, ..RedditSource::default() }),
            "/r/rust/new.json",
        ),
        (
            SourceSpec::Sitemap(SitemapSource {
                url: format!("{}/sitemap.xml", web.base()),
                ..SitemapSource::default()
            }),
            "/sitemap.xml",
        ),
    ]
}

#[tokio::test]
async fn what_is_no_answer_of_the_interface_is_an_error_that_names_the_address() {
    let web = Web::start().await;
    let deep = "[".repeat(200_000);
    for (spec, path) in kinds(&web) {
        for body in
            ["", "{", "null", "true", "\"text\"", "\u{FEFF}", "{\"a\":", "<html><body>Sign in</body></html>", &deep]
        {
            web.set(path, Page::new(body));
            let error = web.poll(&spec, &PollState::default()).await.unwrap_err().to_string();
            assert!(error.contains(&web.host) && error.len() < 600, "{path} {body:.20}: {error}");
        }
        web.set(path, Page::new(vec![b' '; 10_000_000]));
        let error = web.poll(&spec, &PollState::default()).await.unwrap_err().to_string();
        assert!(error.contains("larger than"), "{path}: {error}");
        web.set(path, Page::new(b"\xff\xfe\x00\x01\x80".to_vec()));
        assert!(web.poll(&spec, &PollState::default()).await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn values_of_other_kinds_are_left_out_and_leave_the_rest() {
    let web = Web::start().await;
    let wrong = [
        "null",
        "7",
        "-1e300",
        "true",
        "\"x\"",
        "[]",
        "{}",
        "[[[1]]]",
        "{\"a\":{\"b\":null}}",
        "\"file:///etc/passwd\"",
    ];
    let good = r#"{"html_url":"https://e.org/r","tag_name":"v1"}"#;
    for value in wrong {
        let keys = ["html_url", "tag_name", "name", "body", "draft", "prerelease", "published_at"];
        let bad: Vec<String> = keys
            .iter()
            .map(|key| {
                format!(
                    "{{\"{key}\":{value}{}}}",
                    if *key == "html_url" { "" } else { ",\"html_url\":\"https://e.org/x\"" }
                )
            })
            .collect();
        web.set("/repos/a/b/releases", Page::new(format!("[{},{good}]", bad.join(","))));
        let github = web.poll(&kinds(&web)[0].0, &PollState::default()).await.unwrap();
        assert!(github.entries.iter().any(|entry| entry.url == "https://e.org/r"), "{value}");
        assert!(github.entries.iter().all(|entry| entry.url.starts_with("https:")), "{value}");

        let post = format!(
            r#"{{"kind":"t3","data":{{"title":{value},"url":{value},"permalink":"/r/rust/comments/1/x/","selftext":{value},"is_self":{value},"created_utc":{value},"edited":{value},"score":{value}}}}}"#
        );
        let fine = r#"{"kind":"t3","data":{"title":"T","url":"https://e.org/p","permalink":"/r/rust/comments/2/x/"}}"#;
        web.set("/r/rust/new.json", Page::new(format!(r#"{{"data":{{"children":[{post},{fine}]}}}}"#)));
        let reddit = web.poll(&kinds(&web)[3].0, &PollState::default()).await.unwrap();
        assert!(reddit.entries.iter().any(|entry| entry.url == "https://e.org/p"), "{value}");
        assert!(reddit.entries.iter().all(|entry| entry.url.starts_with("https:")), "{value}");

        let hit = format!(
            r#"{{"objectID":"1","title":{value},"url":{value},"points":{value},"created_at_i":{value},"story_text":{value}}}"#
        );
        web.set(
            "/search_by_date",
            Page::new(format!(r#"{{"hits":[{hit},{{"objectID":"2","title":"T","url":"https://e.org/h"}}]}}"#)),
        );
        let search = web.poll(&kinds(&web)[2].0, &PollState::default()).await.unwrap();
        assert!(search.entries.iter().any(|entry| entry.url == "https://e.org/h"), "{value}");

        web.set("/topstories.json", Page::new(format!("[{value},1,2]")));
        web.set(
            "/item/1.json",
            Page::new(format!(
                r#"{{"id":1,"type":"story","title":{value},"url":{value},"time":{value},"score":{value}}}"#
            )),
        );
        web.set("/item/2.json", Page::new(r#"{"id":2,"type":"story","title":"T","url":"https://e.org/i"}"#));
        let list = web.poll(&kinds(&web)[1].0, &PollState::default()).await.unwrap();
        assert!(list.entries.iter().any(|entry| entry.url == "https://e.org/i"), "{value}");
        assert!(list.entries.iter().all(|entry| entry.url.starts_with("https:")), "{value}");
    }
}

#[tokio::test]
async fn a_long_list_is_kept_short() {
    let web = Web::start().await;
    let release = r#"{"html_url":"https://e.org/r/N","tag_name":"vN","body":"x"}"#;
    let many: Vec<String> = (0..20_000).map(|n| release.replace('N', &n.to_string())).collect();
    web.set("/repos/a/b/releases", Page::new(format!("[{}]", many.join(","))));
    assert_eq!(web.poll(&kinds(&web)[0].0, &PollState::default()).await.unwrap().entries.len(), 50);
    let ids: Vec<String> = (1..200_000).map(|n: i64| n.to_string()).collect();
    web.set("/topstories.json", Page::new(format!("[{}]", ids.join(","))));
    assert!(web.poll(&kinds(&web)[1].0, &PollState::default()).await.is_err());
    assert_eq!(web.lines().len(), 1 + 1 + 30);
}
