//! Hardware addresses, strictly: a typing error must not wake another machine.

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
}
