//! The command line: arguments, output, progress.
