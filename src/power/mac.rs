//! Hardware addresses and SecureOn passwords, strictly: a typing error must not wake another machine.

use wol::MacAddr;

/// Why a text is no hardware address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a MAC address: six groups of two hexadecimal digits are expected, as in 02:00:5e:10:00:01")]
pub struct BadMac(pub String);

/// Six two-digit groups, all parted by `:` or all by `-`. Not the broadcast, a group or the empty address.
///
/// # Errors
/// When the text is anything else; wol-rs alone would take `G0:…`, short groups and mixed forms.
pub fn validate_mac(text: &str) -> Result<MacAddr, BadMac> {
    let bad = || BadMac(text.chars().filter(|c| !c.is_control()).take(40).collect());
    let separator = if text.contains('-') { '-' } else { ':' };
    let groups: Vec<&str> = text.split(separator).collect();
    let mut bytes = [0_u8; 6];
    if groups.len() != bytes.len() {
        return Err(bad());
    }
    for (byte, group) in bytes.iter_mut().zip(groups) {
        if group.len() != 2 || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        *byte = u8::from_str_radix(group, 16).map_err(|_| bad())?;
    }
    // The lowest bit of the first byte marks a group address (IEEE 802); no machine has one.
    if bytes == [0; 6] || bytes[0] & 1 == 1 {
        return Err(bad());
    }
    Ok(MacAddr(bytes))
}

/// What may follow a magic packet: four or six bytes that the network card compares. They cross the network in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct SecureOn(Vec<u8>);

impl SecureOn {
    /// Six two-digit groups (`AA:BB:CC:DD:EE:FF`, or with `-`), or four numbers (`192.168.1.7`): the two forms that cards take.
    ///
    /// # Errors
    /// Says which forms are expected; never repeats the text, which is a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let groups: Vec<&str> = text.split(separator).collect();
        if groups.len() == 6 && groups.iter().all(|g| g.len() == 2 && g.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Ok(Self(groups.iter().filter_map(|g| u8::from_str_radix(g, 16).ok()).collect()));
        }
        match text.parse::<std::net::Ipv4Addr>() {
            Ok(four) => Ok(Self(four.octets().to_vec())),
            Err(_) => {
                Err("it is no SecureOn password: AA:BB:CC:DD:EE:FF or four numbers as in 192.168.1.7 are expected"
                    .into())
            }
        }
    }

    /// Its bytes: four or six.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Says how long it is, and no more.
impl std::fmt::Debug for SecureOn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecureOn({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_addresses_of_one_machine_are_taken() {
        for good in ["02:00:5e:10:00:01", "02-00-5E-10-00-01"] {
            assert_eq!(validate_mac(good).unwrap(), MacAddr([2, 0, 0x5e, 0x10, 0, 1]));
        }
        for bad in [
            "",
            "G0:00:5e:10:00:01",
            "02:00:5e:10:00",
            "02:00:5e:10:00:01:02",
            "2:0:5e:10:0:1",
            "02-00:5e:10:00:01",
            "0200.5e10.0001",
            "0x02005e100001",
            "ff:ff:ff:ff:ff:ff",
            "00:00:00:00:00:00",
            "01:00:5e:10:00:01",
            " 02:00:5e:10:00:01",
            "+2:00:5e:10:00:01",
            "02:00:5e:10:00:0é",
        ] {
            assert!(validate_mac(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_have_four_or_six_bytes_and_are_never_repeated() {
        assert_eq!(SecureOn::parse("0a:1b:2C:3d:4e:5F").unwrap().bytes(), [0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f]);
        assert_eq!(SecureOn::parse("0a-1b-2c-3d-4e-5f").unwrap().bytes().len(), 6);
        assert_eq!(SecureOn::parse("192.168.1.7").unwrap().bytes(), [192, 168, 1, 7]);
        for bad in [
            "",
            "hunter2",
            "0a:1b:2c:3d:4e",
            "0a:1b-2c:3d:4e:5f",
            "a:1b:2c:3d:4e:5f",
            "1.2.3",
            "1.2.3.256",
            "+a:1b:2c:3d:4e:5f",
        ] {
            let why = SecureOn::parse(bad).unwrap_err();
            assert!(bad.is_empty() || !why.contains(bad), "{why}");
        }
        let password = SecureOn::parse("0a:1b:2c:3d:4e:5f").unwrap();
        assert_eq!(format!("{password:?}"), "SecureOn(6 bytes)");
    }
}
