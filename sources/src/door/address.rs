//! Which addresses and names are the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// True for an address of the public internet: what the IANA special-purpose registries (RFC 6890) call globally reachable.
///
/// Addresses that carry another one are judged by what they carry where the form is in daily use (IPv4-mapped, the
/// well-known NAT64 prefix of RFC 6052), and refused where it is not (6to4, Teredo, IPv4-compatible).
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [a, b] = s[6].to_be_bytes();
        let [c, d] = s[7].to_be_bytes();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Only 2000::/3 is handed out at all; inside it, what is set apart is taken out again.
    let handed_out = (0x2000..=0x3fff).contains(&s[0]);
    let protocol = s[0] == 0x2001 && s[1] < 0x0200;
    let documentation = (s[0] == 0x2001 && s[1] == 0x0db8) || (s[0] == 0x3fff && s[1] < 0x1000);
    let sixtofour = s[0] == 0x2002;
    handed_out && !protocol && !documentation && !sixtofour
}

/// True for a name that no public host has: single labels and the suffixes that private networks use. Such a name is refused
/// before it is resolved, because a resolver on a private network may well know it.
pub fn is_local_name(name: &str) -> bool {
    const SUFFIXES: [&str; 12] = [
        "localhost",
        "local",
        "localdomain",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
        "private",
        "svc",
        "home.arpa",
        "onion",
    ];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.') || SUFFIXES.iter().any(|s| name.strip_suffix(s).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for public in
            ["8.8.8.8", "172.15.0.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.53",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.19.255.255",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn names_of_private_networks_are_known() {
        for name in ["localhost", "LOCALHOST.", "a.localhost", "printer.local", "kubernetes.default.svc", "intranet"] {
            assert!(is_local_name(name), "{name}");
        }
        for name in ["example.com", "local.example.com", "notlocal.org", "blog.example.com."] {
            assert!(!is_local_name(name), "{name}");
        }
    }
}
