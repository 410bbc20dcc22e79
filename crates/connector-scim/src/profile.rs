//! How a server differs from the RFC: from what it says, from a profile, from the settings, in this order of weight.

use muster_scim::ServiceConfig;

/// Servers that were written with one client in mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// What the server says about itself.
    Auto,
    /// Everything that the RFC has.
    Rfc,
    /// Written for Entra: its PATCH dialect, booleans as texts.
    Entra,
    /// Written for Okta: users change by PUT, and only names are searched for.
    Okta,
    /// Neither filters nor PATCH.
    Minimal,
}

/// How resources are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchUse {
    /// PATCH in the words of the RFC.
    Rfc,
    /// PATCH with capitals, values of a type addressed directly.
    Entra,
    /// Read, change, PUT.
    None,
}

/// How booleans are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Booleans {
    /// `true`
    Native,
    /// `"True"`
    Text,
}

/// How a member is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// `members[value eq "…"]`
    Filter,
    /// `members` with the values to remove.
    Value,
}

/// What the settings fix.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Overrides {
    pub(crate) patch: Option<PatchUse>,
    pub(crate) booleans: Option<Booleans>,
    pub(crate) removal: Option<Removal>,
    pub(crate) filter: Option<bool>,
    pub(crate) cursors: Option<bool>,
    pub(crate) page_size: Option<u64>,
}

/// How this server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quirks {
    /// For users.
    pub(crate) patch: PatchUse,
    /// For groups and everything else.
    pub(crate) patch_groups: PatchUse,
    pub(crate) booleans: Booleans,
    pub(crate) removal: Removal,
    pub(crate) filter: bool,
    pub(crate) cursors: bool,
    pub(crate) page_size: u64,
}

/// The page size where nobody says anything else.
const USUAL_PAGE: u64 = 200;

impl Quirks {
    /// Puts together what is known; `config` is `None` where the server tells nothing about itself.
    pub(crate) fn new(
        profile: Profile,
        overrides: &Overrides,
        config: Option<&ServiceConfig>,
    ) -> Self {
        let from_config = match config {
            // A server that says nothing is asked as the RFC has it; refusals teach us better.
            None => Self::rfc(),
            Some(config) => Self {
                filter: config.filter,
                cursors: config.pages.as_ref().is_some_and(|pages| pages.cursor),
                ..Self::rfc().with_patch(if config.patch { PatchUse::Rfc } else { PatchUse::None })
            },
        };
        let mut quirks = match profile {
            Profile::Auto => from_config,
            Profile::Rfc => Self { cursors: from_config.cursors, ..Self::rfc() },
            Profile::Entra => Self {
                booleans: Booleans::Text,
                removal: Removal::Value,
                page_size: 100,
                ..Self::rfc().with_patch(PatchUse::Entra)
            },
            Profile::Okta => Self { patch: PatchUse::None, page_size: 100, ..Self::rfc() },
            Profile::Minimal => {
                Self { filter: false, page_size: 100, ..Self::rfc().with_patch(PatchUse::None) }
            }
        };
        let largest = config.and_then(|config| {
            let by_page = config.pages.as_ref().and_then(|pages| pages.largest);
            by_page.or(config.most_results)
        });
        quirks.page_size = largest.map_or(quirks.page_size, |largest| largest.clamp(1, 1_000));
        quirks.overridden(overrides)
    }

    fn rfc() -> Self {
        Self {
            patch: PatchUse::Rfc,
            patch_groups: PatchUse::Rfc,
            booleans: Booleans::Native,
            removal: Removal::Filter,
            filter: true,
            cursors: false,
            page_size: USUAL_PAGE,
        }
    }

    fn with_patch(self, patch: PatchUse) -> Self {
        Self { patch, patch_groups: patch, ..self }
    }

    fn overridden(self, overrides: &Overrides) -> Self {
        Self {
            patch: overrides.patch.unwrap_or(self.patch),
            patch_groups: overrides.patch.unwrap_or(self.patch_groups),
            booleans: overrides.booleans.unwrap_or(self.booleans),
            removal: overrides.removal.unwrap_or(self.removal),
            filter: overrides.filter.unwrap_or(self.filter),
            cursors: overrides.cursors.unwrap_or(self.cursors),
            page_size: overrides.page_size.unwrap_or(self.page_size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_decides_unless_a_profile_or_a_setting_does() {
        let none = Overrides::default();
        let says =
            ServiceConfig { filter: true, most_results: Some(50), ..ServiceConfig::default() };
        let auto = Quirks::new(Profile::Auto, &none, Some(&says));
        assert_eq!((auto.patch, auto.filter, auto.page_size), (PatchUse::None, true, 50));
        let silent = Quirks::new(Profile::Auto, &none, None);
        assert_eq!((silent.patch, silent.page_size), (PatchUse::Rfc, USUAL_PAGE));
        let entra = Quirks::new(Profile::Entra, &none, Some(&says));
        assert_eq!((entra.patch, entra.booleans), (PatchUse::Entra, Booleans::Text));
        let okta = Quirks::new(Profile::Okta, &none, None);
        assert_eq!((okta.patch, okta.patch_groups), (PatchUse::None, PatchUse::Rfc));
        let fixed = Overrides { page_size: Some(7), filter: Some(false), ..none };
        let fixed = Quirks::new(Profile::Rfc, &fixed, Some(&says));
        assert_eq!((fixed.page_size, fixed.filter), (7, false));
    }
}
