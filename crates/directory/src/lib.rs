//! The LDAP directory: an LDAPv3 server over the repository, for reading.
//!
//! `serve` takes connections, a `session` does their operations. A name is found in the `layout`, which follows from
//! `directory:` of the model; a `filter` finds candidates by the repository's own indexes and by the `index` that is kept in
//! memory; the `view` evaluates them as they are now; `sight` says what of them the caller sees; `select` what is answered.
//!
//! What is answered of an entry is as of the moment of the question. Only what the index alone knows, that is who is a member
//! of a group as the group shows it, may lag behind for as long as the index takes to be made.

mod answer;
mod bind;
mod entry;
mod filter;
mod index;
mod layout;
mod message;
mod name;
mod root;
mod search;
mod select;
mod serve;
mod session;
mod sight;
mod syntax;
mod view;
mod wire;

pub use message::{Malformed, next_message};
pub use serve::{Doors, Limits, serve};
