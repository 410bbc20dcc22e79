//! Why: a person's state, roles and accounts; one access; one attribute. Also why not.
//!
//! Each question has its file; all begin with the same evaluation, in `question`, and answer in the types of `answer`.

mod access;
mod answer;
mod attribute;
mod person;
mod question;

pub use access::explain_access;
pub use answer::{
    AccessExplained, AccountExplained, AttributeExplained, EntitlementExplained, IdleExplained,
    Origin, PersonExplained, RoleHeld,
};
pub use attribute::explain_attribute;
pub use person::explain_person;
pub use question::When;
