//! How many wrong tries may come from one network. Pure, but for reading what it has spent.
//!
//! Each try costs a network some time, and a right one gives it back; what it has spent lies at most one `per` ahead of now. So it
//! takes one instant to remember all of it, and nothing has to be cleared.

use std::net::{IpAddr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};
use muster_policy::ThrottlePolicy;
use muster_store::{ReadTx, StoreError};

/// The budget of what one caller can speak from: an address, and of the long ones the network, which holds as many as one likes. `None` where
/// the model lets anything come from.
pub(crate) fn network(policy: &ThrottlePolicy, address: IpAddr) -> Option<String> {
    let address = address.to_canonical();
    if policy.except.iter().any(|network| network.contains(address)) {
        return None;
    }
    Some(match address {
        IpAddr::V4(short) => format!("network {short}"),
        IpAddr::V6(long) => {
            format!("network {}/64", Ipv6Addr::from_bits(long.to_bits() >> 64 << 64))
        }
    })
}

/// Until when a network has spent its tries after one more, or how long it has none.
pub(crate) fn spend(
    spent_until: Timestamp,
    policy: &ThrottlePolicy,
    now: Timestamp,
) -> Result<Timestamp, SignedDuration> {
    let from = spent_until.max(now);
    let after = from.checked_add(policy.pause()).unwrap_or(from);
    let over = after.duration_since(now).saturating_sub(policy.per);
    if over.is_positive() { Err(over) } else { Ok(after) }
}

/// How long an address has no try; `None` when it has one. Nothing is counted.
pub(crate) async fn wait(
    tx: &mut ReadTx,
    policy: &ThrottlePolicy,
    address: IpAddr,
    now: Timestamp,
) -> Result<Option<SignedDuration>, StoreError> {
    let Some(network) = network(policy, address) else { return Ok(None) };
    let spent = tx.spent_until_of(&network).await?;
    Ok(spent.and_then(|spent| spend(spent, policy, now).err()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn policy() -> ThrottlePolicy {
        let except = vec!["10.0.0.0/8".parse().unwrap()];
        ThrottlePolicy { tries: 3, per: SignedDuration::from_secs(30), except }
    }

    #[test]
    fn so_many_at_once_and_then_one_after_each_pause() {
        let (policy, mut spent) = (policy(), at(0));
        for _ in 0..3 {
            spent = spend(spent, &policy, at(100)).unwrap();
        }
        assert_eq!(spend(spent, &policy, at(100)), Err(SignedDuration::from_secs(10)));
        assert_eq!(spend(spent, &policy, at(109)), Err(SignedDuration::from_secs(1)));
        spent = spend(spent, &policy, at(110)).unwrap();
        assert!(spend(spent, &policy, at(110)).is_err());
        // After a long rest there are as many as in the beginning, and no more.
        for _ in 0..3 {
            spent = spend(spent, &policy, at(9000)).unwrap();
        }
        assert!(spend(spent, &policy, at(9000)).is_err());
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let spent = spend(at(100), &policy(), at(100)).unwrap();
        assert!(spend(spent, &policy(), at(50)).is_err());
    }

    #[test]
    fn addresses_that_one_caller_can_choose_from_are_one_network() {
        let network = |text: &str| network(&policy(), text.parse().unwrap());
        assert_eq!(network("192.0.2.7").as_deref(), Some("network 192.0.2.7"));
        assert_eq!(network("::ffff:192.0.2.7").as_deref(), Some("network 192.0.2.7"));
        assert_eq!(network("2001:db8:1:2:3:4:5:6").as_deref(), Some("network 2001:db8:1:2::/64"));
        assert_eq!(network("10.1.2.3"), None);
        assert_eq!(network("::ffff:10.1.2.3"), None);
    }
}
