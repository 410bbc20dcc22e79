//! Decisions for applications: may this subject do this to that, here and now, and which rule says so.
//!
//! [`Rules`] is made once per model. [`Rules::decide`] answers a [`Question`] from the rules of access that can apply to
//! it, found by application, type of resource, action, role, entitlement and tested value. Total: it cannot fail, and
//! what cannot be decided is denied.
//!
//! Nothing here reads the repository or a clock: who the subject is comes as a [`Holder`], made of its evaluation.

mod decide;
mod holder;
mod index;
mod needed;
mod question;
mod rules;

pub use decide::{By, Decision};
pub use holder::Holder;
pub use needed::{Lack, Needed};
pub use question::{Properties, Question, Resource, Subject};
pub use rules::{Named, Place, Rules};

#[cfg(test)]
mod tests;
