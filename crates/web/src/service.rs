//! What every handler is given: the project as it is now, the time, the limits.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use muster_app::{Clock, Opened};
use muster_auth::Authenticator;

use crate::{Limits, metrics::Metrics, rate::Buckets};

/// The state of every face. Clones share it.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    opened: RwLock<Arc<Opened>>,
    clock: Arc<dyn Clock>,
    authenticator: Authenticator,
    limits: Limits,
    buckets: Buckets<i64>,
    strangers: Buckets<IpAddr>,
    metrics: Metrics,
    /// Microseconds since 1970; 0 when there is no loop.
    beat: AtomicI64,
}

impl Service {
    /// A service over an opened project.
    pub fn new(opened: Opened, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        let (buckets, strangers) = (Buckets::new(limits.rate), Buckets::new(limits.strangers));
        let authenticator = Authenticator::new(&opened.model.sign_in);
        let opened = RwLock::new(Arc::new(opened));
        Self(Arc::new(Inner {
            opened,
            clock,
            authenticator,
            limits,
            buckets,
            strangers,
            metrics: Metrics::default(),
            beat: AtomicI64::new(0),
        }))
    }

    /// The project as it is now. A handler asks once and keeps to it.
    pub fn opened(&self) -> Arc<Opened> {
        Arc::clone(&self.0.opened.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with the project as it was opened anew; requests that run finish with the former one.
    pub fn replace(&self, opened: Opened) {
        *self.0.opened.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(opened);
    }

    /// The time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Who people prove to who they are: the one of this process, for every door.
    pub fn authenticator(&self) -> &Authenticator {
        &self.0.authenticator
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Notes that the loop of this process is alive now.
    pub fn beat(&self) {
        self.0.beat.store(self.0.clock.now().as_microsecond(), Ordering::Relaxed);
    }

    /// When the loop was last seen alive; `None` when this process has none.
    pub(crate) fn last_beat(&self) -> Option<Timestamp> {
        let beat = self.0.beat.load(Ordering::Relaxed);
        Timestamp::from_microsecond(beat).ok().filter(|_| beat != 0)
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What each client may still ask.
    pub(crate) fn buckets(&self) -> &Buckets<i64> {
        &self.0.buckets
    }

    /// Counts that no valid token or secret of a program was shown from an address, maybe because it has none; answers how long to wait
    /// when that came too often from its network.
    pub fn stranger(&self, address: IpAddr) -> Result<(), Duration> {
        self.0.strangers.take(network_of(address), self.0.clock.now())
    }
}

/// What one caller can speak from: an address, and of the long ones the network, which holds as many as one likes.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(short) => short.into(),
        IpAddr::V6(long) => Ipv6Addr::from_bits(long.to_bits() >> 64 << 64).into(),
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}
