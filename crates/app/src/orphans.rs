//! Accounts that belong to nobody: whose they are, that they may stay for a time, or that the next plan deletes them.

use jiff::Timestamp;
use muster_model::{AccountId, Text};
use muster_store::{Account, AccountStatus, Entry, OrphanDecision, OrphanVerb, ReadTx, Tx};
use serde_json::{Value as Json, json};

use crate::{
    AccountView, Ctx, EntitlementIndex, Error, Kind, Opened, account_view, resolve_person,
    subject_of,
};

const BATCH: usize = 2000;

/// What is to become of an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrphanChoice {
    /// It is known and may stay until then; `None` for good.
    Authorise(Option<Timestamp>),
    /// The next plan deletes it.
    Delete,
    /// A decision is taken back.
    Undo,
}

/// Gives an orphan to an identity.
pub async fn assign_orphan(
    ctx: &Ctx,
    opened: &Opened,
    account: i64,
    person: &str,
    reason: &str,
) -> Result<AccountView, Error> {
    if reason.trim().is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--comment \"…\""));
    }
    let mut tx = opened.store.begin().await?;
    let orphan = orphan(&mut tx, account).await?;
    let found = resolve_person(ctx, opened, &mut tx, person).await?;
    let type_id = opened.model.systems.iter().zip(&opened.names.systems).find_map(|(s, names)| {
        let at = names.accounts.iter().position(|names| names.no == orphan.type_no)?;
        Some(s.accounts.get(at)?.identity)
    });
    if type_id != Some(found.row.type_id) {
        return Err(Error::invalid(format!("`{person}` may not hold an account of this type")));
    }
    let own = tx.accounts_of(found.row.id).await?;
    let same = |account: &&Account| {
        account.type_no == orphan.type_no && account.status == AccountStatus::Linked
    };
    if let Some(own) = own.iter().find(same) {
        return Err(Error::new(
            Kind::Conflict,
            format!("`{person}` has an account of this type already: `{}`", own.name),
        ));
    }
    let link = (orphan.id, Some(found.row.id), AccountStatus::Linked, 100);
    tx.link_accounts(&[link], ctx.now()).await?;
    tx.forget_orphan_decisions(&[orphan.id]).await?;
    tx.unsettle(&[found.row.id]).await?;
    let person = subject_of(&opened.model, &found.row, &found.key);
    let detail = json!({ "account": &*orphan.name, "person": &*person, "reason": reason.trim() });
    entry(&mut tx, ctx, &ctx.actor, "orphan.assign", &orphan.name, detail).await?;
    let view = view(opened, &mut tx, orphan.id).await?;
    tx.commit().await?;
    Ok(view)
}

/// Decides about orphans. More than one needs `confirm`, their number.
pub async fn decide_orphans(
    ctx: &Ctx,
    opened: &Opened,
    accounts: &[i64],
    choice: OrphanChoice,
    remark: &str,
    confirm: Option<u64>,
) -> Result<Vec<AccountView>, Error> {
    let n = accounts.len() as u64;
    if confirm != Some(n) && (n != 1 || confirm.is_some()) {
        return Err(Error::new(
            Kind::Held,
            format!("it is {n} accounts, and nobody agreed to that"),
        )
        .hint(format!("if it is right, add --confirm {n}")));
    }
    if choice != OrphanChoice::Undo && remark.trim().is_empty() {
        return Err(Error::invalid("a reason is needed").hint("--comment \"…\""));
    }
    if let OrphanChoice::Authorise(Some(until)) = choice
        && until <= ctx.now()
    {
        return Err(Error::invalid(format!("the end {until} is over already"))
            .hint("--until names a day to come"));
    }
    let mut tx = opened.store.begin().await?;
    let mut views = Vec::new();
    for account in accounts {
        let orphan = orphan(&mut tx, *account).await?;
        decide(ctx, &mut tx, &orphan, choice, remark.trim()).await?;
        views.push(view(opened, &mut tx, orphan.id).await?);
    }
    tx.commit().await?;
    Ok(views)
}

