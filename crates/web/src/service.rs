//! What every handler is given: the project as it is now, the time, the limits.

use std::sync::{Arc, PoisonError, RwLock};

use muster_app::{Clock, Opened};

use crate::{Limits, rate::Buckets};

/// The state of every face. Clones share it.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    opened: RwLock<Arc<Opened>>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    buckets: Buckets,
}

impl Service {
    /// A service over an opened project.
    pub fn new(opened: Opened, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        let buckets = Buckets::new(limits.rate);
        let opened = RwLock::new(Arc::new(opened));
        Self(Arc::new(Inner { opened, clock, limits, buckets }))
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

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn buckets(&self) -> &Buckets {
        &self.0.buckets
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}
