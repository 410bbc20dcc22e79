//! What the model itself says of a type in SCIM.

use muster_model::{EntityType, Slot};
use muster_policy::{Hook, Model, ScimResource, ScimType};
use muster_scim::parse_path;

use super::{Field, extension::field, source_of};

/// What `scim:` of a type says, if there is one.
#[derive(Clone, Copy)]
pub(super) struct Said<'m>(Option<&'m ScimType>);

impl<'m> Said<'m> {
    pub(super) fn of(model: &'m Model, of: &EntityType) -> Self {
        Self(model.types.get(of.id.index()).and_then(|behaviour| behaviour.scim.as_ref()))
    }

    /// The resource type.
    pub(super) fn resource(self) -> Option<&'m ScimResource> {
        self.0?.resource.as_ref()
    }

    /// The URN of the extension.
    pub(super) fn extension(self) -> Option<&'m str> {
        self.0?.extension.as_deref()
    }

    /// Who is asked.
    pub(super) fn hook(self) -> Option<Hook> {
        self.0?.hook.clone()
    }

    /// Whether it says where an attribute is, or that it is nowhere.
    pub(super) fn places(self, slot: Slot) -> bool {
        self.0.is_some_and(|said| said.places.contains_key(&slot))
    }

    /// The attributes whose paths it says.
    pub(super) fn fields(self, of: &EntityType) -> Vec<Field> {
        let places = self.0.into_iter().flat_map(|said| &said.places);
        let placed = places.filter_map(|(slot, path)| {
            let attribute = of.attribute(*slot)?;
            let path = parse_path(path.as_deref()?).ok()?;
            Some(field(of, attribute, path, source_of(attribute, of.key)))
        });
        placed.collect()
    }
}
