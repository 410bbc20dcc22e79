//! Finds what `system.kind` and `system.type.attribute` name.

use muster_model::{Span, SystemId, Text, TypeId};

use crate::{
    context::Context,
    suggest::known_names,
    systems::Draft,
    yaml::{Entry, Node},
};

/// The names of a system's parts.
#[derive(Debug)]
struct Parts {
    system: Text,
    accounts: Vec<(Text, Option<TypeId>)>,
    entitlements: Vec<(Text, Option<usize>)>,
}

/// All names that roles, duties and tests may use.
#[derive(Debug)]
pub(crate) struct Names {
    systems: Vec<Parts>,
}

/// An account type or a kind of entitlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Account(SystemId, usize),
    Entitlement(SystemId, usize),
}

impl Names {
    /// Collects the names, also of parts that have problems.
    pub(crate) fn new(entries: &[&Entry], drafts: &[Draft]) -> Self {
        let keys = |node: &Node, key: &str| -> Vec<Text> {
            let entries = node.get(key).map_or(&[][..], Node::entries);
            entries.iter().map(|entry| entry.key.clone()).collect()
        };
        let systems = entries.iter().zip(drafts).map(|(entry, draft)| {
            let types = draft.accounts.iter().map(|account| account.as_ref().map(|a| a.identity));
            let holders = draft.entitlements.iter().map(|kind| kind.as_ref().map(|k| k.account));
            Parts {
                system: entry.key.clone(),
                accounts: keys(&entry.value, "accounts").into_iter().zip(types).collect(),
                entitlements: keys(&entry.value, "entitlements").into_iter().zip(holders).collect(),
            }
        });
        Self { systems: systems.collect() }
    }

    /// The type an account type is for; `None` when that is not known because of a problem.
    pub(crate) fn identity_of(&self, found: Found) -> Option<TypeId> {
        let (Found::Account(system, _) | Found::Entitlement(system, _)) = found;
        let parts = self.systems.get(system.index())?;
        let account = match found {
            Found::Account(_, account) => account,
            Found::Entitlement(_, kind) => parts.entitlements.get(kind)?.1?,
        };
        parts.accounts.get(account)?.1
    }

    fn find(&self, context: &mut Context<'_>, text: &str, span: Span) -> Option<Found> {
        let (system, part) = text.split_once('.').unwrap_or((text, ""));
        let Some(index) = self.systems.iter().position(|parts| &*parts.system == system) else {
            let known = self.systems.iter().map(|parts| &*parts.system);
            let help = known_names(system, "systems", known);
            context.error("E0504", span, format!("unknown system `{system}`"), help);
            return None;
        };
        let parts = self.systems.get(index)?;
        let id = SystemId(u16::try_from(index).unwrap_or(u16::MAX));
        let account = parts.accounts.iter().position(|(name, _)| &**name == part);
        let kind = parts.entitlements.iter().position(|(name, _)| &**name == part);
        if let Some(found) =
            account.map(|at| Found::Account(id, at)).or(kind.map(|at| Found::Entitlement(id, at)))
        {
            return Some(found);
        }
        let accounts = parts.accounts.iter().map(|(name, _)| &**name);
        let known = accounts.chain(parts.entitlements.iter().map(|(name, _)| &**name));
        let help = known_names(part, "account types and entitlements", known);
        let message = if part.is_empty() {
            format!("`{system}` names a system, not one of its account types or entitlements")
        } else {
            format!("the system `{system}` has no account type or entitlement `{part}`")
        };
        context.error("E0505", span, message, help);
        None
    }

    /// The account type that `system.type` names.
    pub(crate) fn account(
        &self,
        context: &mut Context<'_>,
        text: &str,
        span: Span,
    ) -> Option<(SystemId, usize)> {
        match self.find(context, text, span)? {
            Found::Account(system, account) => Some((system, account)),
            Found::Entitlement(..) => {
                context.error(
                    "E0506",
                    span,
                    format!("`{text}` is a kind of entitlement, not an account type"),
                    format!("say which one: `{{ {text}: name }}`"),
                );
                None
            }
        }
    }

    /// The kind of entitlement that `system.kind` names.
    pub(crate) fn entitlement(
        &self,
        context: &mut Context<'_>,
        text: &str,
        span: Span,
    ) -> Option<(SystemId, usize)> {
        match self.find(context, text, span)? {
            Found::Entitlement(system, kind) => Some((system, kind)),
            Found::Account(..) => {
                context.error(
                    "E0506",
                    span,
                    format!("`{text}` is an account type, not a kind of entitlement"),
                    format!("an account is granted by its name alone: `{text}`"),
                );
                None
            }
        }
    }

    /// The account type and the attribute that `system.type.attribute` names.
    pub(crate) fn attribute(
        &self,
        context: &mut Context<'_>,
        text: &str,
        span: Span,
    ) -> Option<(SystemId, usize, Text)> {
        let mut dots = text.match_indices('.').map(|(at, _)| at);
        let split = dots.nth(1).and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)));
        let Some((account, attribute)) = split.filter(|(_, attribute)| !attribute.is_empty())
        else {
            context.error(
                "E0606",
                span,
                format!("`{text}` does not name an attribute of an account"),
                "write `system.type.attribute`, for example `directory.user.title`",
            );
            return None;
        };
        let (system, account) = self.account(context, account, span)?;
        Some((system, account, attribute.into()))
    }
}

/// The entitlements that a list of `{ system.kind: name }` or `{ system.kind: [name, …] }` names.
pub(crate) fn references(
    context: &mut Context<'_>,
    names: &Names,
    list: &Node,
) -> Vec<(SystemId, usize, Text)> {
    let mut found = Vec::new();
    for entry in list.items().iter().flat_map(Node::entries) {
        let Some((system, kind)) = names.entitlement(context, &entry.key, entry.key_span) else {
            continue;
        };
        let texts = entry.value.items().iter().filter_map(|item| item.text());
        found.extend(texts.map(|name| (system, kind, name.clone())));
    }
    found
}
