//! The connector against real directories.

mod changes;
mod contract;
mod dirsrv;
mod faults;
mod groups;
mod names;
mod proxy;
mod reading;
mod speed;
mod support;
mod tls;
