//! Releases of a repository.

use serde_json::json;
use sources::{GithubSource, GithubVia, PollState, Retry, SourceSpec, Token};

use crate::web::{Page, Web, recorded};

const TOKEN: &str = "CANARY-TOKEN";
const API: &str = "/api/v3/repos/acme/widget/releases";
const ATOM: &str = "/acme/widget/releases.atom";

fn source(web: &Web) -> GithubSource {
    GithubSource {
        repo: "acme/widget".to_owned(),
        api: Some(format!("{}/api/v3", web.base())),
        ..GithubSource::default()
    }
}

fn with_token(web: &Web) -> SourceSpec {
    SourceSpec::Github(GithubSource { token: Some(Token::new("GH", TOKEN.to_owned())), ..source(web) })
}

fn release(tag: &str, body: &str) -> serde_json::Value {
    json!({
        "html_url": format!("https://github.com/acme/widget/releases/tag/{tag}"), "tag_name": tag, "name": tag,
        "body": body, "draft": false, "prerelease": false, "published_at": "2026-05-30T10:00:00Z",
        "author": {"login": "ann"}
    })
}

fn releases(body: &str) -> Page {
    let mut draft = release("v9", "secret plans");
    draft["draft"] = true.into();
    let mut early = release("v3.0.0-rc.1", "early");
    early["prerelease"] = true.into();
    Page::new(json!([draft, early, release("v2.0.0", body), release("v1.0.0", "The first.")]).to_string())
}

const FEED: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Release notes</title>\
    <entry><id>1</id><updated>2026-05-30T10:00:00Z</updated><title>v3.0.0-rc.1</title>\
    <link rel='alternate' type='text/html' href='https://github.com/acme/widget/releases/tag/v3.0.0-rc.1'/></entry>\
    <entry><id>2</id><updated>2026-05-30T10:00:00Z</updated><title>v2.0.0</title>\
    <link rel='alternate' type='text/html' href='https://github.com/acme/widget/releases/tag/v2.0.0'/>\
    <content type='html'>&lt;p&gt;Rendered otherwise.&lt;/p&gt;</content></entry></feed>";

#[tokio::test]
async fn releases_carry_their_text_and_an_edited_one_has_another_digest() {
    let web = Web::start().await;
    web.set(API, releases("## Fixes\n\n* The `frob` option is **read** again.\n").with("etag", "\"1\""));
    let first = web.poll(&with_token(&web), &PollState::default()).await.unwrap();
    let entry = &first.entries[0];
    assert_eq!(first.entries.len(), 2, "neither drafts nor what is not final: {:?}", first.entries);
    assert_eq!(entry.url, "https://github.com/acme/widget/releases/tag/v2.0.0");
    assert_eq!(entry.title.as_deref(), Some("widget v2.0.0"));
    assert_eq!(
        (entry.author.as_deref(), entry.published.unwrap().to_string()),
        (Some("ann"), "2026-05-30T10:00:00Z".into())
    );
    assert!(entry.full_text.as_deref().unwrap().contains("option is read again."), "{:?}", entry.full_text);
    let asked = web.asked();
    assert_eq!((asked.len(), asked[0].token.as_deref()), (1, Some("Bearer CANARY-TOKEN")));
    assert!(!serde_json::to_string(&first.state).unwrap().contains(TOKEN));

    let second = web.poll(&with_token(&web), &first.state).await.unwrap();
    assert!(second.unchanged && second.entries.is_empty());
    assert!(web.lines()[0].ends_with(" [304]"));

    web.set(API, releases("## Fixes\n\nAnd one more.\n").with("etag", "\"2\""));
    let third = web.poll(&with_token(&web), &second.state).await.unwrap();
    assert_ne!(third.entries[0].digest, entry.digest, "an edited release is another generation");
    assert_eq!(third.entries[1].digest, first.entries[1].digest);

    let all = SourceSpec::Github(GithubSource { prereleases: true, ..source(&web) });
    assert_eq!(web.poll(&all, &PollState::default()).await.unwrap().entries.len(), 3);
}

