//! Runs: synchronisation, evaluation, the order executor.
