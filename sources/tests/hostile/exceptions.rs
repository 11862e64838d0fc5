//! Exceptions for private hosts hold for the source that names them, for that host, and for nothing else.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;

use sources::{Conditional, DoorError, PollState, Resolve, SourceError, SourceSpec, poll};

use crate::loopback::{Loopback, door, door_by, get, page};

const FEED: &str =
    "<rss version='2.0'><channel><title>T</title><item><title>One</title><link>/one</link></item></channel></rss>";

/// Every name is loopback.
#[derive(Debug)]
struct Home;

impl Resolve for Home {
    fn resolve(&self, _: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

#[tokio::test]
async fn the_exception_of_one_source_opens_nothing_for_another() {
    let listener = Loopback::serve(|_| page(FEED)).await;
    let door = door(&[]);
    let spec = SourceSpec::Feed { url: format!("http://{}/feed", listener.host) };
    let here = std::path::Path::new(".");
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let ask = |allow: Vec<String>| {
        let (door, spec) = (door.clone(), spec.clone());
        async move { poll(&sources::Polite::from(door.clone()), &spec, here, &PollState::default(), &allow, now).await }
    };
    let mine = ask(vec![listener.host.clone()]).await.unwrap();
    assert_eq!(mine.entries.len(), 1);
    let asked = listener.seen().len();
    // The connection of the source with the exception may still be open; it is not lent.
    for allow in [vec![], vec!["127.0.0.2".to_owned()], vec![format!("127.0.0.1:{}", listener.port ^ 1)]] {
        let error = ask(allow.clone()).await.unwrap_err();
        assert!(matches!(error, SourceError::Door(DoorError::Refused { .. })), "{allow:?}: {error}");
    }
    assert_eq!(listener.seen().len(), asked);
}

#[tokio::test]
async fn an_open_connection_is_not_lent_to_who_has_no_exception() {
    // Stays open after its answer, as servers do.
    let open = Loopback::at([127, 0, 0, 1], |_| {
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello".to_owned()
    })
    .await;
    let door = door_by(&[], Arc::new(Home));
    let url = format!("http://nas.test:{}/", open.port);
    let allowed = door.get(&url, &Conditional::default(), &["nas.test".to_owned()]).await.unwrap();
    assert_eq!(allowed.body, b"hello");
    let error = get(&door, &url).await.unwrap_err();
    assert!(matches!(error, DoorError::Refused { .. }), "{error}");
    assert_eq!(open.seen().len(), 1);
}

#[tokio::test]
async fn an_exception_leads_to_no_other_private_host_by_a_redirect() {
    fn elsewhere(path: &str) -> String {
        let to = percent_decoded(path.trim_start_matches('/'));
        crate::loopback::redirect(&to)
    }
    let victim = Loopback::at([127, 0, 0, 1], |_| page("reached")).await;
    let listener = Loopback::serve(elsewhere).await;
    let door = door_by(&[], Arc::new(Home));
    let port = victim.port;
    for to in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://other.test:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        "http://169.254.169.254/latest/".to_owned(),
    ] {
        let url = format!("http://{}/{}", listener.host, to.replace('/', "%2F"));
        let error = door.get(&url, &Conditional::default(), std::slice::from_ref(&listener.host)).await.unwrap_err();
        assert!(matches!(error, DoorError::Redirect { .. } | DoorError::Refused { .. }), "{to}: {error}");
    }
    assert_eq!(victim.seen(), Vec::<String>::new());
    assert_eq!(listener.seen().len(), 6, "each redirect was asked for");
}

fn percent_decoded(text: &str) -> String {
    text.replace("%2F", "/").replace("%5B", "[").replace("%5D", "]")
}

#[test]
fn an_exception_is_exact() {
    let door = door(&["nas.lan", "127.0.0.1:9000", "[::1]:7"]);
    for url in
        ["http://nas.lan/", "http://NAS.lan.:9999/", "http://127.0.0.1:9000/", "http://127.1:9000/", "http://[::1]:7/"]
    {
        assert!(door.check(url, &[]).is_ok(), "{url}");
    }
    for url in [
        "http://x.nas.lan/",
        "http://nas.lan.evil.lan/",
        "http://127.0.0.1/",
        "http://127.0.0.1:90/",
        "http://127.0.0.1:90000/",
        "http://127.0.0.2:9000/",
        "http://[::ffff:127.0.0.1]:9000/",
        "https://[::1]/",
        "http://[::2]:7/",
        "file://nas.lan/etc/passwd",
        "http://user@nas.lan/",
    ] {
        assert!(door.check(url, &[]).is_err(), "{url}");
    }
    for allow in ["*", "*.lan", "", ".", "lan", "0.0.0.0/0", "http://10.0.0.1"] {
        assert!(door.check("http://10.0.0.1/", &[allow.to_owned()]).is_err(), "{allow}");
        assert!(door.check("http://other.lan/", &[allow.to_owned()]).is_err(), "{allow}");
    }
}
