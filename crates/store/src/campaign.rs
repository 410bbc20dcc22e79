//! Campaigns: openings of access reviews, what they set aside, mails about them.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// How far a campaign is.
    CampaignState {
        /// Reviewers are asked.
        Open = "open",
        /// What silence would revoke waits for an administrator.
        Held = "held",
        /// Everything is decided.
        Closed = "closed",
    }
}

words! {
    /// What is due next for a campaign.
    CampaignStep {
        /// Those who have not answered are reminded.
        Remind = "remind",
        /// What nobody answered is settled.
        Settle = "settle",
        /// What nobody answered is being kept, part by part.
        Keep = "keep",
        /// What nobody answered is being revoked, part by part.
        Revoke = "revoke",
    }
}

/// One opening of an access review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// The review of the model.
    pub review: Text,
    /// What it is called.
    pub title: Text,
    /// Why it was opened: `hand`, `date`, `moved`, `outside`, `dormant`, `request`.
    pub cause: Text,
    /// The one identity that it is about.
    pub entity: Option<EntityId>,
    /// The definition as it was, as JSON.
    pub terms: Text,
    /// How far it is.
    pub state: CampaignState,
    /// Rises with every change.
    pub version: i64,
    /// How many items it has.
    pub n_items: i64,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By whom, as the journal names them.
    pub opened_by: Text,
    /// Until when it waits for answers.
    pub due_at: Timestamp,
    /// When something is due.
    pub next_at: Option<Timestamp>,
    /// What is due then.
    pub next_step: CampaignStep,
    /// When it was over.
    pub closed_at: Option<Timestamp>,
}

/// How much a campaign asks nobody about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignAside {
    /// Which campaign.
    pub campaign: i64,
    /// Why.
    pub cause: Text,
    /// How much.
    pub n: i64,
}

row!(Campaign {
    id,
    review,
    title,
    cause,
    entity,
    terms,
    state,
    version,
    n_items,
    opened_at,
    opened_by,
    due_at,
    next_at,
    next_step,
    closed_at
});
row!(CampaignAside { campaign, cause, n });

/// The columns of [`Campaign`], in its order.
macro_rules! select_campaign {
    ($rest:literal) => {
        concat!(
            "SELECT id, review, title, cause, entity, terms, state, version, n_items, opened_at, \
             opened_by, due_at, next_at, next_step, closed_at FROM campaign ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "campaign",
    "id",
    "review",
    "title",
    "cause",
    "entity",
    "terms",
    "state",
    "version",
    "n_items",
    "opened_at",
    "opened_by",
    "due_at",
    "next_at",
    "next_step",
    "closed_at",
);

const INSERT_ASIDE: Insert = insert_into!("campaign_aside", "campaign", "cause", "n");

impl ReadTx {
    /// The campaign with this number.
    pub async fn campaign(&mut self, id: i64) -> Result<Option<Campaign>, StoreError> {
        self.fetch_one(select_campaign!("WHERE id = $1"), args![id]).await
    }

    /// Campaigns, the newest first, at most `limit`, before a number; only those that are not over unless `closed` too.
    pub async fn campaigns(
        &mut self,
        closed: bool,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        let sql = select_campaign!(
            "WHERE id < $1 AND ($2 OR state <> 'closed') ORDER BY id DESC LIMIT $3"
        );
        self.fetch_all(sql, args![before.unwrap_or(i64::MAX), closed, limit]).await
    }

    /// The campaigns of a review, the newest first, at most `limit`.
    pub async fn campaigns_of(
        &mut self,
        review: &str,
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        let sql = select_campaign!("WHERE review = $1 ORDER BY id DESC LIMIT $2");
        self.fetch_all(sql, args![review, limit]).await
    }

    /// Campaigns for which something is due at `now`, the one that waits longest first.
    pub async fn due_campaigns(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        let sql = select_campaign!("WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2");
        self.fetch_all(sql, args![now, limit]).await
    }

    /// What a campaign asks nobody about, by cause.
    pub async fn campaign_aside(
        &mut self,
        campaign: i64,
    ) -> Result<Vec<CampaignAside>, StoreError> {
        let sql =
            "SELECT campaign, cause, n FROM campaign_aside WHERE campaign = $1 ORDER BY cause";
        self.fetch_all(sql, args![campaign]).await
    }

    /// Until when it was looked whether a review has to open for this cause.
    pub async fn review_watched(
        &mut self,
        review: &str,
        what: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM review_watch WHERE review = $1 AND what = $2";
        self.fetch_one(sql, args![review, what]).await
    }
}

impl Tx {
    /// Writes a new campaign and what it asks nobody about.
    pub async fn insert_campaign(
        &mut self,
        campaign: &Campaign,
        aside: &[CampaignAside],
    ) -> Result<(), StoreError> {
        self.insert_many(&INSERT, std::slice::from_ref(campaign), |campaign, args| {
            let Campaign {
                id,
                review,
                title,
                cause,
                entity,
                terms,
                state,
                version,
                n_items,
                opened_at,
                opened_by,
                due_at,
                next_at,
                next_step,
                closed_at,
            } = campaign;
            bind!(args, *id, review, title, cause, *entity, terms, *state, *version, *n_items);
            bind!(args, *opened_at, opened_by, *due_at, *next_at, *next_step, *closed_at);
        })
        .await?;
        self.insert_many(&INSERT_ASIDE, aside, |aside, args| {
            let CampaignAside { campaign, cause, n } = aside;
            bind!(args, *campaign, cause, *n);
        })
        .await
    }

    /// Writes how far a campaign is that was read with `campaign.version`. False, and nothing is written, when somebody
    /// else changed it since.
    pub async fn change_campaign(&mut self, campaign: &Campaign) -> Result<bool, StoreError> {
        let sql =
            "UPDATE campaign SET state = $3, version = version + 1, due_at = $4, next_at = $5,
                       next_step = $6, closed_at = $7
                   WHERE id = $1 AND version = $2";
        let args = args![
            campaign.id,
            campaign.version,
            campaign.state,
            campaign.due_at,
            campaign.next_at,
            campaign.next_step,
            campaign.closed_at,
        ];
        Ok(self.execute(sql, args).await? > 0)
    }

    /// Notes until when it was looked whether a review has to open for this cause.
    pub async fn watch_review(
        &mut self,
        review: &str,
        what: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO review_watch (review, what, at) VALUES ($1, $2, $3)
                   ON CONFLICT (review, what) DO UPDATE SET at = excluded.at";
        self.execute(sql, args![review, what, at]).await.map(drop)
    }
}
