//! Who is behind an address, as far as limits are concerned.

use std::net::{IpAddr, Ipv6Addr};

/// Of IPv6, what a holder of addresses moves in as they like.
const ONE_PREFIX_BITS: u32 = 64;
/// Of IPv6, the most that one is given who asks a provider for many networks.
const SITE_PREFIX_BITS: u32 = 48;

/// What is counted as one: an IPv4 address, or a /64.
pub(crate) fn of_one(address: IpAddr) -> IpAddr {
    prefix(address, ONE_PREFIX_BITS)
}

/// Where one may have many of those: an IPv4 address, or a /48.
pub(crate) fn of_site(address: IpAddr) -> IpAddr {
    prefix(address, SITE_PREFIX_BITS)
}

/// An IPv4 address also in the form of IPv6; of others the first bits.
fn prefix(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << (u128::BITS - bits)))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_is_cut_and_ipv4_is_not() {
        for (address, one, site) in [
            ("2001:db8:1:2:3::4", "2001:db8:1:2::", "2001:db8:1::"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(of_one(address).to_string(), one);
            assert_eq!(of_site(address).to_string(), site);
        }
    }
}
