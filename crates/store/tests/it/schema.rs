//! The schema of both databases, in one snapshot.
