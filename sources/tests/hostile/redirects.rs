//! Redirects: every hop is checked, and none is followed that should not be.

use sources::{DoorError, Retry};

use crate::loopback::{Loopback, door, get, page, redirect};

fn answer(path: &str) -> String {
    let raw = |line: &str| format!("HTTP/1.1 302 Found\r\n{line}Content-Length: 0\r\nConnection: close\r\n\r\n");
    if let Some(n) = path.strip_prefix("/hop/").and_then(|n| n.parse::<u32>().ok()) {
        return if n == 0 { page("arrived") } else { redirect(&format!("/hop/{}", n - 1)) };
    }
    match path {
        "/metadata" => redirect("http://169.254.169.254/latest/meta-data/"),
        "/loopback" => redirect("http://127.0.0.1:8443/victim"),
        "/decimal" => redirect("http://2130706433:8443/victim"),
        "/mapped" => redirect("http://[::ffff:127.0.0.1]:8443/victim"),
        "/relative-scheme" => redirect("//127.0.0.1:8443/victim"),
        "/backslash" => redirect("\\\\127.0.0.1:8443\\victim"),
        "/localhost" => redirect("http://localhost:8443/victim"),
        "/credentials" => redirect("http://user:pass@example.com/"),
        "/port" => redirect("http://example.com:6379/"),
        "/file" => redirect("file:///etc/passwd"),
        "/data" => redirect("data:text/html,<p>x"),
        "/script" => redirect("javascript:alert(1)"),
        "/ftp" => redirect("ftp://example.com/x"),
        "/nowhere" => raw(""),
        "/empty" => raw("Location:\r\n"),
        "/broken" => redirect("http://[::1"),
        "/self" => redirect("/self#again"),
        "/ping" => redirect("/pong"),
        "/pong" => redirect("/ping?"),
        "/ping?" => redirect("/ping"),
        "/split" => raw("Location: /arrived\r\nLocation: http://127.0.0.1:8443/victim\r\n"),
        "/moved" => {
            "HTTP/1.1 308 Permanent Redirect\r\nLocation: deep/../arrived?x#y\r\nContent-Length: 0\r\n\r\n".into()
        }
        _ => page("arrived"),
    }
}

#[tokio::test]
async fn none_is_followed_that_should_not_be() {
    let victim = Loopback::at([127, 0, 0, 1], |_| page("reached")).await;
    let listener = Loopback::serve(answer).await;
    let door = door(&[&listener.host]);
    for (path, why) in [
        ("metadata", "not a public address"),
        ("loopback", "not a public address"),
        ("decimal", "not a public address"),
        ("mapped", "not a public address"),
        ("relative-scheme", "not a public address"),
        ("backslash", "not a public address"),
        ("localhost", "a name of a private network"),
        ("credentials", "user name or password"),
        ("port", "port 6379"),
        ("file", "not http or https"),
        ("data", "not http or https"),
        ("script", "not http or https"),
        ("ftp", "not http or https"),
        ("nowhere", "no Location"),
        ("empty", "in a circle"),
        ("broken", "no URL"),
        ("self", "in a circle"),
        ("ping", "in a circle"),
        ("hop/6", "more than 5 redirects"),
        ("hop/1000", "more than 5 redirects"),
    ] {
        let before = listener.seen().len();
        let error = get(&door, &format!("http://{}/{path}", listener.host)).await.unwrap_err();
        assert!(matches!(error, DoorError::Redirect { .. }) && error.to_string().contains(why), "{path}: {error}");
        assert_eq!(error.retry(), Retry::No);
        assert!(!error.to_string().contains("pass@"), "{error}");
        let asked = listener.seen().len() - before;
        assert!(asked <= 6, "{path}: {asked} requests");
    }
    assert_eq!(victim.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn honest_ones_are_followed_up_to_five() {
    let listener = Loopback::serve(answer).await;
    let door = door(&[&listener.host]);
    let five = get(&door, &format!("http://{}/hop/5", listener.host)).await.unwrap();
    assert_eq!((five.body.as_slice(), five.hops.len()), (b"arrived".as_slice(), 5));
    let moved = get(&door, &format!("http://{}/moved", listener.host)).await.unwrap();
    assert_eq!(moved.final_url, format!("http://{}/arrived?x", listener.host));
    let split = get(&door, &format!("http://{}/split", listener.host)).await.unwrap();
    assert_eq!(split.final_url, format!("http://{}/arrived", listener.host), "one Location counts, and it is checked");
}