#[tokio::test]
async fn the_token_does_not_follow_a_redirect_to_another_host_and_is_in_no_message() {
    let (web, other) = (Web::start().await, Web::start().await);
    web.set(API, Page::status(302).with("location", format!("{}/elsewhere", other.base())));
    other.set("/elsewhere", releases("x"));
    let polled =
        web.poll_at(&with_token(&web), &PollState::default(), &[&other], "2026-06-01T12:00:00Z").await.unwrap();
    assert_eq!(polled.entries.len(), 2);
    assert_eq!(web.asked()[0].token.as_deref(), Some("Bearer CANARY-TOKEN"));
    assert_eq!(other.asked()[0].token, None);
    // Within the host it goes along.
    web.set(API, Page::status(301).with("location", "/repositories/1/releases"));
    web.set("/repositories/1/releases", releases("x"));
    web.poll(&with_token(&web), &PollState::default()).await.unwrap();
    assert!(web.asked().iter().all(|asked| asked.token.is_some()));

    for (page, retry, expected) in [
        (Page::status(401), Retry::No, "the one in GH"),
        (Page::status(403), Retry::No, "GH may not read"),
        (
            Page::status(403)
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", "1780315260")
                .with("date", "Mon, 01 Jun 2026 12:00:00 GMT"),
            Retry::Later { after: Some(60) },
            "quota",
        ),
        (Page::status(429).with("retry-after", "7"), Retry::Later { after: Some(7) }, "quota"),
        (Page::status(429), Retry::Later { after: Some(60) }, "quota"),
        (Page::status(404), Retry::No, "nothing is there"),
        (Page::status(500), Retry::Later { after: None }, "trouble"),
    ] {
        web.set(API, page);
        let error = web.poll(&with_token(&web), &PollState::default()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.retry(), retry, "{error}");
        assert!(!format!("{error} {error:?} {:?}", with_token(&web)).contains(TOKEN));
    }
}

#[tokio::test]
async fn a_quota_that_is_used_up_by_a_good_answer_is_waited_for() {
    let web = Web::start().await;
    web.set(
        API,
        releases("x")
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", "1780318800")
            .with("date", "Mon, 01 Jun 2026 12:00:00 GMT"),
    );
    let polled = web.poll(&with_token(&web), &PollState::default()).await.unwrap();
    assert_eq!(polled.state.next_after.unwrap().to_string(), "2026-06-01T13:00:00Z");
}

#[tokio::test]
async fn without_a_token_the_feed_is_a_way_out_and_changing_the_form_changes_no_digest() {
    let web = Web::start().await;
    let spec = SourceSpec::Github(source(&web));
    web.set(API, releases("Markdown."));
    web.set(ATOM, Page::new(FEED).with("etag", "\"a\""));
    let first = web.poll(&spec, &PollState::default()).await.unwrap();
    assert_eq!(web.asked().iter().map(|a| a.token.clone()).collect::<Vec<_>>(), [None]);

    web.set(API, Page::status(403).with("retry-after", "600"));
    let second = web.poll(&spec, &first.state).await.unwrap();
    assert_eq!(second.entries.len(), 1, "{:?}", second.notes);
    let same = first.entries.iter().find(|entry| entry.url == second.entries[0].url).unwrap();
    assert_eq!((&same.digest, &same.title), (&second.entries[0].digest, &second.entries[0].title));
    assert_eq!(web.lines(), [format!("{API}?per_page=50"), ATOM.to_owned()]);

    let third = web.poll_at(&spec, &second.state, &[], "2026-06-01T12:05:00Z").await.unwrap();
    assert_eq!(web.lines(), [format!("{ATOM} [304]")], "the interface is left alone as long as it asks");
    assert!(third.unchanged);

    web.set(API, releases("Markdown, edited."));
    let fourth = web.poll_at(&spec, &third.state, &[], "2026-06-01T12:11:00Z").await.unwrap();
    assert_eq!(web.lines(), [format!("{API}?per_page=50")]);
    assert_ne!(fourth.entries[0].digest, same.digest, "an edit counts in the form that it was told in");

    let atom = SourceSpec::Github(GithubSource { via: GithubVia::Atom, ..source(&web) });
    assert_eq!(web.poll(&atom, &PollState::default()).await.unwrap().entries.len(), 1);
    assert_eq!(web.lines(), [ATOM]);
}

#[tokio::test]
async fn recorded_and_specified_releases_are_read() {
    let web = Web::start().await;
    let (spec, none) = (SourceSpec::Github(source(&web)), PollState::default());
    if let Some(bytes) = recorded("specs/api.github.com.subset.json") {
        let api: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        web.set(API, Page::new(api["components"]["examples"]["release-items"]["value"].to_string()));
        let polled = web.poll(&spec, &none).await.unwrap();
        assert_eq!(polled.entries[0].url, "https://github.com/octocat/Hello-World/releases/v1.0.0");
        assert_eq!(polled.entries[0].published.unwrap().to_string(), "2013-02-27T19:35:32Z");
    }
    if let Some(bytes) = recorded("apis/github-octokit-fixtures/release-assets/normalized-fixture.json") {
        let exchanges: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        web.set(API, Page::new(json!([exchanges[0]["response"]]).to_string()));
        let polled = web.poll(&spec, &none).await.unwrap();
        assert_eq!(polled.entries.len(), 1, "{:?}", polled.notes);
        assert!(polled.entries[0].title.as_deref().unwrap().contains("1.0.0"));
    }
    if let Some(bytes) = recorded("apis/github-octokit-fixtures/errors/raw-fixture.json") {
        let exchanges: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        web.set(API, Page::new(exchanges[0]["response"].to_string()));
        assert!(web.poll(&spec, &none).await.unwrap_err().to_string().contains("not a list of releases"));
    }
}
