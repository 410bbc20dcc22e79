//! A person: state, roles, accounts, what is not as it should be.

use muster_app::{AccountExplained, EntitlementExplained, PersonExplained, json};
use muster_policy::Want;

use super::reasons;
use crate::{
    ui::{Paint, Report, printable},
    when::shown,
};

/// The answer in every format.
pub(crate) fn person(explained: &PersonExplained, paint: Paint) -> Report {
    let PersonExplained { person, roles, accounts, .. } = explained;
    let mut fields = vec![
        ("key", person.key.to_string()),
        ("display", person.display.to_string()),
        ("lifecycle", person.lifecycle.as_ref().map_or_else(String::new, ToString::to_string)),
    ];
    fields.extend(roles.iter().map(|role| ("role", role.role.to_string())));
    fields.extend(
        accounts
            .iter()
            .map(|account| ("account", format!("{}.{}", account.system, account.account_type))),
    );
    Report::one(fields, json::person_explained(explained)).text(text(explained, paint))
}

fn text(explained: &PersonExplained, paint: Paint) -> String {
    let PersonExplained { person, state, roles, withheld, accounts, conflicts, next_change } =
        explained;
    let mut text = format!(
        "{}  ({} {})\n",
        paint.bold(&printable(&person.display)),
        person.type_name,
        person.key
    );
    if let Some(state) = state {
        reasons::state(state, paint, &mut text);
    }
    if let Some(at) = next_change {
        put!(text, "Next change {}\n", shown(*at));
    }
    text.push_str(if roles.is_empty() { "\nNo roles\n" } else { "\nRoles\n" });
    let width = roles.iter().map(|role| role.role.chars().count()).max().unwrap_or(0);
    for role in roles {
        put!(text, "  {:<width$}  {}  ({})\n", role.role, printable(&role.via), role.at);
    }
    if !withheld.is_empty() {
        text.push_str("\nWithheld\n");
    }
    for (what, one) in withheld {
        put!(text, "  {}  {}\n", printable(what), reasons::withheld(one, paint));
    }
    text.push_str(if accounts.is_empty() { "\nNo accounts\n" } else { "\nAccounts\n" });
    for account in accounts {
        account_lines(account, paint, &mut text);
    }
    for conflict in conflicts {
        put!(text, "\n{} duties that do not go together: {conflict}\n", paint.red("CONFLICT"));
    }
    put!(
        text,
        "\nWhy one of them: muster explain {} SYSTEM[:ENTITLEMENT]     a value: muster explain {} .ATTRIBUTE\n",
        person.key,
        person.key
    );
    text
}

fn account_lines(account: &AccountExplained, paint: Paint, text: &mut String) {
    let there = match &account.observed {
        Some(observed) if observed.enabled == Some(false) => format!("{}, disabled", observed.name),
        Some(observed) => observed.name.to_string(),
        None => paint.yellow("not there yet"),
    };
    let wanted = match (account.desired.want, account.observed.is_some()) {
        (Want::Present, true) if account.desired.enabled => String::new(),
        (Want::Present, true) => "   wanted: disabled".to_owned(),
        (Want::Present, false) => "   wanted".to_owned(),
        (Want::Retained { .. }, _) if account.desired.enabled => "   kept".to_owned(),
        (Want::Retained { .. }, _) => paint.yellow("   to be kept disabled"),
        (Want::Absent, _) => paint.yellow("   to be deleted"),
    };
    put!(text, "  {}.{}  {there}{wanted}\n", account.system, account.account_type);
    if let Some(idle) = &account.idle {
        put!(text, "    {}\n", reasons::idle(idle, paint));
    }
    for entitlement in &account.entitlements {
        put!(text, "    {}\n", entitlement_line(entitlement, paint));
    }
}

fn entitlement_line(entitlement: &EntitlementExplained, paint: Paint) -> String {
    let roles: Vec<&str> = entitlement.reasons.iter().map(|reason| &*reason.role).collect();
    let name = format!("{} {}", entitlement.kind, entitlement.name);
    match (entitlement.wanted, entitlement.there) {
        (true, true) => format!("  {name}   {}", paint.dim(&roles.join(", "))),
        (true, false) => format!("{} {name}   {}", paint.green("+"), paint.dim(&roles.join(", "))),
        (false, _) => format!("{} {name}   no role grants it", paint.yellow("-")),
    }
}
