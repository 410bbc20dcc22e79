//! Exit codes: one table for all commands, also the source of `muster help exit-codes` and of the reference page.

use muster_app::Kind;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// It failed.
    Failed,
    /// The arguments are wrong.
    Usage,
    /// The project or its tests are not right.
    Invalid,
    /// The caller may not do this.
    Denied,
    /// The store or a system cannot be reached.
    Unreachable,
    /// There are differences (only with `--exit-code`).
    Differences,
    /// There are differences (only with `--detailed-exitcode`).
    DetailedDifferences,
    /// A guard holds it.
    Held,
    /// Some of it is done, the rest is not.
    Partial,
    /// The plan is stale.
    Stale,
    /// The chain of the journal is broken.
    BrokenChain,
    /// Stopped by Ctrl-C.
    Interrupted,
}

/// Every code with its meaning, in order.
pub(crate) const TABLE: [(Exit, &str); 12] = [
    (Exit::Done, "done, or nothing to do"),
    (Exit::Failed, "failed"),
    (Exit::Usage, "wrong usage; also differences with `--detailed-exitcode`"),
    (Exit::Invalid, "the project or its tests are not right"),
    (Exit::Denied, "permission needed"),
    (
        Exit::Unreachable,
        "the store or a system cannot be reached (never confused with no difference)",
    ),
    (Exit::Differences, "differences exist (only with `--exit-code`)"),
    (Exit::Held, "a guard holds it: a limit, a duty conflict, a protected object"),
    (Exit::Partial, "partly done; run it again for the rest"),
    (Exit::Stale, "the plan is stale: the world changed since it was made"),
    (Exit::BrokenChain, "the chain of the journal is broken"),
    (Exit::Interrupted, "interrupted; safe to run again"),
];

impl Exit {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage | Self::DetailedDifferences => 2,
            Self::Invalid => 3,
            Self::Denied => 4,
            Self::Unreachable => 5,
            Self::Differences => 10,
            Self::Held => 11,
            Self::Partial => 12,
            Self::Stale => 13,
            Self::BrokenChain => 14,
            Self::Interrupted => 130,
        }
    }

    /// The word for it in the error document of `--output json`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::Unreachable => "unreachable",
            Self::Differences | Self::DetailedDifferences => "differences",
            Self::Held => "held",
            Self::Partial => "partial",
            Self::Stale => "stale",
            Self::BrokenChain => "broken-chain",
            Self::Interrupted => "interrupted",
        }
    }

    /// The code for a failed use case.
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::NotFound | Kind::Conflict | Kind::Busy | Kind::Bug => Self::Failed,
            Kind::Invalid => Self::Usage,
            Kind::Project => Self::Invalid,
            Kind::Denied => Self::Denied,
            Kind::Unavailable => Self::Unreachable,
            Kind::Held => Self::Held,
            Kind::Stale => Self::Stale,
            Kind::BrokenChain => Self::BrokenChain,
        }
    }
}
