//! Real servers and builders for tests.
