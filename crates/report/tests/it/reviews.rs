//! How campaigns went.

use muster_report::Question;
use muster_review::{
    Decision, ItemAnswer, ItemQuery, NewCampaign, WhoseItems, decide_items, list_items,
    open_campaign,
};

use crate::support::{Company, on_both};

on_both! {
    async fn a_campaign_is_counted_by_what_was_decided(company) {
        for who in ["ada", "ben", "cleo"] {
            company.give(who, "create-payment").await;
        }
        company.give("mia", "auditor").await;
        let (ctx, opened) = (&company.ctx, &company.opened);
        let new = NewCampaign { review: "pay", title: Some("Q4"), cause: "hand", only: None };
        let campaign = open_campaign(ctx, opened, &new).await.unwrap();
        let mia = company.id("mia").await;
        let query = ItemQuery { whose: WhoseItems::Of(mia), campaign: None, state: None, after: 0, limit: 10 };
        let items = list_items(ctx, opened, &query).await.unwrap().items;
        assert_eq!(items.len(), 3);
        let said = |answer| Decision { answer, reason: "a reason".into(), mark: None, confirm: None };
        decide_items(ctx, opened, mia, &[items[0].id], &said(ItemAnswer::Keep)).await.unwrap();
        company.pass(8);
        decide_items(ctx, opened, mia, &[items[1].id], &said(ItemAnswer::Revoke)).await.unwrap();
        let rows = company.rows("reviews", &Question::default()).await;
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!(row[0], format!("Q4 ({})", campaign.id));
        assert_eq!(row[6..15], ["3", "0", "2", "66", "1", "1", "0", "0", "1"]);
        // One of two decisions came after the date; what waits makes the campaign late.
        assert_eq!(row[15..17], ["yes", "1"]);
        assert_eq!(row[20], "0");
        let later = Question { since: Some(company.now()), ..Question::default() };
        assert!(company.rows("reviews", &later).await.is_empty());
    }
}
