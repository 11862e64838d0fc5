//! The door, without a network.

use super::*;

fn tls() {
    // A second installation is refused, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn door(options: DoorOptions) -> Door {
    tls();
    Door::new(options).unwrap()
}

#[test]
fn exceptions_are_hosts_with_or_without_a_port() {
    tls();
    for entry in ["", "http://x", "a/b", "user@host", "host:port", "a b"] {
        let options = DoorOptions { allow_private: vec![entry.to_owned()], ..DoorOptions::default() };
        assert!(matches!(Door::new(options), Err(DoorError::Setup { .. })), "{entry}");
    }
    let options =
        DoorOptions { allow_private: vec!["nas.lan".into(), "127.0.0.1:9000".into()], ..DoorOptions::default() };
    let door = door(options);
    for url in ["http://nas.lan/x", "http://NAS.lan:9999/", "http://127.0.0.1:9000/"] {
        assert!(door.check(url, &[]).is_ok(), "{url}");
    }
    for url in ["http://127.0.0.1/", "http://127.0.0.1:9001/", "http://nas.lan.example.org:9999/", "ftp://nas.lan/"] {
        assert!(door.check(url, &[]).is_err(), "{url}");
    }
    assert!(door.check("http://[::1]:7/", &["[::1]:7".to_owned()]).is_ok());
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_at_the_connection() {
    use reqwest::dns::Resolve as _;
    // `localhost` is in every hosts file; the check by name would catch it, so the resolver is asked itself.
    let system = |private| Checked { by: Arc::new(SystemResolver), private };
    let refused = system(false).resolve("localhost".parse().unwrap()).await.err().unwrap();
    assert!(refused.downcast_ref::<Blocked>().is_some(), "{refused}");
    assert!(system(true).resolve("localhost".parse().unwrap()).await.is_ok());
}

#[test]
fn one_private_address_among_several_is_enough() {
    let mixed = ["93.184.216.34".parse().unwrap(), "10.0.0.1".parse().unwrap()];
    assert!(resolver::check("dual.test", &mixed).is_err());
    assert!(resolver::check("fine.test", &mixed[..1]).is_ok());
    assert!(resolver::check("mapped.test", &["::ffff:127.0.0.1".parse().unwrap()]).is_err());
}

#[test]
fn nothing_takes_longer_than_half_a_minute_unless_it_is_asked_for() {
    let defaults = DoorOptions::default();
    assert_eq!((defaults.timeout_seconds, defaults.connect_timeout_seconds, defaults.max_redirects), (30, 10, 5));
}

#[test]
fn messages_show_no_secrets() {
    assert_eq!(shown("https://u:p@example.org/a?token=secret#x"), "https://example.org/a?…");
    assert_eq!(shown("not a url?token=secret"), "not a url");
    assert_eq!(shown("//user:secret@host/x"), "host/x");
    let error = door(DoorOptions::default()).check("http://127.0.0.1/?key=secret", &[]).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn freshness_and_pauses_are_read_from_headers() {
    assert_eq!(max_age("public, max-age=300"), Some(300));
    assert_eq!(max_age("max-age=300, no-cache"), Some(0));
    assert_eq!(max_age("private"), None);
    assert_eq!(max_age("max-age=99999999999999999999"), None);
    assert_eq!(retry_after("120", None), Some(120));
    let date = Some("Wed, 04 Mar 2026 05:00:00 GMT");
    assert_eq!(retry_after("Wed, 04 Mar 2026 05:02:00 GMT", date), Some(120));
    assert_eq!(retry_after("Wed, 04 Mar 2026 04:00:00 GMT", date), None);
    assert_eq!(retry_after("soon", date), None);
}
