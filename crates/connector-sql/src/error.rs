//! What went wrong in a database, by what can be done about it.

use muster_connector::ConnectorError;
use muster_model::Text;

/// A failed call, before it is known which object it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What can be done.
    pub(crate) kind: FaultKind,
    /// What the server said, without the values of other columns.
    pub(crate) text: String,
}

/// See [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The connection is gone, or there is none.
    Broken,
    /// Somebody else was in the way; the transaction is gone and may be tried again.
    Conflict,
    /// The server has no room for us now.
    Busy,
    /// The rights or the password.
    Denied,
    /// A unique value is there already.
    Duplicate,
    /// The database will not have this value.
    Refused,
    /// A table or column that the settings name is not there.
    Missing,
    /// Anything else.
    Other,
}

impl Fault {
    /// Makes a fault.
    pub(crate) fn new(kind: FaultKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// By the SQLSTATE of PostgreSQL.
    pub(crate) fn from_state(state: &str, text: &str) -> Self {
        let (class, _) = state.split_at_checked(2).unwrap_or((state, ""));
        let kind = match (class, state) {
            ("08", _) | ("57", "57P01" | "57P02" | "57P03" | "57P05") => FaultKind::Broken,
            ("40", _) | (_, "55P03") => FaultKind::Conflict,
            ("53", _) | (_, "57014" | "55006") => FaultKind::Busy,
            ("28", _) | (_, "42501") => FaultKind::Denied,
            (_, "23505" | "23P01" | "42710") => FaultKind::Duplicate,
            ("22" | "23" | "44" | "2B" | "0L" | "P0", _) | (_, "42804" | "25006" | "428C9") => {
                FaultKind::Refused
            }
            (_, "42P01" | "42703" | "3D000" | "3F000" | "42704") => FaultKind::Missing,
            _ => FaultKind::Other,
        };
        Self { kind, text: format!("{text} (SQLSTATE {state})") }
    }

    /// By the error number of MariaDB or MySQL.
    pub(crate) fn from_number(number: u16, text: &str) -> Self {
        let kind = match number {
            1053 | 1077 | 1079 | 1152 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 => {
                FaultKind::Broken
            }
            1205 | 1213 | 1614 => FaultKind::Conflict,
            1040 | 1041 | 1203 | 1226 | 1317 | 1969 | 3024 | 1114 | 1021 => FaultKind::Busy,
            1044 | 1045 | 1142 | 1143 | 1227 | 1370 | 1698 | 1820 | 4151 => FaultKind::Denied,
            1022 | 1062 | 1169 | 1586 => FaultKind::Duplicate,
            1048 | 1216 | 1217 | 1264 | 1265 | 1292 | 1364 | 1366 | 1406 | 1451 | 1452 | 1525
            | 1644 | 3819 | 4025 | 1411 | 1290 | 1792 | 1836 => FaultKind::Refused,
            1049 | 1054 | 1146 | 1051 => FaultKind::Missing,
            _ => FaultKind::Other,
        };
        Self { kind, text: format!("{text} (error {number})") }
    }

    /// What the caller of the connector is told; `name` is the object that was worked on.
    pub(crate) fn into_error(self, name: &Text) -> ConnectorError {
        let Self { kind, text } = self;
        match kind {
            FaultKind::Broken => ConnectorError::Unreachable(text),
            FaultKind::Conflict | FaultKind::Busy => ConnectorError::Throttled { after: None },
            FaultKind::Denied => ConnectorError::Refused(text),
            FaultKind::Duplicate | FaultKind::Refused if name.is_empty() => {
                ConnectorError::Invalid(text)
            }
            FaultKind::Duplicate => ConnectorError::AlreadyExists { name: name.clone() },
            FaultKind::Refused | FaultKind::Other if !name.is_empty() => {
                ConnectorError::Invalid(format!("`{name}`: {text}"))
            }
            FaultKind::Refused | FaultKind::Other => ConnectorError::Malformed(text),
            FaultKind::Missing => ConnectorError::Settings(format!(
                "{text}; check the tables and columns under `classes`"
            )),
        }
    }

    /// What the caller is told where no object is meant.
    pub(crate) fn plain(self) -> ConnectorError {
        self.into_error(&"".into())
    }
}

/// Why a call of this crate ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The database said so; a transaction may be lost.
    Fault(Fault),
    /// We say so, and the transaction is as it was.
    Answer(ConnectorError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ConnectorError> for Stop {
    fn from(error: ConnectorError) -> Self {
        Self::Answer(error)
    }
}

impl Stop {
    /// What the caller of the connector is told.
    pub(crate) fn into_error(self, name: &Text) -> ConnectorError {
        match self {
            Self::Fault(fault) => fault.into_error(name),
            Self::Answer(error) => error,
        }
    }
}
