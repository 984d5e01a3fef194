//! Whether an authorized party is one that a token can have: an origin as browsers write it (RFC 6454 §6.2; WHATWG HTML,
//! serialization of an origin).

/// Refuses what `azp` and `Origin` never are, and names the mistake.
pub(super) fn check(party: &str) -> Result<(), &'static str> {
    let Some((scheme, authority)) = party.split_once("://") else {
        return Err("an authorized party has no scheme: it is an origin, like https://app.example.com");
    };
    if party.contains(char::is_whitespace) {
        return Err("an authorized party has white space in it");
    }
    if !party.is_ascii() {
        return Err("an authorized party is not ASCII: browsers write such hosts as xn--…");
    }
    if party.contains(|letter: char| letter.is_ascii_uppercase()) {
        return Err("an authorized party has capital letters: browsers write scheme and host in lower case");
    }
    if authority.contains('*') {
        return Err("an authorized party has a wildcard: name each origin by itself");
    }
    if authority.contains(['/', '?', '#']) {
        return Err("an authorized party has a path, a query or a slash at its end: it is an origin alone");
    }
    if authority.contains('@') {
        return Err("an authorized party has a user name in it");
    }
    check_host_and_port(scheme, authority)
}

fn check_host_and_port(scheme: &str, authority: &str) -> Result<(), &'static str> {
    // In an IPv6 address colons stand between brackets.
    let end_of_address = authority.find(']').unwrap_or(0);
    let port = authority[end_of_address..].split_once(':').map(|(_, port)| port);
    let host_bytes = authority.len() - port.map_or(0, |port| port.len() + 1);
    if scheme.is_empty() || host_bytes == 0 {
        return Err("an authorized party has no scheme or no host");
    }
    let Some(port) = port else { return Ok(()) };
    if matches!((scheme, port), ("https", "443") | ("http", "80")) {
        return Err(
            "an authorized party has its scheme's own port: browsers leave out :443 of https, :80 of http",
        );
    }
    let is_written_so = port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
    if is_written_so { Ok(()) } else { Err("an authorized party has a port that is none") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_as_browsers_write_them() {
        for party in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "http://app.example.com:443",
            "http://localhost:3000",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://[::1]",
            "https://xn--bcher-kva.example",
            "chrome-extension://abcdefgh",
        ] {
            assert_eq!(check(party), Ok(()), "{party}");
        }
    }

    #[test]
    fn what_no_token_can_have_is_named() {
        for (party, wanted) in [
            ("app.example.com", "no scheme"),
            ("localhost:3000", "no scheme"),
            ("null", "no scheme"),
            ("https://", "no host"),
            ("://app", "no scheme"),
            ("https://:3000", "no host"),
            ("https://app.example.com ", "white space"),
            ("https://b\u{fc}cher.example", "ASCII"),
            ("https://App.example.com", "capital"),
            ("HTTPS://app.example.com", "capital"),
            ("https://*.example.com", "wildcard"),
            ("https://app.example.com/", "slash"),
            ("https://app.example.com/app", "path"),
            ("https://app.example.com?x", "query"),
            ("https://user@app.example.com", "user name"),
            ("https://app.example.com:443", "own port"),
            ("http://app.example.com:80", "own port"),
            ("http://[::1]:80", "own port"),
            ("https://app.example.com:", "port that is none"),
            ("https://app.example.com:0443", "port that is none"),
            ("https://app.example.com:99999", "port that is none"),
        ] {
            let problem = check(party).unwrap_err();
            assert!(problem.contains(wanted), "{party}: {problem}");
        }
    }
}
