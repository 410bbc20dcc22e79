//! The connector against real directories.

mod changes;
mod faults;
mod groups;
mod names;
mod reading;
mod speed;
mod support;
mod tls;
