//! What a token may be used for.

use std::{collections::BTreeSet, fmt, str::FromStr};

use crate::Error;

/// One thing that a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything, also clients and tokens.
    Admin,
    /// Ask for access decisions.
    Access,
    /// Ask for access decisions, and for the access that they deny, in the name of those it is denied to.
    AccessRequest,
    /// Make calls to systems as an agent.
    Agent,
    /// See everything over the API.
    ApiRead,
    /// See and change everything over the API.
    ApiWrite,
    /// See what the directory shows, over LDAP.
    Directory,
    /// Follow events.
    Events,
    /// Read metrics.
    Metrics,
    /// See and change people and groups over SCIM.
    Scim,
    /// See people and groups over SCIM.
    ScimRead,
}

impl Scope {
    /// Every scope, in the order of their words.
    pub const ALL: [Self; 11] = [
        Self::Access,
        Self::AccessRequest,
        Self::Admin,
        Self::Agent,
        Self::ApiRead,
        Self::ApiWrite,
        Self::Directory,
        Self::Events,
        Self::Metrics,
        Self::Scim,
        Self::ScimRead,
    ];

    /// The word for it, the same everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Access => "access",
            Self::AccessRequest => "access:request",
            Self::Agent => "agent",
            Self::ApiRead => "api:read",
            Self::ApiWrite => "api:write",
            Self::Directory => "directory",
            Self::Events => "events",
            Self::Metrics => "metrics",
            Self::Scim => "scim",
            Self::ScimRead => "scim:read",
        }
    }

    /// True when the rights of a person narrow everything it opens.
    pub(crate) fn is_narrowed_by_rights(self) -> bool {
        matches!(self, Self::ApiRead | Self::ApiWrite)
    }

    /// True when a token of this scope may do what needs `wanted`.
    pub fn covers(self, wanted: Self) -> bool {
        self == wanted
            || self == Self::Admin
            || matches!(
                (self, wanted),
                (Self::ApiWrite, Self::ApiRead)
                    | (Self::Scim, Self::ScimRead)
                    | (Self::AccessRequest, Self::Access)
            )
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|scope| scope.word() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::word).join(", ");
            Error::invalid(format!("there is no scope `{word}`"))
                .hint(format!("the scopes are: {known}"))
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a token may be used for, all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// True when one of them covers `wanted`.
    pub fn cover(&self, wanted: Scope) -> bool {
        self.0.iter().any(|scope| scope.covers(wanted))
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// Reads words with a space between.
impl FromStr for Scopes {
    type Err = Error;

    fn from_str(words: &str) -> Result<Self, Error> {
        words.split_whitespace().map(str::parse).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            scope.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.word().parse::<Scope>().unwrap(), scope);
        }
        let scopes: Scopes = "scim api:read scim".parse().unwrap();
        assert_eq!(scopes.to_string(), "api:read scim");
        let error = "scim,api:read".parse::<Scopes>().unwrap_err();
        assert!(error.hints().concat().contains("api:read"));
    }

    #[test]
    fn writing_covers_reading_and_nothing_covers_administration() {
        let scopes: Scopes = "api:write access".parse().unwrap();
        assert!(scopes.cover(Scope::ApiRead) && scopes.cover(Scope::Access));
        assert!(!scopes.cover(Scope::ScimRead) && !scopes.cover(Scope::Admin));
        let read: Scopes = "api:read".parse().unwrap();
        assert!(!read.cover(Scope::ApiWrite));
        let admin: Scopes = "admin".parse().unwrap();
        assert!(Scope::ALL.into_iter().all(|scope| admin.cover(scope)));
        assert!(Scope::ALL.into_iter().all(|scope| !Scopes::default().cover(scope)));
    }
}
