//! A box on loopback: UDP port 9 for its network card, an HTTP server for its heartbeat, its sleep switch and its users.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use tokio::net::UdpSocket;

use super::{HttpCall, Probe, SleepBy, SleepOutcome, WakeBy, WakeOutcome, WorkerOptions, alive, busy, sleep, wake};

mod means;
mod packets;

const MAC: &str = "02:00:5e:10:00:01";

#[derive(Default)]
struct Inside {
    awake: AtomicBool,
    in_use: AtomicBool,
    ledger: Mutex<Vec<String>>,
}

struct FakeBox {
    inside: Arc<Inside>,
    root: String,
}

impl FakeBox {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inside = Arc::new(Inside::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inside, root }
    }

    fn options(&self) -> WorkerOptions {
        WorkerOptions {
            mac: MAC.into(),
            broadcast: IpAddr::V4(Ipv4Addr::LOCALHOST),
            heartbeat_url: format!("{}/heartbeat", self.root),
            heartbeat_seconds: 1,
            poll_milliseconds: 20,
            wake: WakeBy::Http(self.call("wake")),
            sleep: SleepBy::Http(self.call("sleep")),
            busy: Some(Probe::Http(HttpCall { method: "GET".into(), ..self.call("busy") })),
            command_seconds: 2,
            ..WorkerOptions::default()
        }
    }

    fn call(&self, path: &str) -> HttpCall {
        HttpCall::to(format!("{}/{path}", self.root))
    }

    fn ledger(&self) -> Vec<String> {
        self.inside.ledger.lock().unwrap().iter().filter(|l| !l.ends_with("heartbeat")).cloned().collect()
    }
}

async fn answer(State(inside): State<Arc<Inside>>, method: Method, uri: Uri) -> (StatusCode, String) {
    inside.ledger.lock().unwrap().push(format!("{method} {}", uri.path()));
    match uri.path() {
        "/heartbeat" if inside.awake.load(SeqCst) => (StatusCode::OK, "{}".into()),
        "/heartbeat" => (StatusCode::SERVICE_UNAVAILABLE, "asleep".into()),
        "/wake" => {
            inside.awake.store(true, SeqCst);
            (StatusCode::OK, String::new())
        }
        "/sleep" => {
            inside.awake.store(false, SeqCst);
            (StatusCode::ACCEPTED, String::new())
        }
        "/busy" if inside.in_use.load(SeqCst) => (StatusCode::OK, "true".into()),
        "/busy" => (StatusCode::OK, "false\n".into()),
        _ => (StatusCode::NOT_FOUND, String::new()),
    }
}

fn command(words: &[&str]) -> Vec<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

#[tokio::test]
async fn a_box_is_woken_found_awake_and_put_to_sleep() {
    let fake = FakeBox::start().await;
    let options = fake.options();
    assert!(!alive(&options).await);
    let told = Mutex::new(Vec::new());
    let woken = wake(&options, |line| told.lock().unwrap().push(line.to_owned())).await;
    assert!(matches!(woken, WakeOutcome::Woken { packets: 0, .. }), "{woken:?}");
    assert_eq!(told.into_inner().unwrap(), ["waking box"]);
    assert_eq!(wake(&options, |_| ()).await, WakeOutcome::AlreadyAwake);
    assert_eq!(sleep(&options).await, SleepOutcome::Asleep);
    assert!(!alive(&options).await);
    assert_eq!(fake.ledger(), ["POST /wake", "GET /busy", "POST /sleep"]);
}

#[tokio::test]
async fn a_box_in_use_is_left_awake() {
    let fake = FakeBox::start().await;
    fake.inside.awake.store(true, SeqCst);
    fake.inside.in_use.store(true, SeqCst);
    assert_eq!(sleep(&fake.options()).await, SleepOutcome::Busy);
    assert!(alive(&fake.options()).await);
    for probe in [
        Probe::Http(fake.call("nothing-here")),
        Probe::Http(HttpCall { method: "GET".into(), ..HttpCall::to("http://127.0.0.1:1/") }),
        Probe::Command(command(&["false"])),
        Probe::Command(command(&["/no/such/program"])),
        Probe::Command(command(&["sleep", "60"])),
    ] {
        let options = WorkerOptions { busy: Some(probe), command_seconds: 1, ..fake.options() };
        assert_eq!(sleep(&options).await, SleepOutcome::Busy, "a probe that did not run is no permission");
    }
    assert!(!fake.ledger().iter().any(|l| l.ends_with("/sleep")));
}

