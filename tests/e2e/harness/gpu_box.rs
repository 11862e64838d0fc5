//! A GPU box that sleeps until a magic packet wakes it, with a model server inside.

use std::fs::File;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde_json::{Value, json};

mod work;

use self::work::{Work, generate, mend, meter};
use super::ledger::Ledger;
use super::model::{FakeModel, json_response};
use super::server::{Port, Server, hang_up};
use super::web::hex;

/// What a sleeping box does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asleep {
    /// Refuses them, as a machine without power does.
    Refuses,
    /// Answers 503, as a proxy before it does. Only here the ledger can count what was asked of a sleeper.
    Answers503,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    Asleep,
    Booting(Instant),
    Awake,
}

struct Inside {
    power: Power,
    boot: Duration,
    dead: bool,
    busy: bool,
    sleep_at: Option<Instant>,
    serving: usize,
    gone: bool,
    work: Work,
}

#[derive(Clone)]
struct Shared {
    inside: Arc<Mutex<Inside>>,
    ledger: Ledger,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        let mut inside = self.lock();
        if inside.power == Power::Asleep && !inside.dead {
            inside.power = Power::Booting(Instant::now() + inside.boot);
        }
    }
}

/// A box with a MAC address, a model server, and HTTP paths of its own on the same port:
/// `/health` (200), `/busy` (`{"busy": …}`; 200 while somebody uses it, 204 while nobody does) and `/sleep` (it falls
/// asleep just after it has answered, whoever uses it: to ask first is the program's duty).
///
/// It holds one model in its memory: another one is loaded in its place.
///
/// Its ledger: `load` for each model that is loaded (key: its name), `repair`, `metered` for each reading of its plug's meter, `packet` for each datagram (key: `magic` or `other`), `plug` for each call of its plug, `wake` when a boot is over, `sleep` (detail: `how`,
/// `busy`, `serving`), `while_asleep` for requests to a sleeper that answers 503, and the entries of its model.
pub(crate) struct FakeBox {
    shared: Shared,
    model: FakeModel,
    port: u16,
    udp_port: u16,
    controller: Option<JoinHandle<()>>,
    plug: Server,
    // Freed by the kernel, whatever becomes of this process.
    _port_9: Option<File>,
}

impl FakeBox {
    /// A sleeping box that hears packets on port 9 of loopback. Waits for its turn: only one box of this machine can.
    ///
    /// # Errors
    /// Says why port 9 cannot be had; the test skips.
    pub(crate) fn start(mac: [u8; 6]) -> Result<Self, String> {
        let turn = turn_at_port_9()?;
        let mut last = String::new();
        for _ in 0..200 {
            match UdpSocket::bind((Ipv4Addr::LOCALHOST, 9)) {
                Ok(socket) => return Ok(Self::hearing(mac, socket, Some(turn), Asleep::Refuses)),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => last = error.to_string(),
                Err(error) => return Err(format!("UDP port 9 on loopback cannot be bound: {error}")),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!("UDP port 9 on loopback stayed taken for 20 seconds: {last}"))
    }

    /// A sleeping box that hears packets on any free port of loopback: for senders that can be told a port.
    pub(crate) fn on_free_port(mac: [u8; 6], asleep: Asleep) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        Self::hearing(mac, socket, None, asleep)
    }

    fn hearing(mac: [u8; 6], socket: UdpSocket, turn: Option<File>, asleep: Asleep) -> Self {
        let ledger = Ledger::default();
        let inside = Inside {
            power: Power::Asleep,
            boot: Duration::from_millis(50),
            dead: false,
            busy: false,
            sleep_at: None,
            serving: 0,
            gone: false,
            work: Work::default(),
        };
        let shared = Shared { inside: Arc::new(Mutex::new(inside)), ledger: ledger.clone() };
        let model = FakeModel::behind(ledger);
        let router = Router::new()
            .route("/health", get(async || "ok"))
            .route("/busy", get(busy))
            .route("/sleep", any(sleep))
            .with_state(shared.clone())
            .merge(model.router().layer(from_fn_with_state(shared.clone(), generate)))
            .layer(from_fn_with_state(shared.clone(), only_awake));
        let udp_port = socket.local_addr().expect("a bound socket has an address").port();
        let port = Port::reserve(0);
        let number = port.number();
        let controller = Controller { shared: shared.clone(), mac, socket, router, asleep };
        let controller = std::thread::Builder::new()
            .name("fake GPU box".into())
            .spawn(move || controller.run(port))
            .expect("a thread can be started");
        let plug = Router::new()
            .route("/on", any(switch_on))
            .route("/repair", any(mend))
            .route("/meter", get(meter))
            .with_state((shared.clone(), Instant::now()));
        let plug = Server::start(plug);
        Self { shared, model, port: number, udp_port, controller: Some(controller), plug, _port_9: turn }
    }

    /// The model inside.
    pub(crate) fn model(&self) -> &FakeModel {
        &self.model
    }

    /// The base address of the model (`…/v1`).
    pub(crate) fn base_url(&self) -> String {
        self.url("/v1")
    }

    /// The address of one of its paths.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The address of a plug that is always awake: a call switches the box on, where packets cannot.
    pub(crate) fn plug_url(&self) -> String {
        self.plug.url("/on")
    }

    /// The UDP port that it hears packets on.
    pub(crate) fn udp_port(&self) -> u16 {
        self.udp_port
    }

    /// What happened to it, the model's entries among it.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// How long a boot takes.
    pub(crate) fn boot_ms(&self, milliseconds: u64) {
        self.shared.lock().boot = Duration::from_millis(milliseconds);
    }

