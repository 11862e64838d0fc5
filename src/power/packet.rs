//! Magic packets: built, and sent to every target through every interface that is named.
//!
//! The form is AMD's (Magic Packet Technology, white paper 20213): six bytes FF, the hardware address sixteen times, and for
//! cards with SecureOn a password of four or six bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use wol::MacAddr;

use super::mac::{SecureOn, validate_mac};
use super::options::WorkerOptions;
use super::secret;

/// The port that wol-rs sends to.
const DISCARD: u16 = 9;

/// Through what a packet leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Via {
    /// Whatever the system's routes say.
    Routes,
    /// The interface that has this address.
    Address(IpAddr),
    /// The interface of this name.
    Device(String),
}

impl Via {
    /// An interface as the configuration names it: one of this machine's addresses, or a name.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Address(address));
        }
        // The kernel's own rules for names: IFNAMSIZ with its final zero, no slash, no white space.
        let fits = (1..=15).contains(&text.len())
            && text != "."
            && text != ".."
            && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b':'));
        if fits {
            Ok(Self::Device(text.to_owned()))
        } else {
            Err(format!(
                "`interfaces` holds `{}`: the name of a network interface such as eth0, or one of this machine's \
                 addresses is expected",
                text.chars().filter(|c| !c.is_control()).take(40).collect::<String>()
            ))
        }
    }

    /// Whether a packet to this target can leave here.
    pub(super) fn reaches(&self, target: IpAddr) -> bool {
        match self {
            Self::Address(own) => own.is_ipv4() == target.is_ipv4(),
            Self::Routes | Self::Device(_) => true,
        }
    }

    async fn socket(&self, target: IpAddr) -> std::io::Result<UdpSocket> {
        let own = match self {
            Self::Address(own) => *own,
            _ if target.is_ipv4() => Ipv4Addr::UNSPECIFIED.into(),
            _ => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind(SocketAddr::new(own, 0)).await?;
        if let Self::Device(name) = self {
            to_device(&socket, name)?;
        }
        if target.is_ipv4() {
            socket.set_broadcast(true)?;
        }
        Ok(socket)
    }
}

#[cfg(target_os = "linux")]
fn to_device(socket: &UdpSocket, name: &str) -> std::io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn to_device(_: &UdpSocket, _: &str) -> std::io::Result<()> {
    Err(std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        "interfaces go by name on Linux only; write the address that this machine has there",
    ))
}

/// The bytes: 102, or 106 or 108 with a password.
pub(super) fn magic(mac: MacAddr, password: Option<&SecureOn>) -> Vec<u8> {
    let mut bytes = vec![0xff; 6];
    bytes.extend(mac.0.repeat(16));
    bytes.extend(password.map(SecureOn::bytes).unwrap_or_default());
    bytes
}

/// Sends one packet to each target through each interface. One that leaves is enough.
///
/// # Errors
/// When nothing could leave: what is wrong with the address, the password, or the network, and the next step.
pub(super) async fn send(options: &WorkerOptions) -> Result<(), String> {
    let mac = validate_mac(&options.mac).map_err(|error| error.to_string())?;
    let password = match &options.password_env {
        None => None,
        Some(variable) => {
            let text = secret::read(variable, "password_env")?;
            Some(SecureOn::parse(&text).map_err(|why| format!("the variable {variable}: {why}"))?)
        }
    };
    let targets = std::iter::once(options.broadcast).chain(options.targets.iter().copied());
    let mut failed = Vec::new();
    let mut left = 0;
    if options.port == DISCARD && password.is_none() && options.interfaces.is_empty() {
        for target in targets {
            let own = if target.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
            match wol::send_wol(mac, Some(target), Some(own)) {
                Ok(()) => left += 1,
                Err(error) => failed.push(format!("to {target}: {error}")),
            }
        }
    } else {
        let bytes = magic(mac, password.as_ref());
        let ways = match options.interfaces.as_slice() {
            [] => vec![Via::Routes],
            named => named.iter().map(|name| Via::parse(name)).collect::<Result<_, _>>()?,
        };
        for target in targets {
            for via in ways.iter().filter(|via| via.reaches(target)) {
                let sent =
                    async { via.socket(target).await?.send_to(&bytes, SocketAddr::new(target, options.port)).await };
                match sent.await {
                    Ok(_) => left += 1,
                    Err(error) => failed.push(format!("to {target} by {}: {error}", via.words())),
                }
            }
        }
    }
    if left > 0 {
        return Ok(());
    }
    Err(format!(
        "no packet can be sent ({}): is the network up, and are `broadcast`, `targets` and `interfaces` of this machine's \
         networks?",
        failed.join("; ")
    ))
}

impl Via {
    fn words(&self) -> String {
        match self {
            Self::Routes => "the usual way".into(),
            Self::Address(own) => own.to_string(),
            Self::Device(name) => name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_names_or_addresses_and_nothing_else() {
        assert_eq!(Via::parse("192.168.1.5"), Ok(Via::Address("192.168.1.5".parse().unwrap())));
        assert_eq!(Via::parse("fd00::5"), Ok(Via::Address("fd00::5".parse().unwrap())));
        assert_eq!(Via::parse("enp3s0.20"), Ok(Via::Device("enp3s0.20".into())));
        for bad in ["", "a name", "../x", "sixteen-letters0", "..", "eth0\n", "eth0:1", "é"] {
            assert!(Via::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_packet_is_six_ff_sixteen_addresses_and_the_password() {
        let mac = MacAddr([2, 0, 0x5e, 0x10, 0, 1]);
        for (password, length) in [(None, 102), (Some("192.168.1.7"), 106), (Some("0a:1b:2c:3d:4e:5f"), 108)] {
            let password = password.map(|text| SecureOn::parse(text).unwrap());
            let bytes = magic(mac, password.as_ref());
            assert_eq!(bytes.len(), length);
            assert_eq!(bytes[..6], [0xff; 6]);
            assert!(bytes[6..102].chunks(6).all(|group| group == mac.0));
            assert_eq!(&bytes[102..], password.as_ref().map_or(&[][..], SecureOn::bytes));
        }
    }
}