#[tokio::test]
async fn commands_run_without_a_shell_and_within_their_time() {
    let fake = FakeBox::start().await;
    fake.inside.awake.store(true, SeqCst);
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("$(touch x); a b");
    let name = marker.to_str().unwrap();
    let by = |argv: &[&str]| WorkerOptions {
        busy: Some(Probe::Command(command(&["true"]))),
        sleep: SleepBy::Command(command(argv)),
        command_seconds: 1,
        ..fake.options()
    };
    assert_eq!(busy(&by(&["true"])).await, Ok(false));
    assert_eq!(sleep(&by(&["touch", name])).await, SleepOutcome::Asleep);
    assert!(marker.exists(), "the argument arrives as it is");
    for argv in [&["false"][..], &["/no/such/program"], &["sleep", "60"], &["sh", "-c", "echo no >&2; exit 3"]] {
        let outcome = sleep(&by(argv)).await;
        assert!(matches!(outcome, SleepOutcome::Failed { .. }), "{argv:?}: {outcome:?}");
    }
    // The connection of a box that falls asleep at once breaks: it is asleep all the same.
    fake.inside.awake.store(false, SeqCst);
    assert_eq!(sleep(&by(&["false"])).await, SleepOutcome::Asleep);
    assert!(matches!(sleep(&by(&["/no/such/program"])).await, SleepOutcome::Failed { .. }));
}

#[tokio::test]
async fn a_box_that_stays_silent_is_given_up_at_the_deadline() {
    let fake = FakeBox::start().await;
    let options = WorkerOptions { wake: WakeBy::Command(command(&["true"])), ..fake.options() };
    let WakeOutcome::Silent { packets: 0, waited_ms } = wake(&options, |_| ()).await else { panic!("it is silent") };
    assert!((1_000..3_000).contains(&waited_ms), "{waited_ms}");
    let broken = WorkerOptions { wake: WakeBy::Command(command(&["false"])), ..fake.options() };
    assert!(matches!(wake(&broken, |_| ()).await, WakeOutcome::NotPossible { .. }));
    let typo = WorkerOptions { wake: WakeBy::Packet, mac: "G2:00:5e:10:00:01".into(), ..fake.options() };
    let WakeOutcome::NotPossible { why } = wake(&typo, |_| ()).await else { panic!("a wrong address wakes nobody") };
    assert!(why.contains("MAC"), "{why}");
}

#[tokio::test]
async fn the_magic_packet_is_right_to_the_byte() {
    // Only one process at a time can be the network card.
    let socket = match UdpSocket::bind("127.0.0.1:9").await {
        Ok(socket) => socket,
        Err(error) => {
            #[allow(clippy::print_stderr, reason = "a skipped test says so")]
            {
                eprintln!("SKIPPED: 127.0.0.1:9 cannot be bound ({error})");
            }
            return;
        }
    };
    let fake = FakeBox::start().await;
    let inside = fake.inside.clone();
    let card = tokio::spawn(async move {
        let mut heard = Vec::new();
        let mut buffer = [0_u8; 2_048];
        // The first packet is lost on it; the second wakes it.
        while heard.len() < 2 {
            let (length, _) = socket.recv_from(&mut buffer).await.unwrap();
            heard.push(buffer[..length].to_vec());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        inside.awake.store(true, SeqCst);
        heard
    });
    let options = WorkerOptions { wake: WakeBy::Packet, heartbeat_seconds: 20, ..fake.options() };
    let outcome = wake(&options, |_| ()).await;
    // The card hears port 9 and no password: wol-rs sends.
    let WakeOutcome::Woken { after_ms, packets: 2 } = outcome else { panic!("{outcome:?}") };
    assert!(after_ms >= 3_000, "{after_ms}");
    let mut expected = vec![0xff; 6];
    (0..16).for_each(|_| expected.extend([0x02, 0x00, 0x5e, 0x10, 0x00, 0x01]));
    assert_eq!(card.await.unwrap(), [expected.clone(), expected]);
}
