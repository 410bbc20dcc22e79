//! How much a request may ask of us.

use std::time::Duration;

use muster_model::Network;

use crate::Rate;

/// The limits of one listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Bytes of the request line and all headers together.
    pub head: usize,
    /// Headers.
    pub headers: usize,
    /// Connections at the same time; more wait.
    pub connections: usize,
    /// How long the headers of a request may take to arrive.
    pub head_time: Duration,
    /// How long an answer may take to begin.
    pub answer_time: Duration,
    /// How long requests that run may go on when the listener is to stop.
    pub drain_time: Duration,
    /// Requests of one client.
    pub rate: Rate,
    /// Requests from one network without a valid token or secret, and those of applications that have none.
    pub strangers: Rate,
    /// Proxies that are believed when they say whose request they pass on.
    pub trusted_proxies: Vec<Network>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 4 << 20,
            head: 32 << 10,
            headers: 100,
            connections: 4096,
            head_time: Duration::from_secs(10),
            answer_time: Duration::from_mins(1),
            drain_time: Duration::from_secs(20),
            rate: Rate { per_second: 5000.0, burst: 10_000.0 },
            strangers: Rate { per_second: 100.0, burst: 1000.0 },
            trusted_proxies: Vec::new(),
        }
    }
}
