//! How a run tells how far it is.

/// Shows progress; the command line draws bars, tests show nothing.
pub trait Progress: Send + Sync {
    /// A task begins; `total` where it is known.
    fn begin(&self, task: &str, total: Option<u64>) -> Box<dyn Task>;
}

/// A task that is under way; dropped when it ends.
pub trait Task: Send + Sync {
    /// `n` more are done.
    fn advance(&self, n: u64);
    /// Something worth saying.
    fn note(&self, text: &str);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _task: &str, _total: Option<u64>) -> Box<dyn Task> {
        Box::new(Self)
    }
}

impl Task for NoProgress {
    fn advance(&self, _n: u64) {}
    fn note(&self, _text: &str) {}
}
