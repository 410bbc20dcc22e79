//! Accounts as last observed, for people.

use jiff::Timestamp;
use muster_model::{AccountId, Text, Value};
use muster_store::{Account, AccountOrigin, AccountStatus, Number, ReadTx};

use crate::{
    Ctx, EntitlementIndex, Error, Opened, Page, decode_facts, entity_type, observed_account,
    resolve_person, subject_of,
};

/// Which accounts are asked for.
#[derive(Debug, Clone, Default)]
pub struct AccountQuery {
    /// Of this system only.
    pub system: Option<String>,
    /// With this status only.
    pub status: Option<AccountStatus>,
    /// Of this identity only.
    pub person: Option<String>,
    /// As recorded at this instant.
    pub as_of: Option<Timestamp>,
    /// Those after this id.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// An account as it is shown.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// Its id.
    pub id: AccountId,
    /// The system.
    pub system: Text,
    /// The account type.
    pub account_type: Text,
    /// Its name on the system.
    pub name: Text,
    /// Whose it is.
    pub status: AccountStatus,
    /// Whether it can be used.
    pub enabled: Option<bool>,
    /// The identity it belongs to, or probably belongs to.
    pub person: Option<Text>,
    /// Its entitlements: kind and name.
    pub entitlements: Vec<(Text, Text)>,
    /// Its attribute values.
    pub values: Vec<(Text, Value)>,
    /// Where it came from.
    pub origin: AccountOrigin,
    /// How sure the correlation is.
    pub confidence: u8,
    /// When it was last seen to change.
    pub changed_at: Timestamp,
}

/// Accounts in order of system, account type and id.
pub async fn list_accounts(
    ctx: &Ctx,
    opened: &Opened,
    query: &AccountQuery,
) -> Result<Page<AccountView>, Error> {
    let mut tx = opened.store.read().await?;
    let index = EntitlementIndex::load(&mut tx, opened).await?;
    let mut page = Page { items: Vec::new(), next: None };
    if let Some(person) = &query.person {
        let found = resolve_person(ctx, opened, &mut tx, person).await?;
        let accounts = match query.as_of {
            Some(at) => tx.accounts_of_as_of(found.row.id, at).await?,
            None => tx.accounts_of(found.row.id).await?,
        };
        for account in accounts {
            if fits(opened, query, &account) {
                page.items.push(account_view(&mut tx, opened, &index, &account).await?);
            }
        }
        return Ok(page);
    }
    if let Some(system) = &query.system {
        opened.system_named(system)?;
    }
    let mut accounts = Vec::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        if query.system.as_ref().is_some_and(|wanted| **wanted != *system.name) {
            continue;
        }
        for account_names in &names.accounts {
            let after = query.after.map(AccountId);
            accounts.extend(some_of(ctx, opened, &mut tx, account_names.no, query, after).await?);
        }
    }
    accounts.sort_by_key(|account| account.id);
    for account in accounts.iter().filter(|account| fits(opened, query, account)) {
        if page.items.len() == query.limit {
            page.next = page.items.last().map(|last: &AccountView| last.id.0);
            break;
        }
        page.items.push(account_view(&mut tx, opened, &index, account).await?);
    }
    Ok(page)
}

/// Accounts of a type that have the wanted status, one more than is asked for when there are more.
async fn some_of(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    type_no: Number,
    query: &AccountQuery,
    mut after: Option<AccountId>,
) -> Result<Vec<Account>, Error> {
    let limit = query.limit + 1;
    let mut found = Vec::new();
    loop {
        let page = match (query.as_of, query.status) {
            (Some(at), _) => tx.scan_accounts_as_of(type_no, at, after, limit).await?,
            (None, Some(AccountStatus::Linked) | None) => {
                tx.scan_accounts(type_no, after, limit).await?
            }
            (None, Some(status)) => tx.unlinked_accounts(type_no, status, after, limit).await?,
        };
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id);
        let mut page = within_reach(ctx, opened, tx, page).await?;
        page.retain(|account| query.status.is_none_or(|status| status == account.status));
        found.append(&mut page);
        if found.len() >= limit {
            return Ok(found);
        }
    }
}

/// The accounts of those whom the caller can see; an account of nobody is seen by who sees everybody.
async fn within_reach(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    mut accounts: Vec<Account>,
) -> Result<Vec<Account>, Error> {
    let linked =
        |account: &Account| account.entity.filter(|_| account.status == AccountStatus::Linked);
    ctx.reach.narrow(ctx, opened, tx, &mut accounts, linked).await?;
    Ok(accounts)
}

fn fits(opened: &Opened, query: &AccountQuery, account: &Account) -> bool {
    let system = opened.names.systems.iter().position(|names| names.no == account.system_no);
    let name =
        system.and_then(|system| opened.model.systems.get(system)).map(|system| &system.name);
    query.status.is_none_or(|status| status == account.status)
        && query.system.as_ref().is_none_or(|wanted| name.is_some_and(|name| **wanted == **name))
}

/// The view of a stored account.
pub async fn account_view(
    tx: &mut ReadTx,
    opened: &Opened,
    index: &EntitlementIndex,
    account: &Account,
) -> Result<AccountView, Error> {
    let observed = observed_account(opened, index, account)?;
    let system = opened
        .model
        .systems
        .get(observed.account.system.index())
        .ok_or_else(|| Error::bug("a system is missing"))?;
    let account_type = system
        .accounts
        .get(observed.account.account)
        .ok_or_else(|| Error::bug("an account type is missing"))?;
    let person = match account.entity {
        Some(id) => person_of(tx, opened, id).await?,
        None => None,
    };
    let kind = |position: usize| {
        system.entitlements.get(position).map_or_else(|| "?".into(), |kind| kind.name.clone())
    };
    let values = account_type
        .set
        .iter()
        .zip(observed.values)
        .map(|(mapping, value)| (mapping.attribute.clone(), value));
    Ok(AccountView {
        id: account.id,
        system: system.name.clone(),
        account_type: account_type.name.clone(),
        name: account.name.clone(),
        status: account.status,
        enabled: account.enabled,
        person,
        entitlements: observed
            .entitlements
            .into_iter()
            .map(|(position, name)| (kind(position), name))
            .collect(),
        values: values.filter(|(_, value)| !value.is_null()).collect(),
        origin: account.origin,
        confidence: account.confidence,
        changed_at: account.changed_at,
    })
}

pub(crate) async fn person_of(
    tx: &mut ReadTx,
    opened: &Opened,
    id: muster_model::EntityId,
) -> Result<Option<Text>, Error> {
    let Some(entity) = tx.entity(id).await? else { return Ok(None) };
    let Some(type_id) = entity_type(opened, entity.type_no) else { return Ok(Some(entity.key)) };
    let row = decode_facts(&opened.model, &opened.names, id, type_id, &entity.facts)?;
    Ok(Some(subject_of(&opened.model, &row, &entity.key)))
}
