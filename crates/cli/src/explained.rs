//! Explanations as text and as documents. What is explained is `app`'s; this only says it.

mod access;
mod attribute;
mod person;
mod reasons;

pub(crate) use self::{access::access, attribute::attribute, person::person};
