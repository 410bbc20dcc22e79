//! Results: the code and the sentence of an answer.

use ldap3_proto::proto::{LdapMsg, LdapOp, LdapResult, LdapResultCode};
use muster_app::{Error, Kind};

/// Why an operation was not done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: LdapResultCode,
    pub(crate) message: String,
    /// The nearest entry that is there, where the one asked for is not.
    pub(crate) matched: String,
}

impl Refusal {
    pub(crate) fn new(code: LdapResultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), matched: String::new() }
    }

    /// There is no such entry, or not for this caller.
    pub(crate) fn no_such_object(matched: &str) -> Self {
        Self { matched: matched.to_owned(), ..Self::new(LdapResultCode::NoSuchObject, "") }
    }

    /// The name is none.
    pub(crate) fn no_name() -> Self {
        Self::new(
            LdapResultCode::InvalidDNSyntax,
            "this is not a distinguished name that can be here",
        )
    }

    /// The caller has to sign in.
    pub(crate) fn not_signed_in() -> Self {
        Self::new(LdapResultCode::InsufficentAccessRights, "sign in first")
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.kind() {
            Kind::Busy => Self::new(LdapResultCode::Busy, "try again later"),
            Kind::Unavailable => {
                Self::new(LdapResultCode::Unavailable, "the repository cannot be reached")
            }
            Kind::NotFound
            | Kind::Invalid
            | Kind::Project
            | Kind::Conflict
            | Kind::Denied
            | Kind::Held
            | Kind::Stale
            | Kind::BrokenChain
            | Kind::Bug => {
                tracing::error!(%error, "an LDAP operation failed");
                Self::new(LdapResultCode::Other, "this failed; the log of the server says more")
            }
        }
    }
}

impl From<Refusal> for LdapResult {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, message, matched } = refusal;
        Self { code, matcheddn: matched, message, referral: Vec::new() }
    }
}

/// A result without more to say.
pub(crate) fn result(code: LdapResultCode) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: String::new(), referral: Vec::new() }
}

/// The result of something that either was done or refused.
pub(crate) fn outcome(done: Result<LdapResultCode, Refusal>) -> LdapResult {
    match done {
        Ok(code) => result(code),
        Err(refusal) => refusal.into(),
    }
}

/// An answer to a message.
pub(crate) fn answer(msgid: i32, op: LdapOp) -> LdapMsg {
    LdapMsg { msgid, op, ctrl: Vec::new() }
}
