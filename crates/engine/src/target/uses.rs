//! Notes when accounts were last used, where a read tells. Later values only: what is told twice is told once.
//!
//! Nobody is looked at again for it: a later use only puts off what is due. An account that is disabled is the exception, as
//! its use may be told only after it was disabled for lack of it.

use jiff::Timestamp;
use muster_app::{AccountNames, Error};
use muster_model::{AccountId, EntityId, Text};
use muster_store::AccountMark;
use rustc_hash::FxHashMap;

use super::{BATCH, Target, seen::Seen};

/// When an account was last used, as a read told it.
pub(super) struct Used {
    native_id: Text,
    name_key: Text,
    is_disabled: bool,
    at: Timestamp,
}

/// What a read told of the use of accounts, each with what is told of it; to the microsecond, as it is kept.
pub(super) fn uses(observed: &[Seen], told: &[Option<Timestamp>]) -> Vec<Used> {
    let told = observed.iter().zip(told);
    told.filter_map(|(seen, at)| {
        Some(Used {
            native_id: seen.native_id.clone(),
            name_key: seen.name_key.clone(),
            is_disabled: seen.enabled == Some(false),
            at: Timestamp::from_microsecond((*at)?.as_microsecond()).ok()?,
        })
    })
    .collect()
}

impl Target<'_> {
    /// Writes the uses that are later than what is known.
    pub(super) async fn note_uses(
        &self,
        names: &AccountNames,
        uses: Vec<Used>,
    ) -> Result<(), Error> {
        if uses.is_empty() {
            return Ok(());
        }
        let known = self.known_uses().await?;
        let marks = self.marks(names).await?;
        let by_id: FxHashMap<&Text, &AccountMark> =
            marks.iter().filter(|m| !m.native_id.is_empty()).map(|m| (&m.native_id, m)).collect();
        let by_name: FxHashMap<&Text, &AccountMark> =
            marks.iter().map(|mark| (&mark.name_key, mark)).collect();
        let mut later: Vec<(AccountId, Timestamp)> = Vec::new();
        let mut first: Vec<(EntityId, AccountId, Timestamp)> = Vec::new();
        let mut again: Vec<EntityId> = Vec::new();
        for used in &uses {
            let mark = by_id.get(&used.native_id).or_else(|| by_name.get(&used.name_key));
            let Some(mark) = mark.filter(|m| known.get(&m.id).is_none_or(|at| *at < used.at))
            else {
                continue;
            };
            later.push((mark.id, used.at));
            let is_first = !known.contains_key(&mark.id);
            first.extend(mark.entity.filter(|_| is_first).map(|of| (of, mark.id, used.at)));
            again.extend(mark.entity.filter(|_| used.is_disabled));
        }
        if !first.is_empty() {
            let mut tx = self.opened.store.begin().await?;
            muster_review::note_dormant(&mut tx, self.opened, &first, self.ctx.now()).await?;
            tx.commit().await?;
        }
        for chunk in later.chunks(BATCH) {
            let mut tx = self.opened.store.begin().await?;
            tx.note_account_uses(chunk).await?;
            tx.commit().await?;
        }
        if !again.is_empty() {
            let mut tx = self.opened.store.begin().await?;
            tx.unsettle(&again).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn known_uses(&self) -> Result<FxHashMap<AccountId, Timestamp>, Error> {
        let mut tx = self.opened.store.read().await?;
        let mut known = FxHashMap::default();
        let mut after = None;
        loop {
            let page = tx.account_uses(after, BATCH).await?;
            let Some((last, _)) = page.last() else { return Ok(known) };
            after = Some(*last);
            known.extend(page);
        }
    }
}
