//! SCIM 2.0 (RFC 7643, 7644, 9865) over the entity model.
//!
//! `mapping` says what of the model is what in SCIM. Reading goes `read`/`list` → `load` → `render` → `select`; writing goes
//! `write` (what has to change) → `writer` (many changes in one transaction) → `muster_engine::change_local_in`, the road of
//! everything that is entered by hand. Filters, paths and PATCH themselves are in `muster-scim`.
//!
//! Tolerant in: deviations that mean something plain are accepted, each named and counted in `quirks`. Strict out.

mod answer;
mod bulk;
mod change;
mod coerce;
mod discovery;
mod error;
mod events;
mod filter;
mod hook;
mod http;
mod inbox;
mod list;
mod load;
mod mails;
mod mapping;
mod members;
mod membership;
mod order;
mod patch;
mod quirks;
mod read;
mod render;
mod search;
mod select;
mod value;
mod view;
mod world;
mod write;
mod writer;

pub use events::Speaker;
pub use http::router;
pub use quirks::{Quirk, quirk_counts};
