//! Forms: what people enter about an entity one step after the other, until it becomes a record.
//!
//! A draft belongs to whoever may do its step (`turn`): who that is follows from the model and the facts of now, delegates work in
//! the place of others as approvers do. What was entered is text by attribute (`entered`), and forgotten when the draft is over. The last step
//! enters it by the road of everything that is entered by hand (`local`), in the same transaction (`persist`).
//!
//! **Invariant:** nothing but `change_local_in` makes an entity of a draft. Who may do a step is asked again at each deed.
//!
//! **Invariant:** a link leads only to whom the form lets whoever enters it choose, or whom they may see; others are as if they were not there.

mod deed;
mod draft;
mod due;
mod entered;
mod history;
mod link;
mod list;
mod persist;
mod start;
mod tell;
mod turn;
mod view;

pub use deed::{DraftDeed, DraftWork, work_draft};
pub(crate) use due::advance_forms;
pub use due::work_forms;
pub use entered::FieldProblem;
pub use link::{LinkFound, find_for_draft};
pub use list::{DraftQuery, list_drafts};
pub use persist::DraftPreview;
pub use start::{FormView, NewDraft, list_forms, start_draft};
pub(crate) use tell::FormTeller;
pub use view::{DraftEventView, DraftView, FieldView, look_at_draft, see_draft};
