//! A try to sign in, and what can come of it.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use muster_model::{EntityId, Text};

use crate::{Amr, Secret};

/// Where somebody tries to get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// The sign-in page.
    Web,
    /// The API.
    Api,
    /// A bind to the directory.
    Ldap,
    /// A grant for a token.
    Token,
}

impl Door {
    /// The word in the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Api => "api",
            Self::Ldap => "ldap",
            Self::Token => "token",
        }
    }
}

/// A try with a name and a password.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Where.
    pub door: Door,
    /// The name as it was given.
    pub name: &'a str,
    /// The password as it was given.
    pub password: &'a Secret,
    /// From where.
    pub network: IpAddr,
    /// What the other side calls itself; empty when it does not say.
    pub device: &'a str,
    /// What a browser keeps to be known again ([`crate::BROWSER_COOKIE`]).
    pub browser: Option<&'a Secret>,
    /// Joins the entry of the log with others.
    pub correlation: Option<&'a Text>,
    /// When.
    pub now: Timestamp,
}

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who: the id of the entity in the store.
    pub identity: EntityId,
    /// When they proved it.
    pub auth_time: Timestamp,
    /// How.
    pub amr: Vec<Amr>,
}

/// Why somebody was not let in. What they are told is [`Refused::shown`]; the rest is for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The name or the password is not right, or the name has no password.
    #[error("the name or the password is not right")]
    Wrong,
    /// After wrong tries, nothing is tried under this name for a while. Names that nobody has are locked in the same way.
    #[error("there were too many wrong tries")]
    Locked {
        /// How long.
        retry_after: SignedDuration,
    },
    /// After wrong tries under whatever names, nothing is tried from this network for a while.
    #[error("there were too many wrong tries from this network")]
    Throttled {
        /// How long.
        retry_after: SignedDuration,
    },
    /// More people sign in than passwords can be checked.
    #[error("too many sign in at the moment")]
    Busy {
        /// When to come again.
        retry_after: SignedDuration,
    },
    /// It was right, but their lifecycle does not let them in.
    #[error("the lifecycle of this identity lets nobody in")]
    Inactive,
    /// The password was right, but a second factor is needed that this door cannot ask for.
    #[error("a second factor is needed, and cannot be asked for here")]
    NeedsFactor,
    /// The sign-in on its way is over, or the step is not the next one: begin anew.
    #[error("this sign-in is over")]
    Over,
    /// The store or the model is in trouble.
    #[error(transparent)]
    Trouble(#[from] muster_app::Error),
}

/// What may be told to whoever was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Begin anew.
    Over,
    /// Name or password is not right.
    Wrong,
    /// Come again after so long.
    Later(SignedDuration),
    /// It is our fault.
    Trouble,
}

impl Refused {
    /// What may be told: whether a name is known, locked or disabled must not be seen.
    pub fn shown(&self) -> Shown {
        match self {
            Self::Wrong | Self::Inactive | Self::NeedsFactor => Shown::Wrong,
            Self::Over => Shown::Over,
            Self::Locked { retry_after }
            | Self::Throttled { retry_after }
            | Self::Busy { retry_after } => Shown::Later(*retry_after),
            Self::Trouble(_) => Shown::Trouble,
        }
    }

    /// The reason in the log of sign-ins.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Locked { .. } => "locked",
            Self::Throttled { .. } => "throttled",
            Self::Busy { .. } => "busy",
            Self::Inactive => "inactive",
            Self::NeedsFactor => "factor",
            Self::Over => "over",
            Self::Trouble(_) => "trouble",
        }
    }
}

impl From<muster_store::StoreError> for Refused {
    fn from(error: muster_store::StoreError) -> Self {
        Self::Trouble(error.into())
    }
}
