//! The fake GPU box: what wakes it, what does not, and what it writes down.

use std::net::UdpSocket;
use std::time::Duration;

use crate::harness::gpu_box::{Asleep, FakeBox, magic_packet};
use crate::harness::{client, skip};

const MAC: [u8; 6] = [0x02, 0x42, 0xac, 0x11, 0x00, 0x07];
const SOON: Duration = Duration::from_secs(5);

fn send(packet: &[u8], port: u16) {
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(packet, ("127.0.0.1", port)).unwrap();
}

#[tokio::test]
async fn the_right_packet_wakes_it_and_its_model_answers() {
    let host = FakeBox::on_free_port(MAC, Asleep::Refuses);
    host.boot_ms(150);
    let models = format!("{}/models", host.base_url());
    let refused = client().get(&models).send().await.unwrap_err();
    assert!(refused.is_connect());

    send(&magic_packet(MAC), host.udp_port());
    assert!(host.ledger().wait_for("packet", 1, SOON));
    assert!(!host.is_awake(), "a boot takes its time");
    assert!(host.wait_until(true, SOON));
    assert_eq!(client().get(&models).send().await.unwrap().status(), 200);
    assert_eq!(client().get(host.url("/health")).send().await.unwrap().status(), 200);
    let ledger = host.ledger().all();
    let kinds: Vec<&str> = ledger.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["packet", "wake"]);
    assert!(ledger[1].at - ledger[0].at >= Duration::from_millis(140));
}

#[tokio::test]
async fn a_wrong_packet_does_not_wake_it() {
    let host = FakeBox::on_free_port(MAC, Asleep::Refuses);
    let right = magic_packet(MAC);
    assert_eq!(right.len(), 102);
    let mut wrong: Vec<Vec<u8>> = (0..right.len())
        .map(|at| {
            let mut packet = right.clone();
            packet[at] ^= 1;
            packet
        })
        .collect();
    wrong.push(right[..101].to_vec());
    wrong.push([right.as_slice(), &[0]].concat());
    wrong.push(Vec::new());
    for (n, packet) in wrong.iter().enumerate() {
        send(packet, host.udp_port());
        assert!(host.ledger().wait_for("packet", n + 1, SOON));
    }
    assert!(!host.wait_until(true, Duration::from_millis(200)));
    assert_eq!(host.ledger().tally("packet"), [("other".to_owned(), wrong.len())].into());
    send(&[right.as_slice(), &[1, 2, 3, 4, 5, 6]].concat(), host.udp_port());
    assert!(host.wait_until(true, SOON), "a SecureOn password may follow");
}

#[tokio::test]
async fn it_sleeps_when_asked_and_wakes_again_on_the_same_port() {
    let host = FakeBox::on_free_port(MAC, Asleep::Refuses);
    for round in 1..=3 {
        send(&magic_packet(MAC), host.udp_port());
        assert!(host.wait_until(true, SOON), "round {round}");
        assert_eq!(client().post(host.url("/sleep")).send().await.unwrap().status(), 200);
        assert!(host.wait_until(false, SOON), "round {round}");
        assert!(client().get(host.url("/health")).send().await.unwrap_err().is_connect());
    }
    assert_eq!((host.ledger().count("wake"), host.ledger().count("sleep")), (3, 3));
    assert_eq!(host.ledger().of("sleep")[0].detail, serde_json::json!({"busy": false, "serving": 0}));
}

#[tokio::test]
async fn a_plug_wakes_it_where_packets_cannot() {
    let host = FakeBox::on_free_port(MAC, Asleep::Refuses);
    assert_eq!(client().post(host.plug_url()).send().await.unwrap().status(), 200);
    assert!(host.wait_until(true, SOON));
    assert_eq!((host.ledger().count("plug"), host.ledger().count("packet")), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_when_somebody_uses_it_and_the_ledger_tells_who_was_cut_off() {
    let host = FakeBox::on_free_port(MAC, Asleep::Refuses);
    host.press_power_button();
    assert!(host.wait_until(true, SOON));
    assert_eq!(client().get(host.url("/busy")).send().await.unwrap().status(), 204);
    host.busy(true);
    assert_eq!(client().get(host.url("/busy")).send().await.unwrap().status(), 200);

    host.model().hang(true);
    let body = serde_json::json!({"model": "fake-writer", "messages": [{"role": "user", "content": "Hello"}]});
    let hanging = tokio::spawn(client().post(format!("{}/chat/completions", host.base_url())).json(&body).send());
    assert!(host.ledger().wait_for("asked", 1, SOON));
    host.cut_power();
    assert!(hanging.await.unwrap().is_err());
    assert_eq!(host.ledger().of("sleep")[0].detail, serde_json::json!({"busy": true, "serving": 1}));
    assert_eq!(host.ledger().count("billed"), 0);
}

#[tokio::test]
async fn a_sleeper_behind_a_proxy_answers_503_and_counts_it() {
    let host = FakeBox::on_free_port(MAC, Asleep::Answers503);
    assert_eq!(client().get(host.url("/v1/models")).send().await.unwrap().status(), 503);
    assert_eq!(host.ledger().tally("while_asleep")["/v1/models"], 1);
    send(&magic_packet(MAC), host.udp_port());
    assert!(host.wait_until(true, SOON));
    assert_eq!(client().get(host.url("/v1/models")).send().await.unwrap().status(), 200);
    host.cut_power();
    assert_eq!(client().get(host.url("/v1/models")).send().await.unwrap().status(), 503);
}

#[tokio::test]
async fn a_dead_one_hears_packets_and_never_wakes() {
    let host = FakeBox::on_free_port(MAC, Asleep::Refuses);
    host.dead();
    for n in 1..=3 {
        send(&magic_packet(MAC), host.udp_port());
        assert!(host.ledger().wait_for("packet", n, SOON));
    }
    assert!(!host.wait_until(true, Duration::from_millis(200)));
    assert_eq!(host.ledger().count("wake"), 0);
}

#[test]
fn port_9_belongs_to_one_box_at_a_time_and_hears_a_real_sender() {
    let host = match FakeBox::start(MAC) {
        Ok(host) => host,
        Err(why) => return skip(&why),
    };
    let second = std::thread::spawn(|| FakeBox::start(MAC).map(|second| second.udp_port()));
    wol::send_wol("02:42:AC:11:00:07".parse().unwrap(), Some([127, 0, 0, 1].into()), None).unwrap();
    assert!(host.wait_until(true, SOON), "{}", host.ledger());
    std::thread::sleep(Duration::from_millis(300));
    assert!(!second.is_finished(), "the second box waits for its turn");
    drop(host);
    assert_eq!(second.join().unwrap(), Ok(9));
}
