//! Items of campaigns: what a reviewer is asked about, what they said and what came of it.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// What an item is about.
    ItemKind {
        /// A role that was assigned.
        Assigned = "assigned",
        /// A role that a rule or another role gives.
        Rule = "rule",
        /// An entitlement that no role grants.
        Extra = "extra",
        /// An entitlement that is held through another one.
        Nested = "nested",
        /// An account that belongs to nobody.
        Orphan = "orphan",
    }
}

words! {
    /// How far an item is.
    ItemState {
        /// Its reviewer is asked.
        Waiting = "waiting",
        /// It is decided.
        Decided = "decided",
        /// It was gone or changed before anybody decided.
        Over = "over",
    }
}

words! {
    /// What was decided about an item.
    ItemVerdict {
        /// Nothing yet.
        Open = "open",
        /// It stays.
        Keep = "keep",
        /// It goes.
        Revoke = "revoke",
        /// It ends earlier.
        Shorten = "shorten",
    }
}

words! {
    /// What came of a decision in the connected systems.
    ItemOutcome {
        /// Nothing has to come of it.
        None = "none",
        /// It has to be seen.
        Pending = "pending",
        /// The last read of the system shows that it is gone.
        Gone = "gone",
        /// It is there and something speaks against its end.
        Stays = "stays",
    }
}

/// What one reviewer is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewItem {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// Of which campaign.
    pub campaign: i64,
    /// Whose access; `None` for an account that belongs to nobody.
    pub entity: Option<EntityId>,
    /// The account that holds it.
    pub account: Option<AccountId>,
    /// What it is about.
    pub kind: ItemKind,
    /// The role, the entitlement as `system.kind:name`, or the account as `system.type:name`.
    pub thing: Text,
    /// What was seen when the campaign opened, as JSON.
    pub seen: Text,
    /// Who is asked.
    pub reviewer: EntityId,
    /// At which stage, from 0.
    pub stage: i64,
    /// How far it is.
    pub state: ItemState,
    /// Rises with every change.
    pub version: i64,
    /// What was decided.
    pub verdict: ItemVerdict,
    /// The earlier end.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Text,
    /// When it was decided, or found to be over.
    pub decided_at: Option<Timestamp>,
    /// Who decided; `None` for Muster itself.
    pub decided_by: Option<EntityId>,
    /// How long it took after the reviewer's decision before, in milliseconds; `None` when that is not known.
    pub millis: Option<i64>,
    /// What the decision did, as JSON.
    pub effect: Text,
    /// What came of it.
    pub outcome: ItemOutcome,
    /// When that was seen.
    pub outcome_at: Option<Timestamp>,
    /// Why it is still there.
    pub outcome_note: Text,
}

/// Something that was said about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewAnswer {
    /// About which one.
    pub item: i64,
    /// Its place, from 1; given by [`Tx::append_review_answers`].
    pub place: i64,
    /// When.
    pub at: Timestamp,
    /// Who said it, as the journal names them.
    pub actor: Text,
    /// Who said it; `None` for Muster itself.
    pub entity: Option<EntityId>,
    /// Whose delegate they were.
    pub in_place_of: Option<EntityId>,
    /// At which stage.
    pub stage: Text,
    /// What, in a word.
    pub what: Text,
    /// The earlier end.
    pub until: Option<Timestamp>,
    /// Why.
    pub note: Text,
}

/// How many items of a campaign are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemCount {
    /// How far they are.
    pub state: ItemState,
    /// What was decided.
    pub verdict: ItemVerdict,
    /// What came of it.
    pub outcome: ItemOutcome,
    /// How many.
    pub n: i64,
}

/// How much waits for a reviewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewerCount {
    /// Who.
    pub reviewer: EntityId,
    /// How many items.
    pub n: i64,
}

row!(ReviewItem {
    id,
    campaign,
    entity,
    account,
    kind,
    thing,
    seen,
    reviewer,
    stage,
    state,
    version,
    verdict,
    until,
    reason,
    decided_at,
    decided_by,
    millis,
    effect,
    outcome,
    outcome_at,
    outcome_note
});
row!(ReviewAnswer { item, place, at, actor, entity, in_place_of, stage, what, until, note });
row!(ItemCount { state, verdict, outcome, n });
row!(ReviewerCount { reviewer, n });

