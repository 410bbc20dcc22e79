//! The console: what the API knows, on pages for people who are signed in.
//!
//! There is one table of pages ([`pages()`]): each has its address, the right it needs and its handler. Routes, navigation and the
//! tests of rights are made from it. A handler is given a context that already reaches only whom this person may see, and calls
//! the same use cases as the API; there is no other way from here to the repository. What somebody may not see is not there:
//! not on a list, not in a count, and at its address in the same words as what does not exist.
//!
//! No page needs a script. The one that is served moves between things by keys.

mod address;
mod asked;
mod assets;
mod by_link;
mod escape;
mod flash;
mod frame;
mod given;
mod graph;
mod lines;
mod moment;
mod pages;
mod reasons;
mod reviewed;
mod route;
mod table;
mod texts;
mod view_as;
mod visit;
mod work;

pub use self::{
    route::router,
    table::{Page, pages},
    view_as::with_view_as,
};