    /// It never wakes again.
    pub(crate) fn dead(&self) {
        self.shared.lock().dead = true;
    }

    /// Somebody sits at it, or has left.
    pub(crate) fn busy(&self, somebody: bool) {
        self.shared.lock().busy = somebody;
    }

    /// Somebody switches it on by hand.
    pub(crate) fn press_power_button(&self) {
        self.shared.wake();
    }

    /// The power is gone: connections are cut in the middle. Returns when it is asleep.
    pub(crate) fn cut_power(&self) {
        self.shared.lock().sleep_at = Some(Instant::now());
        assert!(self.wait_until(false, Duration::from_secs(10)), "the box goes down within ten seconds");
    }

    /// True from the end of a boot until it sleeps.
    pub(crate) fn is_awake(&self) -> bool {
        self.shared.lock().power == Power::Awake
    }

    /// Waits until it is awake, or asleep; false when `timeout` is over first.
    pub(crate) fn wait_until(&self, awake: bool, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        while Instant::now() < end {
            let inside = self.shared.lock();
            if (inside.power == Power::Awake) == awake && inside.sleep_at.is_none() {
                return true;
            }
            drop(inside);
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for FakeBox {
    fn drop(&mut self) {
        self.shared.lock().gone = true;
        if let Some(controller) = self.controller.take() {
            let _ = controller.join();
        }
    }
}

/// The magic packet of a MAC address: six times FF, then the address sixteen times.
pub(crate) fn magic_packet(mac: [u8; 6]) -> Vec<u8> {
    let mut packet = vec![0xff; 6];
    packet.extend(mac.repeat(16));
    packet
}

/// The thread that hears packets and switches the box.
struct Controller {
    shared: Shared,
    mac: [u8; 6],
    socket: UdpSocket,
    router: Router,
    asleep: Asleep,
}

impl Controller {
    fn run(self, port: Port) {
        let number = port.number();
        self.socket.set_read_timeout(Some(Duration::from_millis(10))).expect("a socket takes its options");
        let (mut refusing, mut server) = match self.asleep {
            Asleep::Refuses => (Some(port), None),
            Asleep::Answers503 => (None, Some(Server::on(port, self.router.clone()))),
        };
        let mut buffer = [0_u8; 2048];
        while !self.shared.lock().gone {
            if let Ok(length) = self.socket.recv(&mut buffer) {
                self.heard(&buffer[..length]);
            }
            let now = Instant::now();
            let power = self.shared.lock().power;
            if matches!(power, Power::Booting(until) if until <= now) {
                if let Some(port) = refusing.take() {
                    server = Some(Server::on(port, self.router.clone()));
                }
                self.shared.lock().power = Power::Awake;
                self.shared.ledger.note("wake", "box", Value::Null);
            }
            let due = self.shared.lock().sleep_at.is_some_and(|at| at <= now);
            if due {
                // The state first: a request that comes while connections are cut is one to a sleeper.
                let mut inside = self.shared.lock();
                let was = inside.power;
                inside.power = Power::Asleep;
                inside.work.loaded = None;
                let detail = json!({"busy": inside.busy, "serving": inside.serving});
                drop(inside);
                if self.asleep == Asleep::Refuses {
                    drop(server.take());
                    refusing.get_or_insert_with(|| Port::reserve(number));
                }
                if was == Power::Awake {
                    self.shared.ledger.note("sleep", "box", detail);
                }
                let mut inside = self.shared.lock();
                inside.serving = 0;
                inside.sleep_at = None;
            }
        }
    }

    fn heard(&self, packet: &[u8]) {
        let magic = magic_packet(self.mac);
        // A SecureOn password of four or six bytes may follow.
        let right = packet.starts_with(&magic) && [0, 4, 6].contains(&(packet.len() - magic.len()));
        let start = &packet[..packet.len().min(12)];
        let detail = json!({"bytes": packet.len(), "starts": hex(start)});
        self.shared.ledger.note("packet", if right { "magic" } else { "other" }, detail);
        if right {
            self.shared.wake();
        }
    }
}

async fn only_awake(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    {
        let mut inside = shared.lock();
        if inside.power != Power::Awake {
            drop(inside);
            shared.ledger.note("while_asleep", request.uri().path(), Value::Null);
            return json_response(503, &json!({"error": {"message": "the machine is asleep"}}));
        }
        inside.serving += 1;
    }
    let response = next.run(request).await;
    let mut inside = shared.lock();
    if inside.power != Power::Awake {
        drop(inside);
        hang_up();
    }
    inside.serving = inside.serving.saturating_sub(1);
    drop(inside);
    response
}

async fn switch_on(State((shared, _)): State<(Shared, Instant)>) -> &'static str {
    shared.ledger.note("plug", "on", Value::Null);
    shared.wake();
    "on"
}

async fn busy(State(shared): State<Shared>) -> Response {
    match shared.lock().busy {
        true => json_response(200, &json!({"busy": true})),
        false => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn sleep(State(shared): State<Shared>) -> Json<Value> {
    let mut inside = shared.lock();
    // This request is no use of the box.
    inside.serving = inside.serving.saturating_sub(1);
    inside.sleep_at = Some(Instant::now() + Duration::from_millis(50));
    Json(json!({"ok": true}))
}

/// The right to bind port 9, held while the file is open, across all processes of this machine.
fn turn_at_port_9() -> Result<File, String> {
    let path = std::env::temp_dir().join("pipeline-tests-port-9.lock");
    let file = File::create(&path).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    for _ in 0..1800 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(100)),
            Err(std::fs::TryLockError::Error(error)) => return Err(format!("{}: {error}", path.display())),
        }
    }
    Err("another test held UDP port 9 for three minutes".into())
}