/// The columns of [`ReviewItem`], in its order.
macro_rules! select_item {
    ($rest:literal) => {
        concat!(
            "SELECT id, campaign, entity, account, kind, thing, seen, reviewer, stage, state, \
             version, verdict, until, reason, decided_at, decided_by, millis, effect, outcome, \
             outcome_at, outcome_note FROM review_item ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "review_item",
    "id",
    "campaign",
    "entity",
    "account",
    "kind",
    "thing",
    "seen",
    "reviewer",
    "stage",
    "state",
    "version",
    "verdict",
    "until",
    "reason",
    "decided_at",
    "decided_by",
    "millis",
    "effect",
    "outcome",
    "outcome_at",
    "outcome_note",
);

impl ReadTx {
    /// The item with this number.
    pub async fn review_item(&mut self, id: i64) -> Result<Option<ReviewItem>, StoreError> {
        self.fetch_one(select_item!("WHERE id = $1"), args![id]).await
    }

    /// The items of a campaign in order, at most `limit`, after a number; only in one state where that is said.
    pub async fn review_items(
        &mut self,
        campaign: i64,
        state: Option<ItemState>,
        after: i64,
        limit: usize,
    ) -> Result<Vec<ReviewItem>, StoreError> {
        let sql = select_item!(
            "WHERE campaign = $1 AND id > $2 AND ($3 = '' OR state = $3) ORDER BY id LIMIT $4"
        );
        self.fetch_all(sql, args![campaign, after, state.map_or("", ItemState::word), limit]).await
    }

    /// The items that somebody is asked about, in order, at most `limit`, after a number; of one campaign where that is
    /// said.
    pub async fn review_items_for(
        &mut self,
        (reviewer, state): (EntityId, ItemState),
        campaign: Option<i64>,
        after: i64,
        limit: usize,
    ) -> Result<Vec<ReviewItem>, StoreError> {
        let sql = select_item!(
            "WHERE reviewer = $1 AND state = $2 AND id > $3 AND ($4 = 0 OR campaign = $4) \
             ORDER BY id LIMIT $5"
        );
        self.fetch_all(sql, args![reviewer, state, after, campaign.unwrap_or(0), limit]).await
    }

    /// The items about an identity, the newest first, at most `limit`.
    pub async fn review_items_about(
        &mut self,
        entity: EntityId,
        limit: usize,
    ) -> Result<Vec<ReviewItem>, StoreError> {
        let sql = select_item!("WHERE entity = $1 ORDER BY id DESC LIMIT $2");
        self.fetch_all(sql, args![entity, limit]).await
    }

    /// The items of a review about these identities, in any campaign of it; the earlier first for each of them.
    pub async fn review_items_of(
        &mut self,
        review: &str,
        entities: &[EntityId],
    ) -> Result<Vec<ReviewItem>, StoreError> {
        let sql = select_item!(
            "WHERE entity = $1 AND campaign IN (SELECT id FROM campaign WHERE review = $2) \
             ORDER BY id"
        );
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity, review)).await
    }

    /// Items whose outcome has to be seen, in order, at most `limit`, after a number.
    pub async fn pending_review_items(
        &mut self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<ReviewItem>, StoreError> {
        let sql = select_item!("WHERE outcome = 'pending' AND id > $1 ORDER BY id LIMIT $2");
        self.fetch_all(sql, args![after, limit]).await
    }

    /// How many items of a campaign are alike.
    pub async fn count_review_items(
        &mut self,
        campaign: i64,
    ) -> Result<Vec<ItemCount>, StoreError> {
        let sql = "SELECT state, verdict, outcome, COUNT(*) FROM review_item WHERE campaign = $1
                   GROUP BY state, verdict, outcome ORDER BY state, verdict, outcome";
        self.fetch_all(sql, args![campaign]).await
    }

    /// How much of a campaign waits for whom, in order.
    pub async fn waiting_reviewers(
        &mut self,
        campaign: i64,
    ) -> Result<Vec<ReviewerCount>, StoreError> {
        let sql = "SELECT reviewer, COUNT(*) FROM review_item
                   WHERE campaign = $1 AND state = 'waiting' GROUP BY reviewer ORDER BY reviewer";
        self.fetch_all(sql, args![campaign]).await
    }

    /// How long each decision of a campaign took where that is known, in milliseconds, the shortest first.
    pub async fn review_millis(&mut self, campaign: i64) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT millis FROM review_item WHERE campaign = $1 AND millis IS NOT NULL
                   ORDER BY millis";
        self.fetch_all(sql, args![campaign]).await
    }

    /// How many items of a campaign people decided after an instant, and about how many they disagreed.
    pub async fn count_review_trouble(
        &mut self,
        campaign: i64,
        due: Timestamp,
    ) -> Result<(i64, i64), StoreError> {
        let late = "SELECT COUNT(*) FROM review_item
                    WHERE campaign = $1 AND decided_by IS NOT NULL AND decided_at > $2";
        let late: i64 = self.fetch_value(late, args![campaign, due]).await?;
        // Who takes a decision back disagrees with themselves, which is not meant.
        let disagreed = "SELECT COUNT(*) FROM review_item i WHERE i.campaign = $1 AND EXISTS (
                             SELECT 1 FROM review_answer a JOIN review_answer b ON b.item = a.item
                             WHERE a.item = i.id AND a.what = 'keep' AND b.what IN ('revoke', 'shorten')
                               AND a.entity <> b.entity)";
        let disagreed: i64 = self.fetch_value(disagreed, args![campaign]).await?;
        Ok((late, disagreed))
    }

    /// When somebody decided last in a campaign.
    pub async fn last_decision_of(
        &mut self,
        campaign: i64,
        entity: EntityId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT decided_at FROM review_item
                   WHERE campaign = $1 AND decided_by = $2
                   ORDER BY decided_at DESC LIMIT 1";
        self.fetch_one(sql, args![campaign, entity]).await
    }

    /// What was said about items, in the order of `items`.
    pub async fn review_answers_of(
        &mut self,
        items: &[i64],
    ) -> Result<Vec<ReviewAnswer>, StoreError> {
        let sql = "SELECT item, place, at, actor, entity, in_place_of, stage, what, until, note
                   FROM review_answer WHERE item = $1 ORDER BY place";
        self.fetch_all_of_each(sql, items, |item, args| bind!(args, *item)).await
    }

    /// What was said about an item, in order.
    pub async fn review_answers(&mut self, item: i64) -> Result<Vec<ReviewAnswer>, StoreError> {
        let sql = "SELECT item, place, at, actor, entity, in_place_of, stage, what, until, note
                   FROM review_answer WHERE item = $1 ORDER BY place";
        self.fetch_all(sql, args![item]).await
    }
}

