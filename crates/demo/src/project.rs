//! The model files of the sample company, as they stand in `project/`.

/// The files with roles.
pub(crate) const ROLES: &[&str] = &[
    include_str!("../project/policy/roles.yaml"),
    include_str!("../project/policy/finance.yaml"),
    include_str!("../project/policy/offices.yaml"),
    include_str!("../project/policy/transport.yaml"),
];

/// The files with policy tests.
pub(crate) const TESTS: &[&str] = &[
    include_str!("../project/tests/access.yaml"),
    include_str!("../project/tests/duties.yaml"),
    include_str!("../project/tests/lifecycle.yaml"),
    include_str!("../project/tests/movers.yaml"),
];

macro_rules! model_files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../project/", $path)))),*]
    };
}

/// Path and text of every model file, in order of path.
pub(crate) const FILES: &[(&str, &str)] = model_files![
    "muster.yaml",
    "policy/access.yaml",
    "policy/duties.yaml",
    "policy/finance.yaml",
    "policy/forms.yaml",
    "policy/guests.yaml",
    "policy/muster.yaml",
    "policy/offices.yaml",
    "policy/requests.yaml",
    "policy/reviews.yaml",
    "policy/roles.yaml",
    "policy/transport.yaml",
    "schema/org.yaml",
    "schema/person.yaml",
    "schema/visitor.yaml",
    "systems/crm.yaml",
    "systems/directory.yaml",
    "systems/fleet.yaml",
    "systems/hr.yaml",
    "systems/ledger.yaml",
    "systems/mail.yaml",
    "systems/wiki.yaml",
    "tests/access.yaml",
    "tests/duties.yaml",
    "tests/lifecycle.yaml",
    "tests/movers.yaml",
];
