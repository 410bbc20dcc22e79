//! Trouble as SCIM tells it (RFC 7644, 3.12).

use muster_app::{Error, Kind};
use muster_scim::{PatchError, ScimError, SyntaxError, error_types};
use muster_store::StoreError;

/// Seconds after which what failed may go well.
const SOON: u64 = 1;

/// A failed request: the error of the RFC, and when to come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: ScimError,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
}

impl Failure {
    pub(crate) fn new(status: u16, scim_type: &str, detail: impl Into<String>) -> Self {
        let scim_type = (!scim_type.is_empty()).then(|| scim_type.to_owned());
        let error = ScimError { status, scim_type, detail: Some(detail.into()) };
        Self { error, retry_after: None }
    }

    /// What stands in the way now and may be gone in a moment.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(SOON), ..Self::new(503, "", detail) }
    }

    /// True when nothing is wrong with the request, and it may be done in a moment.
    pub(crate) fn passes(&self) -> bool {
        self.error.status == 503 && self.retry_after == Some(SOON)
    }

    pub(crate) fn invalid_value(detail: impl Into<String>) -> Self {
        Self::new(400, "invalidValue", detail)
    }

    pub(crate) fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::new(400, "invalidSyntax", detail)
    }

    pub(crate) fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::new(400, error_types::INVALID_FILTER, detail)
    }

    pub(crate) fn mutability(detail: impl Into<String>) -> Self {
        Self::new(400, error_types::MUTABILITY, detail)
    }

    pub(crate) fn not_found(id: &str) -> Self {
        let shown: String = id.chars().take(100).collect();
        Self::new(404, "", format!("Resource {shown} not found"))
    }

    pub(crate) fn no_address() -> Self {
        Self::new(404, "", "there is nothing at this address")
    }
}

impl From<SyntaxError> for Failure {
    fn from(error: SyntaxError) -> Self {
        Self::invalid_filter(error.to_string())
    }
}

impl From<PatchError> for Failure {
    fn from(error: PatchError) -> Self {
        Self::new(400, error.scim_type(), error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::from(Error::from(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (status, scim_type) = match error.kind() {
            Kind::NotFound => (404, ""),
            Kind::Invalid => (400, "invalidValue"),
            Kind::Conflict if error.attribute().is_some() => (409, error_types::UNIQUENESS),
            Kind::Conflict | Kind::Held | Kind::Stale => (409, ""),
            Kind::Denied if error.attribute().is_some() => (400, error_types::MUTABILITY),
            Kind::Denied => (403, ""),
            Kind::Busy | Kind::Unavailable => (503, ""),
            Kind::Project | Kind::BrokenChain | Kind::Bug => (500, ""),
        };
        if status >= 500 {
            tracing::error!(error = %error, status, "SCIM request failed");
        }
        let detail = match error.kind() {
            Kind::Project | Kind::BrokenChain | Kind::Bug => "something went wrong here".to_owned(),
            Kind::NotFound
            | Kind::Invalid
            | Kind::Conflict
            | Kind::Denied
            | Kind::Busy
            | Kind::Unavailable
            | Kind::Held
            | Kind::Stale => match error.hints().first() {
                Some(hint) => format!("{error}; {hint}"),
                None => error.to_string(),
            },
        };
        let retry_after = (status == 503).then_some(SOON);
        Self { retry_after, ..Self::new(status, scim_type, detail) }
    }
}
