//! What is different about Active Directory, and about Samba as a domain controller.
//!
//! Accounts are switched by a bit of `userAccountControl`, passwords are written as `unicodePwd` over TLS only, times
//! are counted in steps of 100 ns since 1601, ids are bytes, long lists come in ranges, and some objects are better
//! left alone. The parts: `account`, `guard`, `ids`, `range`, `said`, `time`, `value`.

pub(crate) mod account;
pub(crate) mod guard;
pub(crate) mod ids;
pub(crate) mod range;
pub(crate) mod said;
pub(crate) mod time;
pub(crate) mod value;

/// By which `supportedCapabilities` of the root entry a domain controller is known.
pub(crate) const IS_ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";
/// The attribute of the id that survives a rename.
pub(crate) const GUID: &str = "objectGUID";
/// The attribute whose bits tell what an account is and whether it may be used.
pub(crate) const CONTROL: &str = "userAccountControl";
