//! The directory over a small company, asked by the tools of OpenLDAP and by raw bytes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what must be"
)]

mod attacks;
mod bind;
mod changes;
mod groups;
mod pages;
mod search;
mod sssd;
mod support;
