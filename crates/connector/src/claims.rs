//! Holds a connector to its capabilities: a change that it does not claim is refused before anything is sent.

use muster_model::{Capabilities, Change};

use crate::ConnectorError;

/// The refusal of `change` by a connector with these capabilities, or `None` when it claims to be able.
///
/// Every connector calls it first in `apply`, so that the promise is kept in one place.
pub fn refuse_unclaimed(capabilities: &Capabilities, change: &Change) -> Option<ConnectorError> {
    let (claimed, verb) = match change {
        Change::Create { enabled: Some(_), .. } if capabilities.create && !capabilities.enable => {
            (false, "say whether an object is enabled")
        }
        Change::Create { .. } => (capabilities.create, "create objects"),
        Change::Update { .. } => (capabilities.update, "change values"),
        Change::Rename { .. } => (capabilities.rename, "rename objects"),
        Change::SetEnabled { .. } => (capabilities.enable, "enable or disable objects"),
        Change::Delete { .. } => (capabilities.delete, "delete objects"),
        Change::Members { .. } => (capabilities.members, "change the members of an object"),
    };
    let name = &change.object().name;
    (!claimed).then(|| {
        ConnectorError::Invalid(format!(
            "this connector, with these settings, cannot {verb} (wanted for `{name}`)"
        ))
    })
}
