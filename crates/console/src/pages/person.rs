//! `/people/{person}`: who somebody is, what they have, and why.

use askama::Template;
use axum::response::Response;
use muster_app::{
    AccountExplained, Ctx, EntitlementExplained, PersonExplained, When, explain_person, see_linked,
};
use muster_governance::see_risk;
use muster_model::Value;
use muster_policy::{Right, Want};
use muster_web::Problem;

use crate::{
    address,
    frame::{Frame, page},
    reasons::{self, Sentence},
    texts::{PersonTexts, counted, filled},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "person.html")]
struct Page<'v> {
    frame: Frame<'v>,
    display: String,
    key: String,
    kind: String,
    /// What is to be said of them at once, in a sentence.
    summary: String,
    links: Links,
    /// How much harm they could do, and with what; none when it is 0.
    risk: Option<(u8, String)>,
    state: Vec<Sentence>,
    attributes: Vec<Attribute>,
    roles: Vec<Role>,
    accounts: Vec<Account>,
}

/// The other pages about the person.
struct Links {
    timeline: String,
    /// For those who may make plans.
    plan: Option<String>,
    /// For those who may see assignments.
    assignments: Option<String>,
    /// For those who may end and suspend people.
    lifecycle: Option<String>,
}

struct Attribute {
    name: String,
    /// The page that says where the value comes from.
    href: String,
    values: Vec<(String, Option<String>)>,
}

struct Role {
    name: String,
    href: String,
    via: String,
    at: Sentence,
}

struct Account {
    place: String,
    name: String,
    status: &'static str,
    is_right: bool,
    why: String,
    entitlements: Vec<Entitlement>,
}

struct Entitlement {
    kind: String,
    name: String,
    there: bool,
    wanted: bool,
    short: String,
    why: String,
}

/// The page.
pub(crate) async fn show(visit: Visit, ctx: Ctx) -> Result<Response, Problem> {
    let asked = visit.given.text("person");
    let found = explain_person(&ctx, &visit.opened, asked, When::default()).await?;
    let linked = see_linked(&ctx, &visit.opened, &found.person.values).await?;
    let risk = see_risk(&ctx, &visit.opened, &found.person.key).await?;
    let key = &*found.person.key;
    let attributes = found.person.values.iter().filter(|(name, _)| &**name != "display");
    let attributes = attributes.map(|(name, value)| Attribute {
        name: name.to_string(),
        href: format!("{}/value?name={}", address::person(key), address::part(name)),
        values: value.items().iter().filter_map(|item| item_shown(item, &linked)).collect(),
    });
    let base = address::person(key);
    let template = Page {
        frame: Frame::of(&visit),
        display: found.person.display.to_string(),
        key: key.to_owned(),
        kind: found.person.type_name.to_string(),
        summary: summary(&visit, &found),
        risk: (risk.score > 0).then(|| (risk.score, super::risk::parts(&visit, &risk))),
        links: Links {
            timeline: format!("{base}/timeline"),
            plan: visit.may(Right::PlansMake).map(|_| format!("{base}/plan")),
            assignments: visit.may(Right::AssignmentsRead).map(|_| format!("{base}/assignments")),
            lifecycle: visit.may(Right::LifecycleWrite).map(|_| format!("{base}/lifecycle")),
        },
        state: found.state.as_ref().map(|state| reasons::state(&visit, state)).unwrap_or_default(),
        attributes: attributes.filter(|attribute| !attribute.values.is_empty()).collect(),
        roles: found
            .roles
            .iter()
            .map(|role| Role {
                name: role.role.to_string(),
                href: address::role(&role.role),
                via: role.via.clone(),
                at: reasons::sentence(&visit, String::new(), Some(&role.at)),
            })
            .collect(),
        accounts: found
            .accounts
            .iter()
            .map(|account| account_shown(&visit, key, account))
            .collect(),
    };
    page(&visit, &template)
}

/// One value as it is shown. What a link leads to has a name and a page only where this person may see it.
pub(crate) fn item_shown(
    item: &Value,
    linked: &[muster_app::Person],
) -> Option<(String, Option<String>)> {
    let Value::Link(id) = item else { return Some((item.to_string(), None)) };
    let other = linked.iter().find(|other| other.id == *id)?;
    let href = other.lifecycle.as_ref().map(|_| address::person(&other.key));
    Some((other.display.to_string(), href))
}

