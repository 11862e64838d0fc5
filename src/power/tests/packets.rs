//! Magic packets as they arrive: on sockets of loopback, and across network namespaces.
//!
//! The sender is this test binary again, as a child: only a child can be given a variable, or be put into a namespace.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::power::packet::{magic, send};
use crate::power::{SecureOn, WorkerOptions, validate_mac};

const MAC: &str = "02:00:5e:10:00:01";
const PASSWORD: &str = "0a:1b:2c:3d:4e:5f";
/// What the child is to do; without it the two roles below do nothing.
const ROLE: &str = "PIPELINE_TEST_PACKETS";

/// The bytes that a card waits for.
fn expected(password: Option<&str>) -> Vec<u8> {
    let mut bytes = vec![0xff; 6];
    (0..16).for_each(|_| bytes.extend([0x02, 0x00, 0x5e, 0x10, 0x00, 0x01]));
    bytes.extend(password.map_or(Vec::new(), |_| vec![0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f]));
    bytes
}

/// The child that sends: its options come as TOML.
#[tokio::test]
async fn role_of_the_sender() {
    let Some(options) = std::env::var(ROLE).ok().and_then(|role| role.strip_prefix("send ").map(str::to_owned)) else {
        return;
    };
    let options: WorkerOptions = toml::from_str(&options).unwrap();
    options.check().unwrap();
    send(&options).await.unwrap();
}

/// The child that receives: once its standard input ends it says what has arrived.
#[test]
fn role_of_the_receiver() {
    let Some(address) = std::env::var(ROLE).ok().and_then(|role| role.strip_prefix("receive ").map(str::to_owned))
    else {
        return;
    };
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_nonblocking(true).unwrap();
    say("listening");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    let mut buffer = [0_u8; 2_048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        say(&format!("heard {} {}", from.ip(), hex(&buffer[..length])));
    }
}

