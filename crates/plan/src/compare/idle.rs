//! Accounts that nobody uses: when they are disabled, and when somebody is warned before.

use muster_policy::Unused;

use super::{Compared, Context, Observed, Side};
use crate::{Operation, OperationReason, Target};

/// Whether a wanted account is to be usable.
pub(super) struct UseOf {
    pub(super) enabled: bool,
    /// Why not, where that is for lack of use.
    idle: Option<OperationReason>,
}

impl Context<'_> {
    /// Whether an account that is wanted is to be usable: not when nobody has used it for too long.
    pub(super) fn use_of(
        &self,
        side: &Side<'_>,
        observed: &Observed,
        compared: &mut Compared,
    ) -> UseOf {
        let as_wanted = |enabled| UseOf { enabled, idle: None };
        let (Some(idle), Some(last), true) =
            (&side.account_type.idle, observed.last_used, side.desired.enabled)
        else {
            return as_wanted(side.desired.enabled);
        };
        let Some(Unused { since, due }) = idle.of(last, self.evaluation.used) else {
            return as_wanted(true);
        };
        if due <= self.now {
            let text = format!("idle since {}", since.strftime("%Y-%m-%d")).into();
            let reason = OperationReason { text, at: Some(idle.at.clone()) };
            return UseOf { enabled: false, idle: Some(reason) };
        }
        // What cannot be used now is made usable again, and then nobody has to be warned.
        let warns = idle.warn.and_then(|warn| due.checked_sub(warn).ok());
        let next = warns.filter(|at| *at > self.now);
        if next.is_none() && warns.is_some() && observed.enabled != Some(false) {
            compared.idle.push((side.desired.account, since));
        }
        compared.next_change = compared.next_change.into_iter().chain([next.unwrap_or(due)]).min();
        as_wanted(true)
    }

    /// Enables or disables a wanted account.
    pub(super) fn switch_as(&self, side: &Side<'_>, target: &Target, use_of: &UseOf) -> Operation {
        let switch = self.switch(side, target.clone(), use_of.enabled);
        match &use_of.idle {
            Some(reason) => Operation { reason: reason.clone(), ..switch },
            None => switch,
        }
    }
}
