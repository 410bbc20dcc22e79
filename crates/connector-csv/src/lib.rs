//! CSV and TSV files as sources and targets.