#[allow(clippy::print_stdout, reason = "the parent reads it")]
fn say(line: &str) {
    println!("\n@{line}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// This binary in a role, inside a namespace where one is given.
fn child(role: &str, namespace: Option<&str>) -> Command {
    let binary = std::env::current_exe().unwrap();
    let mut command = match namespace {
        None => Command::new(binary),
        Some(name) => {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", name]).arg(binary);
            command
        }
    };
    let test = if role.starts_with("send ") { "role_of_the_sender" } else { "role_of_the_receiver" };
    command.args(["--exact", "--nocapture", "--test-threads=1"]).arg(format!("power::tests::packets::{test}"));
    command.env(ROLE, role).env("PIPELINE_TEST_SECUREON", PASSWORD).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn options(more: &str) -> String {
    format!("mac = \"{MAC}\"\nheartbeat_url = \"http://127.0.0.1:1/\"\n{more}")
}

#[test]
fn packets_to_any_port_are_right_to_the_byte() {
    for password in [None, Some(PASSWORD)] {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let port = socket.local_addr().unwrap().port();
        let with = password.map_or("", |_| "password_env = \"PIPELINE_TEST_SECUREON\"\n");
        let role = options(&format!("broadcast = \"127.0.0.1\"\nport = {port}\n{with}"));
        assert!(child(&format!("send {role}"), None).stdout(Stdio::null()).status().unwrap().success());
        let mut buffer = [0_u8; 2_048];
        let length = socket.recv(&mut buffer).unwrap();
        assert_eq!(buffer[..length], expected(password));
        assert_eq!(length, if password.is_some() { 108 } else { 102 });
        let secure = password.map(|text| SecureOn::parse(text).unwrap());
        assert_eq!(magic(validate_mac(MAC).unwrap(), secure.as_ref()), expected(password));
    }
}

#[tokio::test]
async fn every_target_gets_a_packet_and_one_that_leaves_is_enough() {
    let (one, other) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    for socket in [&one, &other] {
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    }
    let port = one.local_addr().unwrap().port();
    let options = |targets: &[&str], interfaces: &[&str]| WorkerOptions {
        mac: MAC.into(),
        broadcast: "127.0.0.1".parse().unwrap(),
        targets: targets.iter().map(|t| t.parse().unwrap()).collect(),
        interfaces: interfaces.iter().map(|&i| i.into()).collect(),
        port,
        ..WorkerOptions::default()
    };
    let mut buffer = [0_u8; 2_048];
    send(&options(&["127.0.0.1"], &["127.0.0.1", "no-such-device"])).await.unwrap();
    for _ in 0..2 {
        let (length, from) = one.recv_from(&mut buffer).unwrap();
        assert_eq!(buffer[..length], expected(None));
        assert_eq!(from.ip().to_string(), "127.0.0.1");
    }
    let why = send(&options(&[], &["no-such-device"])).await.unwrap_err();
    assert!(why.contains("no-such-device") && why.contains("interfaces"), "{why}");
    let typo = WorkerOptions { mac: "G0:00:5e:10:00:01".into(), ..options(&[], &[]) };
    assert!(send(&typo).await.unwrap_err().contains("MAC"));
    let unset = WorkerOptions { password_env: Some("PIPELINE_TEST_NOT_SET".into()), ..options(&[], &[]) };
    assert!(send(&unset).await.unwrap_err().contains("PIPELINE_TEST_NOT_SET"));
    one.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(one.recv(&mut buffer).is_err(), "a wrong address or a missing password sends nothing");
}

/// Two networks of this machine's own: the sender has a leg in each, and each has a listener.
struct Networks {
    sender: String,
    near: String,
    far: String,
}

impl Networks {
    /// Or why the machine does not allow them.
    fn lay() -> Result<Self, String> {
        if !std::path::Path::new("/proc/net/if_inet6").exists() {
            return Err("IPv6 is off".into());
        }
        let id = std::process::id();
        let nets = Self { sender: format!("pl{id}s"), near: format!("pl{id}n"), far: format!("pl{id}f") };
        for name in [&nets.sender, &nets.near, &nets.far] {
            ip(&format!("netns add {name}"))?;
        }
        for (leg, net, other) in [("near0", "10.213.1", &nets.near), ("far0", "10.213.2", &nets.far)] {
            let sender = &nets.sender;
            ip(&format!("-n {sender} link add {leg} type veth peer name card0 netns {other}"))?;
            ip(&format!("-n {sender} addr add {net}.1/24 brd + dev {leg}"))?;
            ip(&format!("-n {other} addr add {net}.2/24 brd + dev card0"))?;
            ip(&format!("-n {sender} link set {leg} up"))?;
            ip(&format!("-n {other} link set card0 up"))?;
        }
        Ok(nets)
    }

    /// Sends with these options; gives what each listener heard on `port`.
    fn heard(&self, port: u16, more: &str) -> (String, String) {
        let listen = |namespace: &str| {
            let mut listener = child(&format!("receive [::]:{port}"), Some(namespace));
            let mut listener = listener.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(listener.stdout.take().unwrap()).lines().map(Result::unwrap);
            assert!(lines.any(|line| line == "@listening"), "the listener does not listen");
            (listener, lines)
        };
        let ((near, near_says), (far, far_says)) = (listen(&self.near), listen(&self.far));
        let role = format!("send {}", options(&format!("port = {port}\n{more}")));
        let sent = child(&role, Some(&self.sender)).stdout(Stdio::piped()).output().unwrap();
        assert!(sent.status.success(), "{more}: {}", String::from_utf8_lossy(&sent.stdout));
        // A veth delivers at once; only a box that is asked for its address first takes a moment.
        std::thread::sleep(Duration::from_millis(50));
        for mut listener in [near, far] {
            drop(listener.stdin.take());
            listener.wait().unwrap();
        }
        (heard(near_says), heard(far_says))
    }

    /// Waits until the addresses that IPv6 gives itself can be used.
    fn settle(&self) {
        for _ in 0..100 {
            let tentative = Command::new("ip").args(["-n", &self.sender, "-6", "addr", "show", "tentative"]).output();
            if tentative.unwrap().stdout.is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the addresses stay tentative");
    }
}

/// What a listener has heard, or `nothing`.
fn heard(lines: impl Iterator<Item = String>) -> String {
    let heard: Vec<String> = lines.filter_map(|line| line.strip_prefix("@heard ").map(str::to_owned)).collect();
    if heard.is_empty() { "nothing".into() } else { heard.join(", ") }
}

impl Drop for Networks {
    fn drop(&mut self) {
        for name in [&self.sender, &self.near, &self.far] {
            let _ = ip(&format!("netns del {name}"));
        }
    }
}

fn ip(words: &str) -> Result<(), String> {
    let output = Command::new("ip").args(words.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {words}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

#[test]
fn packets_leave_by_the_chosen_interface_and_arrive_in_another_namespace() {
    let nets = match Networks::lay() {
        Ok(nets) => nets,
        Err(why) => {
            #[allow(clippy::print_stderr, reason = "a skipped test says so")]
            {
                eprintln!("SKIPPED: no network namespaces here ({why})");
            }
            return;
        }
    };
    let nothing = "nothing".to_owned();
    let from = |network: u8, bytes: &[u8]| format!("::ffff:10.213.{network}.1 {}", hex(bytes));
    let (plain, secure) = (expected(None), expected(Some(PASSWORD)));
    let all = "broadcast = \"255.255.255.255\"\n";
    let secureon = "password_env = \"PIPELINE_TEST_SECUREON\"\n";
    // By the route, to one network's broadcast address: wol-rs sends.
    assert_eq!(nets.heard(9, "broadcast = \"10.213.1.255\""), (from(1, &plain), nothing.clone()));
    assert_eq!(nets.heard(9, "broadcast = \"10.213.2.255\""), (nothing.clone(), from(2, &plain)));
    // To all networks: by the interface that is named, or by its address.
    assert_eq!(nets.heard(9, &format!("{all}interfaces = [\"far0\"]")), (nothing.clone(), from(2, &plain)));
    assert_eq!(
        nets.heard(7, &format!("{all}{secureon}interfaces = [\"10.213.1.1\"]")),
        (from(1, &secure), nothing.clone())
    );
    let both = format!("{all}interfaces = [\"near0\", \"10.213.2.1\"]");
    assert_eq!(nets.heard(4_009, &both), (from(1, &plain), from(2, &plain)));
    // To the box alone, and to every box of an IPv6 link.
    assert_eq!(nets.heard(9, &format!("broadcast = \"10.213.2.2\"\n{secureon}")), (nothing.clone(), from(2, &secure)));
    nets.settle();
    let (near, far) = nets.heard(9, "broadcast = \"ff02::1\"\ninterfaces = [\"near0\"]");
    assert!(near.starts_with("fe80:") && near.ends_with(&format!(" {}", hex(&plain))), "{near}");
    assert_eq!(far, nothing);
}
