//! Takes a record or an account away from whom it belongs to. It never goes back by rule, only by a decision.

use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, Slot, Text, name_key};
use muster_policy::System;
use muster_store::{
    AccountStatus, CaseStatus, MatchCase, MatchCaseId, MatchDecision, Matched, Number, Record,
    Sequence, Tx, Verdict,
};
use rustc_hash::FxHashMap;
use serde_json::json;

use super::{journal, read_numbered, reason_given};
use crate::{inbound::Inbound, lease::Lease, source::Source, target::account_key};

/// Undoes the link of `SYSTEM:KEY`, a record's key or an account's name; answers the key of whom it belonged to.
pub async fn undo_match(
    ctx: &Ctx,
    opened: &Opened,
    subject: &str,
    reason: &str,
) -> Result<Text, Error> {
    let reason = reason_given(reason)?;
    let (system, key) = subject.split_once(':').ok_or_else(|| {
        Error::invalid(format!("`{subject}` names no record and no account"))
            .hint("write SYSTEM:KEY, for example hr:4711 or directory:uid=ada,ou=people")
    })?;
    let system = opened.system_named(system)?;
    let lease = Lease::take(ctx, opened, "sync").await?;
    let outcome = async {
        let mut tx = opened.store.begin().await?;
        let done = Undo { ctx, opened, system, key: key.into(), reason };
        let of = match done.record(&mut tx).await? {
            Some(of) => Some(of),
            None => done.account(&mut tx).await?,
        };
        let of = of.ok_or_else(|| {
            Error::not_found(format!(
                "`{}` has no record and no account `{key}` that belongs to anybody",
                system.name
            ))
        })?;
        let detail = json!({ "identity": &*of, "system": &*system.name, "reason": reason });
        journal(ctx, &mut tx, "match.undo", key, detail).await?;
        tx.commit().await?;
        Ok(of)
    }
    .await;
    lease.release(opened, outcome).await
}

struct Undo<'a> {
    ctx: &'a Ctx,
    opened: &'a Opened,
    system: &'a System,
    key: Text,
    reason: &'a str,
}

impl Undo<'_> {
    async fn record(&self, tx: &mut Tx) -> Result<Option<Text>, Error> {
        let names = self.opened.names.systems.get(self.system.id.index());
        for read in names.map_or(&[][..], |names| &names.reads) {
            let found = tx.records_by_key(read.no, std::slice::from_ref(&self.key)).await?;
            let Some(record) = found.into_iter().flatten().next() else { continue };
            if let Some(entity) = record.entity {
                return Ok(Some(self.take_record(tx, record, entity).await?));
            }
        }
        Ok(None)
    }

    async fn take_record(
        &self,
        tx: &mut Tx,
        record: Record,
        entity: EntityId,
    ) -> Result<Text, Error> {
        let of = key_of(tx, entity).await?;
        self.decide(tx, Matched::Record, record.read_no, &record.key, entity).await?;
        tx.delete_records(&[record.id]).await?;
        let id = MatchCaseId(tx.take_ids(Sequence::MatchCase, 1).await?);
        let problem = format!("record `{}` was taken from `{of}`; a person decides", record.key);
        let (system, read, names) = read_numbered(self.opened, record.read_no)?;
        tx.save_match_cases(&[MatchCase {
            id,
            subject: Matched::Record,
            scope_no: record.read_no,
            key: record.key,
            native_id: record.native_id,
            status: CaseStatus::Undecided,
            problem: problem.into(),
            candidates: "[]".into(),
            line: record.line,
            fingerprint: record.fingerprint,
            content: record.content,
            made_at: self.ctx.now(),
        }])
        .await?;
        let what: Text = "record".into();
        let source = Source { system, read, names, what: &what };
        let inbound = Inbound::decided(self.ctx, self.opened, source, FxHashMap::default()).await?;
        let owned: Vec<Slot> = read.owns.iter().map(|(slot, _)| *slot).collect();
        let why = format!("its record in {} was taken away: {}", system.name, self.reason);
        inbound.knowing(None).rederive(tx, &[entity], &why, &owned).await?;
        tx.unsettle(&[entity]).await?;
        Ok(of)
    }

    async fn account(&self, tx: &mut Tx) -> Result<Option<Text>, Error> {
        let names = self.opened.names.systems.get(self.system.id.index());
        let wanted: Text = name_key(self.system.names, &self.key).into();
        for account_type in names.map_or(&[][..], |names| &names.accounts) {
            let found = tx.accounts_by_name(account_type.no, std::slice::from_ref(&wanted)).await?;
            for account in found {
                let Some(entity) = account.entity else { continue };
                let key = account_key(&account.native_id, &account.name_key);
                self.decide(tx, Matched::Account, account_type.no, &key, entity).await?;
                let link = (account.id, None, AccountStatus::Orphan, 0);
                tx.link_accounts(&[link], self.ctx.now()).await?;
                tx.delete_match_cases(Matched::Account, account_type.no, &[key]).await?;
                tx.unsettle(&[entity]).await?;
                return Ok(Some(key_of(tx, entity).await?));
            }
        }
        Ok(None)
    }

    async fn decide(
        &self,
        tx: &mut Tx,
        subject: Matched,
        scope_no: Number,
        key: &Text,
        entity: EntityId,
    ) -> Result<(), Error> {
        tx.save_match_decision(&MatchDecision {
            subject,
            scope_no,
            key: key.clone(),
            entity,
            verdict: Verdict::Not,
            made_at: self.ctx.now(),
            made_by: self.ctx.actor.clone(),
            reason: self.reason.into(),
        })
        .await?;
        Ok(())
    }
}

async fn key_of(tx: &mut Tx, entity: EntityId) -> Result<Text, Error> {
    Ok(tx.entity(entity).await?.map_or_else(|| "?".into(), |entity| entity.key))
}
