//! What those are told who are asked about a campaign. Nothing in it decides.

use async_trait::async_trait;
use muster_app::{Ctx, Error, Opened};
use muster_governance::{Facts, Teller, facts, one_line, page};
use muster_store::{CampaignState, ItemState, Notice, NoticeKind};

/// Items that are counted.
const COUNTED: usize = 1000;

/// Tells of access reviews.
#[derive(Debug)]
pub struct ReviewTeller;

#[async_trait]
impl Teller for ReviewTeller {
    fn kind(&self) -> NoticeKind {
        NoticeKind::Review
    }

    async fn facts(
        &self,
        _: &Ctx,
        opened: &Opened,
        notice: &Notice,
        _: bool,
    ) -> Result<Option<Facts>, Error> {
        let mut tx = opened.store.read().await?;
        let Some(campaign) = tx.campaign(notice.about).await? else { return Ok(None) };
        let waiting = if notice.channel.is_empty() {
            let mine = (notice.addressee, ItemState::Waiting);
            tx.review_items_for(mine, Some(campaign.id), 0, COUNTED).await?.len()
        } else {
            tx.review_items(campaign.id, Some(ItemState::Waiting), 0, COUNTED).await?.len()
        };
        if campaign.state == CampaignState::Closed || waiting == 0 {
            return Ok(None);
        }
        let waiting = if waiting == COUNTED { format!("{waiting}+") } else { waiting.to_string() };
        Ok(Some(facts([
            ("what", notice.what.as_ref().into()),
            ("page", page(opened, &format!("/reviews?campaign={}", campaign.id))),
            ("command", format!("muster reviews items --campaign {}", campaign.id).into()),
            ("number", campaign.id.into()),
            ("title", one_line(&campaign.title).into()),
            ("waiting", waiting.into()),
            ("due", campaign.due_at.to_string().into()),
        ])))
    }
}
