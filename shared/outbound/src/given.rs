//! Checks addresses that an organisation has set: they must not lead into a private network.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use domain::step_error::StepError;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Ports below this one belong to well-known services.
const FIRST_FREE_PORT: u16 = 1024;

/// Parses the address of `what`, without a trailing slash. It must be https on a public host, except for the
/// comma-separated origins in `exempt`. The host name is resolved and checked later, by the client for such addresses.
pub fn given_address(what: &str, text: &str, exempt: &str) -> Result<Url, StepError> {
    let wrong = |why: &str| StepError::NeedsAttention(format!("the address of {what} {why}"));
    let text = text.trim().trim_end_matches('/');
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&with_scheme).map_err(|_| wrong("is not one: give it as https://HOST"))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must be https://HOST and perhaps a path, and no more"));
    }
    let origin = url.origin().ascii_serialization();
    if exempt.split(',').map(str::trim).any(|exempt| exempt == origin) {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(wrong("must begin with https://"));
    }
    // A self-hosted server may use port 8443. Lower ports belong to other protocols.
    if url.port().is_some_and(|port| port < FIRST_FREE_PORT) {
        return Err(wrong("must be on port 443, or on one from 1024"));
    }
    match url.host() {
        Some(Host::Domain(_)) => Ok(url),
        Some(Host::Ipv4(ip)) if is_public(ip.into()) => Ok(url),
        Some(Host::Ipv6(ip)) if is_public(ip.into()) => Ok(url),
        _ => Err(wrong("must be that of a public host")),
    }
}

/// A resolver that returns only public addresses. Check and connection use the same result, so it cannot change in
/// between.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Box::<dyn Error + Send + Sync>::from("the host has no public address"));
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

pub(crate) fn public_only() -> Arc<PublicOnly> {
    Arc::new(PublicOnly)
}

/// Whether the address is public, by the registries of special-purpose addresses (RFC 6890 and its updates).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (18..20).contains(&b);
    let relay = a == 192 && b == 88 && c == 99;
    let special = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation();
    !(special || shared || protocol || benchmark || relay || a == 0 || a >= 224)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    // Addresses that contain an IPv4 address: mapped, NAT64 with its well-known prefix, 6to4. NAT64 with a local prefix
    // (64:ff9b:1::/48) is not public, because only that network knows the position of the IPv4 address.
    let carried = match (a, b) {
        (0, 0) if [c, d, e] == [0; 3] && f == 0xffff => Some((g, h)),
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => Some((g, h)),
        (0x2002, _) => Some((b, c)),
        _ => None,
    };
    if let Some((high, low)) = carried {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Only 2000::/3 is global unicast. Of that, the documentation ranges and the protocol assignments (2001::/23) are
    // excluded; the latter contain Teredo, which tunnels to any IPv4 address.
    let protocol = a == 0x2001 && b < 0x200;
    let documentation = (a == 0x2001 && b == 0xdb8) || a == 0x3fff;
    (0x2000..0x4000).contains(&a) && !protocol && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_addresses_are_accepted() {
        let address = |text: &str| given_address("Hudu", text, "http://127.0.0.1:4700").map(String::from);
        assert_eq!(
            address("https://acme.huducloud.com/"),
            Ok("https://acme.huducloud.com/".to_owned())
        );
        assert_eq!(
            address("acme.huducloud.com"),
            Ok("https://acme.huducloud.com/".to_owned())
        );
        assert_eq!(
            address("http://127.0.0.1:4700/hudu"),
            Ok("http://127.0.0.1:4700/hudu".to_owned())
        );
        for (port, expected) in [(443, ""), (1024, ":1024"), (8443, ":8443")] {
            let kept = address(&format!("https://acme.huducloud.com:{port}")).unwrap();
            assert_eq!(kept, format!("https://acme.huducloud.com{expected}/"));
        }
        for bad in [
            "",
            "http://acme.huducloud.com",
            "http://127.0.0.1:4701",
            "https://127.0.0.1",
            "https://169.254.169.254",
            "https://[::1]",
            "https://[::ffff:10.0.0.1]",
            "https://user:secret@acme.huducloud.com",
            "https://acme.huducloud.com?x=1",
            "ftp://acme.huducloud.com",
            "https://acme.huducloud.com:22",
            "https://acme.huducloud.com:80",
            "https://acme.huducloud.com:1023",
        ] {
            let refused = address(bad).unwrap_err();
            assert!(
                matches!(&refused, StepError::NeedsAttention(text) if !text.contains("secret")),
                "{bad}"
            );
        }
    }

    #[test]
    fn special_addresses_are_not_public() {
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.7",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "::ffff:192.168.0.1",
            "2001:db8::1",
            "192.88.99.1",
            // NAT64 with a local prefix: 10.0.0.1 at the position of RFC 6052, and a public address at the end.
            "64:ff9b:1:a00:0:1::",
            "64:ff9b:1::808:808",
            "64:ff9b:0:1::808:808",
            // Teredo to a public server and client; ORCHID.
            "2001:0:808:808::f7f7:f7f7",
            "2001:10::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
        for public in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[tokio::test]
    async fn internal_name_is_not_resolved() {
        let refused = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(refused.is_err());
    }
}
