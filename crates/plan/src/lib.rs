//! The difference between what should be and what is, guards, and how a plan reads.
