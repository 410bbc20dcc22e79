//! Access reviews: campaigns ask one reviewer about each thing that somebody holds, and do what is decided.
//!
//! `held` says what somebody holds, `crowd` who is asked, `judge` what is asked, recommended and held; none of them knows
//! a store. Each use case is a file of its own and one transaction. A decision is a fact: an assignment ends, or
//! something is withheld, or drift is put right, and the next plan follows. What has its time is done by `work_due`,
//! which the loop of `engine` calls.
//!
//! **Invariant:** nobody decides about their own access, by any road, but where a stage says `self`.
//!
//! **Invariant:** what changed since it was seen is not decided unseen.

mod aside;
mod crowd;
mod decide;
mod due;
mod effect;
mod event;
mod evidence;
mod expected;
mod held;
mod history;
pub mod json;
mod judge;
mod list;
mod occasion;
mod open;
mod person;
mod replace;
mod scope;
mod seen;
mod silence;
mod sort;
mod tell;
mod terms;
mod undo;
mod verify;
mod view;

pub use aside::{Aside, set_aside_beside};
pub use decide::{Decision, ItemAnswer, decide_items};
pub use due::{advance_due, work_due};
pub use event::{note_dormant, note_moves, note_outside};
pub use evidence::{Checked, campaign_evidence, check_evidence, evidence_to_send};
pub use list::{
    ItemQuery, WhoseItems, campaign_id, campaign_status, list_campaigns, list_items, see_item,
};
pub use open::{NewCampaign, open_campaign};
pub use silence::release_silence;
pub use tell::ReviewTeller;
pub use undo::undo_item;
pub use view::{AnswerView, CampaignView, ItemView, Live};
