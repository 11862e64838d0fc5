//! Names that change their address between two looks, or have several.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sources::{DoorError, Resolve};

use crate::loopback::{Loopback, door_by, get, page, redirect};

/// Inside the space that is handed out, but handed back (RFC 3701): it counts as public, and nobody is there.
const PUBLIC: &str = "3ffe::1";

/// Answers every name from a script, over and over, and counts how often it was asked.
#[derive(Debug)]
struct Script {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Script {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self { answers: answers.iter().map(parse).collect(), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Script {
    fn resolve(&self, _: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[turn % self.answers.len()].clone();
        Box::pin(async move { Ok(answer) })
    }
}

#[tokio::test]
async fn a_name_that_turns_to_loopback_never_reaches_it() {
    let listener = Loopback::at([127, 3, 3, 3], |_| page("reached")).await;
    let address = listener.host.rsplit_once(':').unwrap().0;
    let script = Script::new(&[&[PUBLIC], &[address]]);
    let door = door_by(&[], script.clone());
    let asks = (0..100).map(|n| {
        let (door, port) = (door.clone(), listener.port);
        tokio::spawn(async move { get(&door, &format!("http://name{n}.rebind.test:{port}/")).await })
    });
    let (mut refused, mut unreachable) = (0, 0);
    for ask in asks.collect::<Vec<_>>() {
        match ask.await.unwrap() {
            Err(DoorError::Refused { why, .. }) if why.contains("not a public address") => refused += 1,
            Err(DoorError::Unreachable { .. }) => unreachable += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(listener.seen(), Vec::<String>::new());
    assert_eq!((refused, unreachable), (50, 50), "each lookup is judged by its own answer");
    assert_eq!(script.asked(), 100, "one lookup for each connection, and none after the check");
}

#[tokio::test]
async fn one_private_address_among_public_ones_is_refused() {
    let listener = Loopback::at([127, 3, 3, 3], |_| page("reached")).await;
    let address = listener.host.rsplit_once(':').unwrap().0;
    let mapped = format!("::ffff:{address}");
    for answer in [
        [PUBLIC, address].as_slice(),
        &[address, PUBLIC],
        &[PUBLIC, PUBLIC, "10.0.0.1"],
        &[&mapped],
        &["::1", PUBLIC],
        &[PUBLIC, "fe80::1"],
        &["64:ff9b::7f00:1"],
        &["0.0.0.0"],
    ] {
        let door = door_by(&[], Script::new(&[answer]));
        let error = get(&door, &format!("http://dual.test:{}/", listener.port)).await.unwrap_err();
        assert!(matches!(&error, DoorError::Refused { .. }), "{answer:?}: {error}");
        assert!(error.to_string().contains("dual.test"), "{error}");
    }
    let nobody = door_by(&[], Script::new(&[&[]]));
    assert!(matches!(get(&nobody, "http://none.test/").await, Err(DoorError::Unreachable { .. })));
    assert_eq!(listener.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_connected_to_is_what_the_lookup_answered() {
    let first = Loopback::at([127, 3, 3, 4], |_| page("first")).await;
    let address = first.host.rsplit_once(':').unwrap().0;
    // The second answer leads nowhere: whoever looks twice and takes the second fails.
    let script = Script::new(&[&[address], &["127.3.3.9"]]);
    let door = door_by(&["nas.test"], script.clone());
    let url = format!("http://nas.test:{}/", first.port);
    assert_eq!(get(&door, &url).await.unwrap().body, b"first");
    assert_eq!(script.asked(), 1);
    assert!(matches!(get(&door, &url).await, Err(DoorError::Unreachable { .. })), "the next connection looks anew");
    assert_eq!(first.seen(), [format!("nas.test:{} /", first.port)]);
}

#[tokio::test]
async fn a_redirect_to_a_name_of_a_private_address_is_not_followed() {
    let listener = Loopback::at([127, 3, 3, 5], |path| match path {
        "/inside" => page("reached"),
        _ => redirect("http://inside.test:8443/inside"),
    })
    .await;
    let address = listener.host.rsplit_once(':').unwrap().0;
    let door = door_by(&["nas.test"], Script::new(&[&[address]]));
    let error = get(&door, &format!("http://nas.test:{}/", listener.port)).await.unwrap_err();
    assert!(matches!(&error, DoorError::Refused { why, .. } if why.contains("inside.test")), "{error}");
    assert_eq!(listener.seen().len(), 1, "the redirect itself, and nothing after it");
}
