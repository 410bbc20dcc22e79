//! What waits for a second person before it goes out, and who that may be.

use std::collections::BTreeSet;

use muster_model::Text;
use muster_policy::{Model, Review};
use sha2::{Digest as _, Sha256};

use crate::{Kind, Operation, encode_operation};

/// Why somebody may not decide about an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDecider {
    /// They caused it, or it is about them.
    CausedIt,
    /// The rule names others.
    NotNamed,
}

/// The rule that makes `operation` wait, if any: the first one of its system that is about it.
pub fn review_of<'m>(model: &'m Model, operation: &Operation) -> Option<&'m Review> {
    let mut systems = model.systems.iter();
    let system = systems.find(|system| system.name == operation.target.system)?;
    system.reviews.iter().find(|review| is_about(model, review, operation))
}

fn is_about(model: &Model, review: &Review, operation: &Operation) -> bool {
    let Review { accounts, entitlements, roles, kinds, by: _, at: _ } = review;
    if !kinds.iter().any(|kind| **kind == *operation.kind.name()) {
        return false;
    }
    if accounts.is_empty() && entitlements.is_empty() && roles.is_empty() {
        return true;
    }
    let is_role = |role: &usize| {
        let role = model.roles.get(*role);
        role.is_some_and(|role| operation.reason.at.as_ref() == Some(&role.at))
    };
    let is_entitlement = match &operation.kind {
        Kind::Grant { entitlement, name } | Kind::Revoke { entitlement, name } => {
            let is_meant = |(kind, names): &(Text, Vec<Text>)| {
                kind == entitlement && (names.is_empty() || names.contains(name))
            };
            entitlements.iter().any(is_meant)
        }
        Kind::Create { .. }
        | Kind::Update { .. }
        | Kind::Rename { .. }
        | Kind::Enable
        | Kind::Disable
        | Kind::Delete => false,
    };
    accounts.contains(&operation.target.account_type) || is_entitlement || roles.iter().any(is_role)
}

/// What one and the same operation has in every plan that asks for it: SHA-256 over all of it but what holds it back.
pub fn review_key(operation: &Operation) -> Vec<u8> {
    let free = Operation { blocked: None, ..operation.clone() };
    Sha256::digest(encode_operation(&free)).to_vec()
}

/// Whether `actor` may decide about an operation that those in `causes` brought about and that is about `subject`.
///
/// # Errors
///
/// Why not.
pub fn may_decide(
    review: &Review,
    actor: &str,
    causes: &BTreeSet<Text>,
    subject: &str,
) -> Result<(), NotDecider> {
    let is_actor = |name: &str| name.to_lowercase() == actor.to_lowercase();
    if is_actor(subject) || causes.iter().any(|cause| is_actor(cause)) {
        return Err(NotDecider::CausedIt);
    }
    if review.by.is_empty() || review.by.iter().any(|name| is_actor(name)) {
        Ok(())
    } else {
        Err(NotDecider::NotNamed)
    }
}