impl Tx {
    /// Writes new items.
    pub async fn insert_review_items(&mut self, items: &[ReviewItem]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, items, |item, args| {
            let ReviewItem {
                id,
                campaign,
                entity,
                account,
                kind,
                thing,
                seen,
                reviewer,
                stage,
                state,
                version,
                verdict,
                until,
                reason,
                decided_at,
                decided_by,
                millis,
                effect,
                outcome,
                outcome_at,
                outcome_note,
            } = item;
            bind!(args, *id, *campaign, *entity, *account, *kind, thing, seen, *reviewer, *stage);
            bind!(args, *state, *version, *verdict, *until, reason, *decided_at, *decided_by);
            bind!(args, *millis, effect, *outcome, *outcome_at, outcome_note);
        })
        .await
    }

    /// Writes what changed about items that were read with their `version`. Returns those that somebody else changed since:
    /// of them nothing is written.
    pub async fn change_review_items(
        &mut self,
        items: &[ReviewItem],
    ) -> Result<Vec<i64>, StoreError> {
        let sql = "UPDATE review_item SET reviewer = $3, stage = $4, state = $5,
                       version = version + 1, verdict = $6, until = $7, reason = $8,
                       decided_at = $9, decided_by = $10, millis = $11, effect = $12,
                       outcome = $13, outcome_at = $14, outcome_note = $15
                   WHERE id = $1 AND version = $2";
        let changed = self
            .execute_each(sql, items, |item, args| {
                bind!(args, item.id, item.version, item.reviewer, item.stage, item.state);
                bind!(args, item.verdict, item.until, &item.reason, item.decided_at);
                bind!(args, item.decided_by, item.millis, &item.effect, item.outcome);
                bind!(args, item.outcome_at, &item.outcome_note);
            })
            .await?;
        Ok(items.iter().zip(changed).filter(|(_, n)| *n == 0).map(|(item, _)| item.id).collect())
    }

    /// Writes what was seen of an item that waits again.
    pub async fn see_review_item(&mut self, id: i64, seen: &str) -> Result<(), StoreError> {
        let sql = "UPDATE review_item SET seen = $2 WHERE id = $1";
        self.execute(sql, args![id, seen]).await.map(drop)
    }

    /// Adds to what was said about items, in this order.
    pub async fn append_review_answers(
        &mut self,
        answers: &[ReviewAnswer],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO review_answer (item, place, at, actor, entity, in_place_of, stage,
                                              what, until, note)
                   VALUES ($1, 1 + COALESCE((SELECT MAX(a.place) FROM review_answer a
                                             WHERE a.item = $1), 0),
                           $2, $3, $4, $5, $6, $7, $8, $9)";
        let appended = self.execute_each(sql, answers, |answer, args| {
            let ReviewAnswer {
                item,
                place: _,
                at,
                actor,
                entity,
                in_place_of,
                stage,
                what,
                until,
                note,
            } = answer;
            bind!(args, *item, *at, actor, *entity, *in_place_of, stage, what, *until, note);
        });
        appended.await.map(drop)
    }
}