/// `active since 2026-11-03; 6 accounts; one thing that nothing grants; next change 2026-12-01`
fn summary(visit: &Visit, found: &PersonExplained) -> String {
    let texts = &visit.texts.person;
    let mut parts = Vec::new();
    if let Some(state) = &found.state {
        let since = visit.moment(state.since);
        parts.push(filled(texts.since, &[("state", &state.state), ("at", since.shown())]));
    }
    let there = found.accounts.iter().filter(|account| account.observed.is_some()).count();
    parts.push(match there {
        0 => texts.accounts_none.to_owned(),
        n => number([texts.accounts_one, texts.accounts_many], n),
    });
    let entitlements = || found.accounts.iter().flat_map(|account| &account.entitlements);
    let surplus = entitlements().filter(|one| one.there && !one.wanted).count()
        + found.accounts.iter().filter(|account| is_surplus(account)).count();
    let lacking = entitlements().filter(|one| one.wanted && !one.there).count()
        + found.accounts.iter().filter(|account| is_lacking(account)).count();
    if surplus > 0 {
        parts.push(number([texts.surplus_one, texts.surplus_many], surplus));
    }
    if lacking > 0 {
        parts.push(number([texts.lacking_one, texts.lacking_many], lacking));
    }
    if !found.conflicts.is_empty() {
        parts.push(filled(texts.conflicts, &[("names", &found.conflicts.join(", "))]));
    }
    if let Some(next) = visit.maybe(found.next_change) {
        parts.push(filled(texts.next_change, &[("at", next.shown())]));
    }
    parts.join("; ") + "."
}

fn number([one, many]: [&str; 2], n: usize) -> String {
    counted(one, many, u64::try_from(n).unwrap_or(u64::MAX))
}

/// There, usable, and not to be.
fn is_surplus(account: &AccountExplained) -> bool {
    account.observed.as_ref().is_some_and(|seen| seen.enabled != Some(false))
        && !account.desired.enabled
}

fn is_lacking(account: &AccountExplained) -> bool {
    account.desired.want == Want::Present && account.observed.is_none()
}

fn account_shown(visit: &Visit, person: &str, account: &AccountExplained) -> Account {
    let texts = &visit.texts.person;
    let place = place_of(visit, &account.system, &account.account_type);
    let entitlement = |one: &EntitlementExplained| Entitlement {
        kind: one.kind.to_string(),
        name: one.name.to_string(),
        there: one.there,
        wanted: one.wanted,
        short: reasons::short(&visit.texts.access, &one.reasons),
        why: address::why(person, &format!("{place}:{}", one.name)),
    };
    let observed = account.observed.as_ref();
    let name = observed.map(|seen| &seen.name).or(account.desired.name.as_ref());
    Account {
        name: name.map_or_else(String::new, ToString::to_string),
        status: status(texts, account),
        is_right: !is_surplus(account) && !is_lacking(account),
        why: address::why(person, &place),
        entitlements: account.entitlements.iter().map(entitlement).collect(),
        place,
    }
}

/// `ledger`, or `ledger.admin` where the system has several account types.
pub(crate) fn place_of(visit: &Visit, system: &str, account_type: &str) -> String {
    let of = visit.opened.model.systems.iter().find(|of| *of.name == *system);
    match of.map_or(0, |of| of.accounts.len()) {
        0 | 1 => system.to_owned(),
        _ => format!("{system}.{account_type}"),
    }
}

/// What is to be said of an account in a word.
pub(crate) fn status(texts: &PersonTexts, account: &AccountExplained) -> &'static str {
    match (&account.observed, account.desired.want, account.desired.enabled) {
        (None, ..) => texts.not_there,
        (Some(_), Want::Absent, _) => texts.gone,
        (Some(_), Want::Retained { .. }, _) => texts.kept,
        (Some(_), Want::Present, true) => texts.enabled,
        (Some(_), Want::Present, false) => texts.made_ready,
    }
}
