//! Campaigns: items, who is asked, what was said, what is due.

use muster_model::EntityId;
use muster_store::{
    Campaign, CampaignAside, CampaignState, CampaignStep, ItemKind, ItemOutcome, ItemState,
    ItemVerdict, ReadTx, ReviewAnswer, ReviewEvent, ReviewItem, StoreError, Tx,
};

use crate::support::*;

const ADA: EntityId = EntityId(1);
const BOB: EntityId = EntityId(2);

fn campaign(id: i64) -> Campaign {
    Campaign {
        id,
        review: text("ledger"),
        title: text("Ledger Q4"),
        cause: text("hand"),
        entity: None,
        terms: text("{}"),
        state: CampaignState::Open,
        version: 1,
        n_items: 2,
        opened_at: at(0),
        opened_by: text("ada"),
        due_at: at(900),
        next_at: Some(at(10 * id)),
        next_step: CampaignStep::Remind,
        closed_at: None,
    }
}

/// Ada is asked about something that Bob has.
fn item(id: i64) -> ReviewItem {
    ReviewItem {
        id,
        campaign: 1,
        entity: Some(BOB),
        account: None,
        kind: ItemKind::Assigned,
        thing: text("sales"),
        seen: text("{\"why\":\"a project\"}"),
        reviewer: ADA,
        stage: 0,
        state: ItemState::Waiting,
        version: 1,
        verdict: ItemVerdict::Open,
        until: None,
        reason: text(""),
        decided_at: None,
        decided_by: None,
        millis: None,
        effect: text("{}"),
        outcome: ItemOutcome::None,
        outcome_at: None,
        outcome_note: text(""),
    }
}

fn revoked(item: ReviewItem) -> ReviewItem {
    ReviewItem {
        state: ItemState::Decided,
        verdict: ItemVerdict::Revoke,
        reason: text("has left the team"),
        decided_at: Some(at(20)),
        decided_by: Some(ADA),
        millis: Some(11_000),
        outcome: ItemOutcome::Pending,
        ..item
    }
}

fn answer(item: i64, what: &str) -> ReviewAnswer {
    ReviewAnswer {
        item,
        place: 0,
        at: at(20),
        actor: text("ada"),
        entity: Some(ADA),
        in_place_of: None,
        stage: text("manager"),
        what: text(what),
        until: None,
        note: text("because"),
    }
}

fn event(id: i64) -> ReviewEvent {
    ReviewEvent {
        id,
        review: text("ledger"),
        cause: text("moved"),
        entity: BOB,
        account: None,
        thing: text(""),
        note: text("department changed"),
        at: at(id),
    }
}

pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    let aside = CampaignAside { campaign: 1, cause: text("by_rule"), n: 38 };
    tx.insert_campaign(&campaign(1), &[aside]).await?;
    tx.change_campaign(&campaign(1)).await?;
    tx.insert_review_items(&[item(1)]).await?;
    tx.change_review_items(&[item(1)]).await?;
    tx.see_review_item(1, "{}").await?;
    tx.append_review_answers(&[answer(1, "keep")]).await?;
    tx.insert_review_events(&[event(1)]).await?;
    tx.delete_review_events(&[1]).await?;
    tx.watch_review("ledger", "at", at(1)).await
}

pub(crate) async fn read_tour(tx: &mut ReadTx) -> Result<(), StoreError> {
    tx.campaign(1).await?;
    tx.campaigns(true, None, 9).await?;
    tx.campaigns_of("ledger", 9).await?;
    tx.due_campaigns(at(1), 9).await?;
    tx.campaign_aside(1).await?;
    tx.review_watched("ledger", "at").await?;
    tx.review_item(1).await?;
    tx.review_items(1, None, 0, 9).await?;
    tx.review_items_for((ADA, ItemState::Waiting), None, 0, 9).await?;
    tx.review_items_about(BOB, 9).await?;
    tx.review_items_of("ledger", &[BOB]).await?;
    tx.review_events(("ledger", "moved"), at(9), 9).await?;
    tx.review_events_about(BOB).await?;
    tx.accounts_used_between(at(1), at(2), 9).await?;
    tx.pending_review_items(0, 9).await?;
    tx.count_review_items(1).await?;
    tx.waiting_reviewers(1).await?;
    tx.review_millis(1).await?;
    tx.count_review_trouble(1, at(1)).await?;
    tx.last_decision_of(1, ADA).await?;
    tx.review_answers_of(&[1]).await?;
    tx.review_answers(1).await.map(drop)
}

