//! Drift: differences that somebody made outside; how they are compared, listed and decided about.

mod adopt;
mod ahead;
mod decide;
mod list;

use muster_model::{Text, Value, decode_values};
use muster_plan::{Drifted, Verdict};
use muster_policy::AccountRef;
use muster_store::{Drift, DriftDecision, DriftWhat};

use crate::Opened;

pub(crate) use adopt::shown as shown_access;
pub use adopt::{Adopted, adopt_drift};
pub use ahead::{AdoptAhead, DriftAhead, preview_drift};
pub use decide::{Chosen, DriftVerb, decide_drift, decline_old_drift};
pub use list::{DriftGroupView, DriftQuery, DriftView, drift_groups, list_drift, show_drift};

/// Stored drift as the comparison sees it; `None` when the model no longer knows what it is about.
pub fn compared_drift(opened: &Opened, stored: &Drift) -> Option<muster_plan::Drift> {
    let (account, kind) = place(opened, stored)?;
    let before = value(&stored.before);
    let what = match stored.what {
        DriftWhat::Attribute => Drifted::Attribute { name: stored.item.clone(), before },
        DriftWhat::Entitlement => Drifted::Entitlement {
            kind: kind?,
            name: stored.item.clone(),
            held: before == Value::Bool(true),
        },
        DriftWhat::Enabled => Drifted::Enabled { before: before == Value::Bool(true) },
        DriftWhat::Name => Drifted::Name { before: before.as_text()?.clone() },
        DriftWhat::Gone => Drifted::Gone,
        DriftWhat::Appeared => Drifted::Appeared,
    };
    let verdict = match stored.decision {
        DriftDecision::Undecided => Verdict::Undecided,
        DriftDecision::Revert => Verdict::Revert,
        // What is adopted stays until the model or an assignment asks for it.
        DriftDecision::Accept | DriftDecision::Adopt => Verdict::Accept(stored.until),
    };
    Some(muster_plan::Drift {
        id: stored.id,
        account,
        on: stored.account,
        what,
        seen_at: stored.seen_at,
        verdict,
    })
}

/// The account type by position, and the name of the entitlement kind if it is about one.
fn place(opened: &Opened, stored: &Drift) -> Option<(AccountRef, Option<Text>)> {
    let position = opened.names.systems.iter().position(|names| names.no == stored.system_no)?;
    let names = opened.names.systems.get(position)?;
    let system = opened.model.systems.get(position)?;
    let account = names.accounts.iter().position(|account| account.no == stored.type_no)?;
    let kind = stored.kind_no.and_then(|no| {
        let kind = names.kinds.iter().position(|kind| *kind == no)?;
        Some(system.entitlements.get(kind)?.name.clone())
    });
    Some((AccountRef { system: system.id, account }, kind))
}

/// The one value that was kept.
fn value(bytes: &[u8]) -> Value {
    decode_values(bytes).ok().and_then(|values| values.into_iter().next()).unwrap_or(Value::Null)
}
