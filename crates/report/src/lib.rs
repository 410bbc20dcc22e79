//! Reports: who has access, how well it is governed, and what is kept about somebody, as tables, pictures and files.
//!
//! `catalogue` says which reports there are. A [`Reader`] reads one page by page from the live data, with the reach of who asks;
//! what it counts is in `sources`, a file for each report. `render` writes files from it row by row, `pack` puts several together
//! as evidence. Nothing here changes anything; that a report about one person was read stands in the journal.

mod catalogue;
mod chart;
mod held;
mod pack;
mod plain;
mod reader;
mod render;
mod sources;
mod table;
mod words;

pub use catalogue::{Column, Filter, Kind, REPORTS, Report, report_named};
pub use chart::{Bar, Chart, ChartWords};
pub use pack::{Control, PACKS, Pack, PackFile, PackIndex, pack_named, write_pack};
pub use reader::{Question, Reader, may_read};
pub use render::{Format, chart_svg, report_file, write_report};
pub use table::{Cell, Head, Part, Row, Total};
pub use words::head_word;
