//! A page for every code, in Markdown: what it means, an example, what to do.
//!
//! The pages stand in `explain/pages.md`, one after another; the chapter of the book is the same text.

/// All pages, each beginning with `## CODE: title`.
const PAGES: &str = include_str!("explain/pages.md");

/// The page of a code such as `E0412`; `None` when there is no such code.
pub fn explain_code(code: &str) -> Option<&'static str> {
    let code = code.trim();
    pages().find(|page| code_of(page).is_some_and(|known| known.eq_ignore_ascii_case(code)))
}

/// The chapter `reference/errors.md`.
pub fn error_reference() -> String {
    let mut out = String::from(
        "# Errors and warnings\n\nEvery problem that `muster check` finds has a code. `muster help CODE` shows its page.\n\
         Codes that begin with E are errors: the model cannot be used. Codes that begin with W are warnings.\n",
    );
    for page in pages() {
        out.push('\n');
        out.push_str(page);
        out.push('\n');
    }
    out
}

/// The pages in order.
pub(crate) fn pages() -> impl Iterator<Item = &'static str> {
    let starts = std::iter::once(0)
        .chain(PAGES.match_indices("\n## ").map(|(at, _)| at + 1))
        .chain(std::iter::once(PAGES.len()))
        .collect::<Vec<_>>();
    let ranges: Vec<(usize, usize)> =
        starts.iter().copied().zip(starts.iter().copied().skip(1)).collect();
    ranges
        .into_iter()
        .filter_map(|(from, to)| PAGES.get(from..to))
        .map(str::trim)
        .filter(|page| page.starts_with("## "))
}

/// The code a page is about.
pub(crate) fn code_of(page: &'static str) -> Option<&'static str> {
    page.strip_prefix("## ")?.split(':').next()
}
