//! Limits the requests of one client: a bucket that fills at a steady rate.

use std::{collections::HashMap, hash::Hash, sync::Mutex, time::Duration};

use jiff::Timestamp;

/// Clients remembered at most; beyond it, those whose bucket is full again are forgotten.
const REMEMBERED: usize = 10_000;

/// How many requests a client may make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests a second over a long time.
    pub per_second: f64,
    /// Requests at once after a time of rest.
    pub burst: f64,
}

/// The buckets of all clients, whatever tells them apart.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    rate: Rate,
    by_client: Mutex<HashMap<K, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, by_client: Mutex::default() }
    }

    /// Takes one request of a client, or answers how long to wait.
    pub(crate) fn take(&self, client: K, now: Timestamp) -> Result<(), Duration> {
        let Rate { per_second, burst } = self.rate;
        // Nothing under the lock can panic half way.
        let mut buckets = self.by_client.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= REMEMBERED && !buckets.contains_key(&client) {
            buckets.retain(|_, bucket| bucket.filled(self.rate, now) < burst);
        }
        let bucket = buckets.entry(client).or_insert(Bucket { tokens: burst, at: now });
        let tokens = bucket.filled(self.rate, now);
        *bucket = Bucket { tokens, at: now };
        if tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - tokens) / per_second));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

impl Bucket {
    /// What is in it now. A clock that goes back adds nothing.
    fn filled(self, rate: Rate, now: Timestamp) -> f64 {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        (self.tokens + passed * rate.per_second).min(rate.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn a_client_that_asks_too_often_waits_and_others_do_not() {
        let buckets = Buckets::new(Rate { per_second: 2.0, burst: 3.0 });
        for _ in 0..3 {
            assert_eq!(buckets.take(1, at(0)), Ok(()));
        }
        assert_eq!(buckets.take(1, at(0)), Err(Duration::from_millis(500)));
        assert_eq!(buckets.take(2, at(0)), Ok(()));
        assert_eq!(buckets.take(1, at(499)), Err(Duration::from_millis(1)));
        assert_eq!(buckets.take(1, at(500)), Ok(()));
        assert!(buckets.take(1, at(-10_000)).is_err());
    }

    #[test]
    fn a_long_rest_fills_the_bucket_and_no_more() {
        let buckets = Buckets::new(Rate { per_second: 2.0, burst: 3.0 });
        assert_eq!(buckets.take(1, at(0)), Ok(()));
        for _ in 0..3 {
            assert_eq!(buckets.take(1, at(3_600_000)), Ok(()));
        }
        assert!(buckets.take(1, at(3_600_000)).is_err());
    }
}
