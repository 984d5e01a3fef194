//! `X-Forwarded-For`: each proxy on the way writes down whom it was asked by, behind what it was told.

use http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The nearest address that is no trusted proxy, seen from here; the farthest where all are. What stands before it, or
/// before something unreadable, anybody can have written. None where nothing can be read.
pub(crate) fn nearest_address(headers: &HeaderMap, trusted_proxies: &[IpNet]) -> Option<IpAddr> {
    let values = headers.get_all("x-forwarded-for").iter().rev();
    let hops = values.map(|value| value.to_str().unwrap_or_default()).flat_map(|value| value.rsplit(','));
    let mut nearest = None;
    for hop in hops {
        let Some(address) = parse(hop.trim()) else { break };
        nearest = Some(address);
        if !is_trusted(address, trusted_proxies) {
            break;
        }
    }
    nearest
}

pub(crate) fn is_trusted(address: IpAddr, trusted_proxies: &[IpNet]) -> bool {
    trusted_proxies.iter().any(|network| network.contains(&address))
}

/// Some proxies add the port, and some the brackets of one without it.
fn parse(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    text.parse().ok().or_else(with_port).or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn nearest(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        nearest_address(&headers, &trusted).map(|address| address.to_string())
    }

    #[test]
    fn what_a_browser_writes_itself_stands_before_what_proxies_add() {
        for (values, expected) in [
            (&["198.51.100.9"][..], Some("198.51.100.9")),
            (&["203.0.113.1, 198.51.100.9"], Some("198.51.100.9")),
            (&["203.0.113.1,198.51.100.9 , 10.0.0.7,10.0.0.8:443"], Some("198.51.100.9")),
            (&["203.0.113.1", "198.51.100.9, 10.0.0.7"], Some("198.51.100.9")),
            (&["198.51.100.9", "10.0.0.7"], Some("198.51.100.9")),
            (&["10.0.0.6, 10.0.0.7"], Some("10.0.0.6")),
            (&["[2001:db8::1]:7, 10.0.0.7"], Some("2001:db8::1")),
            (&["[2001:db8::1], 10.0.0.7"], Some("2001:db8::1")),
            (&["198.51.100.9, [10.0.0.9], 10.0.0.7"], Some("10.0.0.7")),
            (&["::ffff:198.51.100.9"], Some("198.51.100.9")),
            (&["198.51.100.9, unknown, 10.0.0.7"], Some("10.0.0.7")),
            (&["198.51.100.9", "\u{e9}"], None),
            (&["198.51.100.9, unknown"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(nearest(values).as_deref(), expected, "{values:?}");
        }
    }
}