async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    orphan: &Account,
    choice: OrphanChoice,
    remark: &str,
) -> Result<(), Error> {
    let (verb, until, status, action) = match choice {
        OrphanChoice::Authorise(until) => {
            (Some(OrphanVerb::Authorise), until, AccountStatus::Ignored, "orphan.authorise")
        }
        OrphanChoice::Delete => {
            (Some(OrphanVerb::Delete), None, AccountStatus::Orphan, "orphan.delete")
        }
        OrphanChoice::Undo => (None, None, AccountStatus::Orphan, "orphan.undo"),
    };
    match verb {
        Some(verb) => {
            let decision = OrphanDecision {
                account: orphan.id,
                verb,
                until,
                decided_by: ctx.actor.clone(),
                decided_at: ctx.now(),
                remark: remark.into(),
            };
            tx.decide_orphans(&[decision]).await?;
        }
        None => {
            if tx.forget_orphan_decisions(&[orphan.id]).await? == 0 {
                let message = format!("nobody decided about `{}`", orphan.name);
                return Err(Error::new(Kind::Conflict, message));
            }
        }
    }
    if status != orphan.status {
        tx.link_accounts(&[(orphan.id, None, status, 0)], ctx.now()).await?;
    }
    let detail = json!({ "account": &*orphan.name, "comment": remark,
                         "until": until.map(|until| until.to_string()) });
    entry(tx, ctx, &ctx.actor, action, &orphan.name, detail).await
}

/// The account, if it belongs to nobody.
async fn orphan(tx: &mut ReadTx, id: i64) -> Result<Account, Error> {
    let account = tx.account(AccountId(id)).await?.ok_or_else(|| {
        Error::not_found(format!("there is no account {id}")).hint("muster orphans lists them")
    })?;
    match account.status {
        AccountStatus::Orphan | AccountStatus::Ignored => Ok(account),
        AccountStatus::Undecided => Err(Error::new(
            Kind::Conflict,
            format!("account `{}` waits for a decision about its candidates", account.name),
        )),
        AccountStatus::Linked => Err(Error::new(
            Kind::Conflict,
            format!("account `{}` belongs to somebody", account.name),
        )
        .hint("muster accounts shows whose it is")),
    }
}

/// Ends what was authorised until a time that is over; returns how many there were.
pub async fn expire_orphans(ctx: &Ctx, opened: &Opened) -> Result<u64, Error> {
    let now = ctx.now();
    let mut over = Vec::new();
    let mut after = None;
    let mut tx = opened.store.read().await?;
    loop {
        let page = tx.orphan_decisions(after, BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account);
        let is_over = |decision: &OrphanDecision| decision.until.is_some_and(|until| until <= now);
        over.extend(page.into_iter().filter(is_over).map(|decision| decision.account));
    }
    drop(tx);
    if over.is_empty() {
        return Ok(0);
    }
    let mut tx = opened.store.begin().await?;
    let actor: Text = "rule".into();
    for account in tx.accounts(&over).await? {
        if account.status == AccountStatus::Ignored {
            tx.link_accounts(&[(account.id, None, AccountStatus::Orphan, 0)], now).await?;
            let detail = json!({ "account": &*account.name });
            entry(&mut tx, ctx, &actor, "orphan.expire", &account.name, detail).await?;
        }
    }
    tx.forget_orphan_decisions(&over).await?;
    tx.commit().await?;
    Ok(over.len() as u64)
}

/// What was decided about orphans, by account.
pub async fn orphan_decisions(opened: &Opened) -> Result<Vec<OrphanDecision>, Error> {
    let mut tx = opened.store.read().await?;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = tx.orphan_decisions(after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.account);
        all.extend(page);
    }
}

async fn view(opened: &Opened, tx: &mut ReadTx, id: AccountId) -> Result<AccountView, Error> {
    let index = EntitlementIndex::load(tx, opened).await?;
    let account = tx.account(id).await?.ok_or_else(|| Error::bug("an account is missing"))?;
    account_view(tx, opened, &index, &account).await
}

async fn entry(
    tx: &mut Tx,
    ctx: &Ctx,
    actor: &Text,
    action: &str,
    subject: &Text,
    detail: Json,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject: subject.clone(),
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}
