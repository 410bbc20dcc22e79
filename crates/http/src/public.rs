//! Keeps a client out of private networks: every address that a name leads to is looked at when it is connected to, so
//! that a name that leads elsewhere the second time gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use muster_connector::ConnectorError;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

const WHY: &str = "the address leads into a private network or to this machine";

/// Resolves names to public addresses only.
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(WHY.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Refuses an address that is written as a number; names are resolved by [`PublicOnly`].
pub(crate) fn check(url: &Url) -> Result<(), ConnectorError> {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) if !is_public(ip) => Err(ConnectorError::Settings(WHY.to_owned())),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// True for an address that anybody may reach.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast();
    let is_reserved = matches!((a, b, c), (0 | 240.., ..) | (192, 0, 0) | (192, 88, 99))
        || matches!((a, b), (100, 64..=127) | (198, 18 | 19));
    !is_special && !is_reserved
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, .., before_last, last] = ip.segments();
    let old_kind =
        |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    let is_mapped = ip.to_ipv4_mapped().is_some() || (a, b) == (0x64, 0xff9b);
    if is_mapped {
        return is_public_v4(old_kind(before_last, last));
    }
    if a == 0x2002 {
        // 6to4 carries an address of the old kind.
        return is_public_v4(old_kind(b, c));
    }
    // Everything that is given out to the public begins with 001; of that, documentation and Teredo are not.
    a & 0xe000 == 0x2000 && (a, b) != (0x2001, 0xdb8) && (a, b) != (0x2001, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_networks_are_told_from_public_addresses_in_every_spelling() {
        let refused = |url: &str| check(&Url::parse(url).unwrap()).is_err();
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
            "http://[::1]/",
            "http://[::]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:db8::1]/",
        ] {
            assert!(refused(url), "{url}");
        }
        for url in ["https://93.184.216.34/", "https://[2606:2800:220:1::1]/", "https://a.example/"]
        {
            assert!(!refused(url), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused() {
        let error = PublicOnly.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert_eq!(error.to_string(), WHY);
    }
}
