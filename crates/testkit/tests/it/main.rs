//! The servers start, answer, survive being killed and go away.

mod database;
mod dirsrv;
mod samba;
mod slapd;
