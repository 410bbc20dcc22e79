//! Why an identity has the state, roles and accounts it has.

use muster_model::Text;
use muster_policy::{DesiredAccount, HeldRole, Subject, Via, Want, Withhold};

use super::{
    answer::{AccountExplained, EntitlementExplained, PersonExplained, RoleHeld},
    question::{Question, When, ask},
};
use crate::{
    AccountView, Ctx, Error, Opened, duties::Duties, people, withheld_name, withhold_name,
};

/// Explains an identity: state, roles, every account with every attribute and entitlement.
pub async fn explain_person(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    when: When,
) -> Result<PersonExplained, Error> {
    let mut tx = opened.store.read().await?;
    let question = ask(ctx, opened, &mut tx, person, when).await?;
    let mut accounts = Vec::new();
    for desired in &question.evaluation.accounts {
        let observed = question.observed(&mut tx, opened, desired.account).await?;
        if desired.want == Want::Present || observed.is_some() {
            accounts.extend(account_explained(opened, &question, desired, observed));
        }
    }
    let roles = question
        .evaluation
        .roles
        .iter()
        .filter_map(|held| role_held(opened, &question, *held))
        .collect();
    let duties = Duties::load(&mut tx, opened).await?;
    let held = duties.held_on(&question.accounts);
    let held = held.get(&question.facts.row.id);
    let conflicts = duties.conflicts(opened, &question.evaluation, held).into_iter();
    let conflicts = conflicts.filter_map(|at| opened.model.conflicts.get(at));
    Ok(PersonExplained {
        person: people::person(opened, &question.evaluation.row, &question.facts.key),
        state: question.state(opened),
        roles,
        withheld: question
            .withheld()
            .map(|one| (shown_withheld(opened, &one.what), one.clone()))
            .collect(),
        accounts,
        conflicts: conflicts.map(|conflict| conflict.name.clone()).collect(),
        next_change: question.evaluation.next_change,
    })
}

/// `sales`, or `directory.group:staff`.
fn shown_withheld(opened: &Opened, what: &Withhold) -> Text {
    withheld_name(&withhold_name(&opened.model, what)).unwrap_or_default().into()
}

fn role_held(opened: &Opened, question: &Question, held: HeldRole) -> Option<RoleHeld> {
    let role = opened.model.roles.get(held.role)?;
    let via = match held.via {
        Via::Rule => "its rule".to_owned(),
        Via::Assigned(position) => {
            let assignment = question.facts.assignments.get(position)?;
            format!("assigned by {}: {}", assignment.by, assignment.reason)
        }
        Via::Included(by) => format!("included in `{}`", opened.model.roles.get(by)?.name),
    };
    Some(RoleHeld { role: role.name.clone(), via, at: role.at.clone() })
}

fn account_explained(
    opened: &Opened,
    question: &Question,
    desired: &DesiredAccount,
    observed: Option<AccountView>,
) -> Option<AccountExplained> {
    let system = opened.model.systems.get(desired.account.system.index())?;
    let account_type = system.accounts.get(desired.account.account)?;
    let attributes = account_type.set.iter().enumerate().filter_map(|(position, mapping)| {
        let reason = opened.evaluator.attribute_reason(
            &question.evaluation,
            desired.account,
            position,
            &question.world,
            question.now,
        )?;
        Some((mapping.attribute.clone(), reason))
    });
    let mut entitlements = Vec::new();
    for (position, kind) in system.entitlements.iter().enumerate() {
        let mut names: Vec<&Text> = desired
            .entitlements
            .iter()
            .filter(|(k, _)| *k == position)
            .map(|(_, name)| name)
            .collect();
        let there = observed
            .iter()
            .flat_map(|o| &o.entitlements)
            .filter(|(k, _)| *k == kind.name)
            .map(|(_, name)| name);
        let there: Vec<&Text> = there.collect();
        names.extend(&there);
        names.sort_unstable();
        names.dedup();
        for name in names {
            entitlements.push(EntitlementExplained {
                kind: kind.name.clone(),
                name: name.clone(),
                wanted: desired.entitlements.iter().any(|(k, n)| *k == position && n == name),
                there: there.contains(&name),
                reasons: question
                    .reasons(opened, Subject::Entitlement(desired.account, position, name)),
            });
        }
    }
    Some(AccountExplained {
        system: system.name.clone(),
        account_type: account_type.name.clone(),
        reasons: question.reasons(opened, Subject::Account(desired.account)),
        attributes: attributes.collect(),
        entitlements,
        idle: question.idle(opened, desired),
        desired: desired.clone(),
        observed,
    })
}
