//! Why somebody has an access, or why not.

use muster_model::{SystemId, Text};
use muster_policy::{AccountRef, DesiredAccount, Subject, Want, Withheld, Withhold};

use super::{
    answer::AccessExplained,
    question::{Question, When, ask},
};
use crate::{AccountView, Ctx, Error, Opened, subject_of};

/// Explains one access: `system`, `system:entitlement`, or `system.type` where a system has several account types.
pub async fn explain_access(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    access: &str,
    when: When,
) -> Result<AccessExplained, Error> {
    let mut tx = opened.store.read().await?;
    let question = ask(ctx, opened, &mut tx, person, when).await?;
    let (place, entitlement) = match access.split_once(':') {
        Some((place, entitlement)) => (place, Some(entitlement.trim())),
        None => (access, None),
    };
    let account = account_ref(opened, &question, place)?;
    let observed = question.observed(&mut tx, opened, account).await?;
    let desired = question.evaluation.accounts.iter().find(|desired| desired.account == account);
    let (kind, subject) = match entitlement {
        Some(name) => {
            let kind = kind_of(opened, &question, account, name, desired, observed.as_ref());
            (Some(kind), Subject::Entitlement(account, kind, name))
        }
        None => (None, Subject::Account(account)),
    };
    let has = observed.as_ref().is_some_and(|view| match entitlement {
        Some(name) => view.entitlements.iter().any(|(_, held)| **held == *name),
        None => true,
    });
    let wanted = desired.is_some_and(|desired| match (entitlement, kind) {
        (Some(name), Some(kind)) => {
            desired.entitlements.iter().any(|(k, n)| *k == kind && **n == *name)
        }
        _ => desired.want == Want::Present,
    });
    let missing =
        opened.evaluator.missing(&question.evaluation, subject, &question.world, question.now);
    let is_about = |one: &&Withheld| match &one.what {
        Withhold::Role(role) => {
            let role = opened.model.roles.get(*role);
            role.is_some_and(|role| missing.iter().any(|of| of.role == role.name))
        }
        Withhold::Entitlement { system, kind: of, name } => {
            *system == account.system && Some(*of) == kind && entitlement == Some(&**name)
        }
    };
    let withheld = question.withheld().filter(is_about).cloned().collect();
    Ok(AccessExplained {
        subject: subject_of(&opened.model, &question.facts.row, &question.facts.key),
        access: access.to_owned(),
        has,
        wanted,
        reasons: question.reasons(opened, subject),
        missing,
        withheld,
        account: observed,
        idle: desired.and_then(|desired| question.idle(opened, desired)),
        state: question.state(opened),
    })
}

fn account_ref(opened: &Opened, question: &Question, place: &str) -> Result<AccountRef, Error> {
    let (system_name, type_name) = match place.split_once('.') {
        Some((system, account_type)) => (system, Some(account_type)),
        None => (place, None),
    };
    let system = opened.system_named(system_name)?;
    let type_id = question.facts.row.type_id;
    let fits = |position: &usize| {
        system
            .accounts
            .get(*position)
            .is_some_and(|a| a.identity == type_id && type_name.is_none_or(|name| *name == *a.name))
    };
    let account = (0..system.accounts.len()).find(fits).ok_or_else(|| {
        let known: Vec<String> = system
            .accounts
            .iter()
            .map(|account| format!("{system_name}.{}", account.name))
            .collect();
        let error = Error::not_found(format!("`{place}` holds no accounts for this identity"));
        if known.is_empty() {
            error.hint(format!("`{system_name}` is a source only"))
        } else {
            error.hint(format!("there is: {}", known.join(", ")))
        }
    })?;
    Ok(AccountRef { system: SystemId(system.id.0), account })
}

/// The entitlement kind that knows the name: wanted or held first, then the first kind of the account.
fn kind_of(
    opened: &Opened,
    question: &Question,
    account: AccountRef,
    name: &str,
    desired: Option<&DesiredAccount>,
    observed: Option<&AccountView>,
) -> usize {
    let Some(system) = opened.model.systems.get(account.system.index()) else { return 0 };
    let text: Text = name.into();
    let wanted = desired
        .and_then(|d| d.entitlements.iter().find(|(_, n)| **n == *name))
        .map(|(kind, _)| *kind);
    let held = observed.and_then(|o| o.entitlements.iter().find(|(_, n)| **n == *name));
    let held = held.and_then(|(kind, _)| system.entitlements.iter().position(|k| k.name == *kind));
    let known = (0..system.entitlements.len())
        .find(|kind| question.index.get(account.system.index(), *kind, &text).is_some());
    wanted.or(held).or(known).unwrap_or(0)
}
