//! Governance: people ask for roles, others decide, and what was approved is an assignment like any other.
//!
//! `rules` decides without a store: times, stages, who may not. `people` loads whoever takes part as they are now, `stage`
//! finds who may decide. Each use case is a file of its own and one transaction. What has its time (reminders,
//! escalation, the end of the wait, mail) is done by `work_due`, which the loop of `engine` calls.
//!
//! **Invariant:** nobody decides about what they asked for or would get: not as themselves, not through a role, not for
//! somebody who lets them decide, and not as an identity that was merged.

mod access_request;
mod catalogue;
mod change;
mod create;
mod decide;
mod delegate;
mod due;
mod exceptions;
mod extend;
mod guest;
mod history;
pub mod json;
mod link;
mod list;
mod notices;
mod people;
mod reviewed;
mod risk;
mod rules;
mod shorten;
mod solve;
mod stage;
mod suggest;
mod tell;
mod terms;
mod view;
mod warn;
mod withdraw;

pub use access_request::{
    ACCESS_REQUESTS, AccessRequest, AccessRequestError, AccessTask, Approval, Denied, Requestable,
    RoleOffered, Worth, cancel_access_task, request_access, requestable, see_access_task,
    weigh_approval,
};
pub use catalogue::{CatalogueEntry, CatalogueQuery, search_catalogue};
pub use change::{ChangeRequest, change_request};
pub use create::{Checked, ConflictFound, NewRequest, check_request, create_request};
pub use decide::{Answer, Verdict, decide_request, is_asked};
pub use delegate::{
    DelegationView, NewDelegation, create_delegation, end_delegation, list_delegations,
};
pub use due::{advance_due, work_due};
pub use exceptions::{
    ExceptionView, NewException, end_exception, except_conflict, list_exceptions,
};
pub use extend::{ExtendRequest, extend_assignment};
pub use guest::{GuestRequest, request_for_guest};
pub use link::{LinkView, OwnLink, decide_by_link, link_to_decide, see_decision_link};
pub use list::{RequestQuery, Whose, list_requests, see_request};
pub use notices::{
    Facts, NoticeChange, NoticeSettings, Teller, TopicSetting, USUAL, change_notice_settings,
    facts, is_last_try, next_try, notice_text, notice_words, notify, one_line, page,
    see_notice_settings, send_notices,
};
pub use people::{
    People, Somebody, Standing, anybody_named, canonical, need_to_work, person_named, standing,
    waits_as,
};
pub use reviewed::{REQUEST, Reviewed};
pub use risk::{RiskPartView, RiskView, list_risks, see_risk};
pub use shorten::{ShortenRequest, shorten_assignment};
pub use solve::{Removal, Solution, solve_conflict};
pub use stage::{Crowd, assigned_people};
pub use suggest::{Suggestion, suggest_roles};
pub use tell::RequestTeller;
pub use view::{EventView, RequestView, waits_on};
pub use withdraw::withdraw_request;
