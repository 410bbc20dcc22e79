//! The connector against real directories.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_precision_loss,
    reason = "test code: a panic is a failed test"
)]

mod changes;
mod contract;
mod dirsrv;
mod domain;
mod domain_changes;
mod domain_chaos;
mod domain_groups;
mod domain_support;
mod faults;
mod groups;
mod names;
mod reading;
mod speed;
mod support;
mod syncrepl;
mod tls;