fn ids(items: &[ReviewItem]) -> Vec<i64> {
    items.iter().map(|item| item.id).collect()
}

on_both! {
    async fn an_item_is_changed_by_whoever_saw_its_last_version(store) {
        write_to!(store, |tx| tx.insert_review_items(&[item(1)]));
        let seen = read_from!(store, |tx| tx.review_item(1)).unwrap();
        assert_eq!(seen, item(1));
        let other = revoked(item(2));
        write_to!(store, |tx| tx.insert_review_items(&[item(2)]));
        let both = [revoked(seen.clone()), other];
        assert_eq!(write_to!(store, |tx| tx.change_review_items(&both[..1])), [0_i64; 0]);
        assert_eq!(write_to!(store, |tx| tx.change_review_items(&both)), [1]);
        let now = read_from!(store, |tx| tx.review_item(1)).unwrap();
        assert_eq!(now, ReviewItem { version: 2, ..revoked(item(1)) });
    }

    async fn items_are_found_by_campaign_reviewer_and_person_and_counted(store) {
        let other = ReviewItem { campaign: 2, ..item(3) };
        let all = [item(1), revoked(item(2)), other, ReviewItem { reviewer: BOB, ..item(4) }];
        write_to!(store, |tx| tx.insert_review_items(&all));
        assert_eq!(ids(&read_from!(store, |tx| tx.review_items(1, None, 1, 9))), [2, 4]);
        let waiting = Some(ItemState::Waiting);
        assert_eq!(ids(&read_from!(store, |tx| tx.review_items(1, waiting, 0, 9))), [1, 4]);
        let mine = (ADA, ItemState::Waiting);
        assert_eq!(ids(&read_from!(store, |tx| tx.review_items_for(mine, None, 0, 9))), [1, 3]);
        assert_eq!(ids(&read_from!(store, |tx| tx.review_items_for(mine, Some(1), 0, 9))), [1]);
        assert_eq!(ids(&read_from!(store, |tx| tx.review_items_about(BOB, 2))), [4, 3]);
        assert_eq!(ids(&read_from!(store, |tx| tx.pending_review_items(0, 9))), [2]);
        let counts = read_from!(store, |tx| tx.count_review_items(1));
        let shown: Vec<_> = counts.iter().map(|c| (c.state, c.verdict, c.n)).collect();
        assert_eq!(shown, [
            (ItemState::Decided, ItemVerdict::Revoke, 1),
            (ItemState::Waiting, ItemVerdict::Open, 2),
        ]);
        let waits = read_from!(store, |tx| tx.waiting_reviewers(1));
        assert_eq!(waits.iter().map(|c| (c.reviewer, c.n)).collect::<Vec<_>>(), [(ADA, 1), (BOB, 1)]);
        assert_eq!(read_from!(store, |tx| tx.review_millis(1)), [11_000]);
        assert_eq!(read_from!(store, |tx| tx.last_decision_of(1, ADA)), Some(at(20)));
        assert_eq!(read_from!(store, |tx| tx.last_decision_of(1, BOB)), None);
    }

    async fn what_was_said_about_an_item_keeps_its_order(store) {
        write_to!(store, |tx| tx.append_review_answers(&[answer(1, "revoke")]));
        let more = [answer(1, "undo"), answer(2, "keep"), answer(1, "keep")];
        write_to!(store, |tx| tx.append_review_answers(&more));
        let said = read_from!(store, |tx| tx.review_answers(1));
        let said: Vec<_> = said.iter().map(|answer| (answer.place, &*answer.what)).collect();
        assert_eq!(said, [(1, "revoke"), (2, "undo"), (3, "keep")]);
    }

    async fn campaigns_are_found_while_they_are_open_and_when_they_are_due(store) {
        let closed = Campaign { state: CampaignState::Closed, next_at: None, ..campaign(2) };
        let aside = CampaignAside { campaign: 1, cause: text("by_rule"), n: 38 };
        write_to!(store, |tx| tx.insert_campaign(&campaign(1), std::slice::from_ref(&aside)));
        write_to!(store, |tx| tx.insert_campaign(&closed, &[]));
        let ids = |all: &[Campaign]| all.iter().map(|one| one.id).collect::<Vec<_>>();
        assert_eq!(ids(&read_from!(store, |tx| tx.campaigns(true, None, 9))), [2, 1]);
        assert_eq!(ids(&read_from!(store, |tx| tx.campaigns(false, None, 9))), [1]);
        assert_eq!(ids(&read_from!(store, |tx| tx.campaigns_of("ledger", 1))), [2]);
        assert_eq!(read_from!(store, |tx| tx.due_campaigns(at(9), 9)), []);
        assert_eq!(ids(&read_from!(store, |tx| tx.due_campaigns(at(10), 9))), [1]);
        assert_eq!(read_from!(store, |tx| tx.campaign_aside(1)), [aside]);
        let held = Campaign { state: CampaignState::Held, ..campaign(1) };
        assert!(write_to!(store, |tx| tx.change_campaign(&held)));
        assert!(!write_to!(store, |tx| tx.change_campaign(&held)));
    }

    async fn what_happened_is_found_in_order_until_it_was_looked_at(store) {
        let other = ReviewEvent { cause: text("outside"), ..event(2) };
        write_to!(store, |tx| tx.insert_review_events(&[event(1), other, event(3)]));
        let moved = ("ledger", "moved");
        let found = read_from!(store, |tx| tx.review_events(moved, at(9), 9));
        assert_eq!(found, [event(1), event(3)]);
        assert_eq!(read_from!(store, |tx| tx.review_events(moved, at(9), 1)), [event(1)]);
        assert_eq!(read_from!(store, |tx| tx.review_events(moved, at(2), 9)), [event(1)]);
        assert_eq!(read_from!(store, |tx| tx.review_events(("other", "moved"), at(9), 9)), []);
        let about = read_from!(store, |tx| tx.review_events_about(BOB));
        assert_eq!(about.iter().map(|of| of.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(write_to!(store, |tx| tx.delete_review_events(&[1, 3])));
        assert!(!write_to!(store, |tx| tx.delete_review_events(&[3])), "another was faster");
    }

    async fn items_of_a_review_are_found_by_whom_they_are_about(store) {
        let of_other = Campaign { review: text("other"), ..campaign(2) };
        write_to!(store, |tx| tx.insert_campaign(&campaign(1), &[]));
        write_to!(store, |tx| tx.insert_campaign(&of_other, &[]));
        let about = |id, campaign| ReviewItem { campaign, entity: Some(BOB), ..item(id) };
        write_to!(store, |tx| tx.insert_review_items(&[about(1, 1), about(2, 2), about(3, 1)]));
        assert_eq!(ids(&read_from!(store, |tx| tx.review_items_of("ledger", &[ADA, BOB]))), [1, 3]);
    }

    async fn it_is_remembered_until_when_it_was_looked(store) {
        assert_eq!(read_from!(store, |tx| tx.review_watched("ledger", "at")), None);
        for seconds in [5, 7] {
            write_to!(store, |tx| tx.watch_review("ledger", "at", at(seconds)));
        }
        assert_eq!(read_from!(store, |tx| tx.review_watched("ledger", "at")), Some(at(7)));
    }

    async fn what_was_seen_of_an_erased_person_is_gone(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(2, "E2")]));
        write_to!(store, |tx| tx.insert_review_items(&[item(1)]));
        write_to!(store, |tx| tx.erase_entity(BOB, "erased-2", &[]));
        assert_eq!(&*read_from!(store, |tx| tx.review_item(1)).unwrap().seen, "{}");
    }
}
