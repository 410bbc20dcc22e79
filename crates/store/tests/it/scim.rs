//! What SCIM clients say of entities, and pages of what is there.

use muster_model::EntityId;
use muster_store::{
    Direction, Entity, ExternalId, FirstRecorded, Job, ScimBulk, ScimBulkResult, ScimResource,
    StoreError, Tx, UniqueValue,
};

use crate::support::*;

/// Calls every function once, for the query plans.
pub(crate) async fn tour(tx: &mut Tx) -> Result<(), StoreError> {
    let ids = [EntityId(1)];
    tx.save_scim_resources(&[(resource(1), vec![text("a@b.example")])]).await?;
    tx.entities_with_scim_mail("a@b.example", 9).await?;
    tx.scim_resources_without_mails(9).await?;
    tx.note_scim_mails(&[(EntityId(1), vec![text("c@d.example")])]).await?;
    tx.save_external_ids(&[external_id("entra", 1, "x")]).await?;
    tx.scim_resources(&ids).await?;
    tx.external_ids_of("entra", &ids).await?;
    tx.entities_with_external_id("entra", 1, "x", 9).await?;
    tx.delete_external_ids("entra", &ids).await?;
    tx.forget_scim_resource(EntityId(1)).await?;
    bulks(tx).await?;
    tx.present_entities(1, None, 1, 9).await?;
    tx.count_present_entities(1).await?;
    for direction in [Direction::Rising, Direction::Falling] {
        tx.present_in_key_order(1, direction, 1, 9).await?;
        tx.present_in_value_order((1, 2), direction, 1, 9).await?;
    }
    tx.count_present_with_value((1, 2)).await?;
    tx.first_recorded(&ids).await.map(drop)
}

async fn bulks(tx: &mut Tx) -> Result<(), StoreError> {
    tx.insert_scim_bulk(&bulk(1, 3)).await?;
    tx.oldest_scim_bulk().await?;
    tx.scim_bulk(1).await?;
    tx.waiting_in_scim_bulks(1).await?;
    tx.insert_scim_bulk_results(&[result(1, 0)]).await?;
    tx.close_scim_bulk_result(&result(1, 0)).await?;
    tx.count_scim_bulk_results(1).await?;
    tx.scim_bulk_result(1, 0).await?;
    tx.scim_bulk_results(1, 0, 9).await?;
    tx.adopt_scim_bulks("p").await?;
    tx.forget_scim_bulk_results("scim.bulk", at(9), 9).await?;
    tx.forget_scim_bulk(1).await
}

fn resource(entity: i64) -> ScimResource {
    ScimResource {
        entity: EntityId(entity),
        body: text(r#"{"nickName":"Ada"}"#),
        changes: 1,
        changed_at: at(1),
    }
}

fn external_id(client: &str, entity: i64, id: &str) -> ExternalId {
    ExternalId { entity: EntityId(entity), client: text(client), type_no: 1, external_id: text(id) }
}

fn bulk(id: i64, n_operations: i64) -> ScimBulk {
    let (base, request) = (text("https://muster.example/scim/v2"), b"{}".to_vec());
    ScimBulk { job: id, client: 1, base, on_behalf_of: Some(text("ada")), n_operations, request }
}

fn result(job: i64, place: i64) -> ScimBulkResult {
    ScimBulkResult { job, place, body: text(r#"{"status":"201"}"#), cut: None }
}

on_both! {
    async fn what_is_kept_of_a_resource_goes_with_its_entity(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1")]));
        write_to!(store, |tx| tx.save_scim_resources(&[(resource(1), Vec::new())]));
        let again = ScimResource { changes: 2, changed_at: at(2), ..resource(1) };
        let mails = vec![text("a@b.example"), text("c@d.example")];
        write_to!(store, |tx| tx.save_scim_resources(&[(again.clone(), mails)]));
        let holders = async |mail| read_from!(store, |tx| tx.entities_with_scim_mail(mail, 9));
        assert_eq!(holders("c@d.example").await, [EntityId(1)]);
        assert_eq!(holders("nobody@d.example").await, []);
        let ids = [EntityId(2), EntityId(1)];
        assert_eq!(read_from!(store, |tx| tx.scim_resources(&ids)), [again]);
        write_to!(store, |tx| tx.remove_entity(EntityId(1)));
        assert_eq!(read_from!(store, |tx| tx.scim_resources(&ids)), []);
        assert_eq!(holders("c@d.example").await, []);
    }

    async fn two_clients_may_call_two_entities_the_same(store) {
        let (one, two) = (external_id("entra", 1, "x"), external_id("okta", 2, "x"));
        write_to!(store, |tx| tx.save_external_ids(&[one.clone(), two]));
        let found = async |client| {
            read_from!(store, |tx| tx.entities_with_external_id(client, 1, "x", 9))
        };
        assert_eq!(found("entra").await, [EntityId(1)]);
        assert_eq!(found("okta").await, [EntityId(2)]);
        assert_eq!(read_from!(store, |tx| tx.external_ids_of("entra", &[EntityId(1)])), [one]);
        write_to!(store, |tx| tx.delete_external_ids("entra", &[EntityId(1)]));
        assert_eq!(found("entra").await, []);
    }

    async fn pages_hold_what_is_there(store) {
        let gone = Entity { absent_since: Some(at(5)), ..person(2, "E2") };
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), gone, person(3, "E3")]));
        let page = read_from!(store, |tx| tx.present_entities(1, None, 1, 9));
        assert_eq!(page.iter().map(|entity| entity.id.0).collect::<Vec<_>>(), [3]);
        assert_eq!(read_from!(store, |tx| tx.count_present_entities(1)), 2);
        write_to!(store, |tx| tx.update_entities(&[person(1, "E1")]));
        let first = read_from!(store, |tx| tx.first_recorded(&[EntityId(1), EntityId(3)]));
        assert_eq!(first, [FirstRecorded { entity: EntityId(1), at: person(1, "E1").recorded_at }]);
    }
    async fn entities_come_in_the_order_of_their_keys_and_of_unique_values(store) {
        let gone = Entity { absent_since: Some(at(5)), ..person(3, "E2") };
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E3"), person(2, "E1"), gone]));
        let value = |entity: i64, key: &str| UniqueValue {
            type_no: 1, attribute_no: 2, value_key: text(key), entity: EntityId(entity),
        };
        let values = [value(1, "ada"), value(2, "bob"), value(3, "abel")];
        write_to!(store, |tx| tx.take_unique_values(&values));
        let (rising, falling) = (Direction::Rising, Direction::Falling);
        let ids = |ids: [i64; 2]| ids.map(EntityId);
        assert_eq!(read_from!(store, |tx| tx.present_in_key_order(1, rising, 0, 9)), ids([2, 1]));
        assert_eq!(read_from!(store, |tx| tx.present_in_key_order(1, falling, 0, 9)), ids([1, 2]));
        let order = async |direction, skip| {
            read_from!(store, |tx| tx.present_in_value_order((1, 2), direction, skip, 9))
        };
        assert_eq!(order(rising, 0).await, ids([1, 2]));
        assert_eq!(order(falling, 0).await, ids([2, 1]));
        assert_eq!(order(rising, 1).await, [EntityId(2)]);
        assert_eq!(read_from!(store, |tx| tx.count_present_with_value((1, 2))), 2);
    }

    async fn a_bulk_request_waits_until_it_is_done_and_its_results_stay(store) {
        write_to!(store, |tx| tx.insert_job(&job(7)));
        write_to!(store, |tx| tx.insert_scim_bulk(&bulk(7, 3)));
        write_to!(store, |tx| tx.insert_scim_bulk(&bulk(8, 4)));
        assert_eq!(read_from!(store, |tx| tx.oldest_scim_bulk()), Some(7));
        assert_eq!(read_from!(store, |tx| tx.scim_bulk(7)), Some(bulk(7, 3)));
        assert_eq!(read_from!(store, |tx| tx.waiting_in_scim_bulks(1)), 7);
        assert_eq!(read_from!(store, |tx| tx.waiting_in_scim_bulks(2)), 0);
        write_to!(store, |tx| tx.adopt_scim_bulks("second"));
        assert_eq!(read_from!(store, |tx| tx.job(7)).unwrap().process, text("second"));
        let all = [result(7, 0), result(7, 1), result(7, 2)];
        write_to!(store, |tx| tx.insert_scim_bulk_results(&all));
        write_to!(store, |tx| tx.forget_scim_bulk(7));
        assert_eq!(read_from!(store, |tx| tx.oldest_scim_bulk()), Some(8));
        assert_eq!(read_from!(store, |tx| tx.count_scim_bulk_results(7)), 3);
        assert_eq!(read_from!(store, |tx| tx.scim_bulk_results(7, 1, 1)), all[1..2]);
    }

    async fn results_are_forgotten_with_their_jobs_when_their_time_is_over(store) {
        for (id, ended_at) in [(7, Some(at(5))), (8, Some(at(20))), (9, None)] {
            let job = Job { kind: text("scim.bulk"), ended_at, ..job(id) };
            write_to!(store, |tx| tx.insert_job(&job));
            write_to!(store, |tx| tx.insert_scim_bulk_results(&[result(id, 0)]));
        }
        let forget = async || {
            write_to!(store, |tx| tx.forget_scim_bulk_results("scim.bulk", at(10), 5))
        };
        assert_eq!(forget().await, 1);
        assert_eq!(forget().await, 0);
        assert_eq!(read_from!(store, |tx| tx.job(7)), None);
        for (id, n) in [(7, 0), (8, 1), (9, 1)] {
            assert_eq!(read_from!(store, |tx| tx.count_scim_bulk_results(id)), n, "{id}");
        }
    }

    async fn an_operation_of_a_bulk_request_has_one_result(store) {
        let cut = ScimBulkResult { cut: Some(text("{}")), ..result(7, 0) };
        write_to!(store, |tx| tx.insert_scim_bulk_results(std::slice::from_ref(&cut)));
        let mut tx = store.begin().await.unwrap();
        let again = tx.insert_scim_bulk_results(&[result(7, 0)]).await;
        assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
        drop(tx);
        assert_eq!(read_from!(store, |tx| tx.scim_bulk_results(7, 0, 9)), [cut]);
        assert!(write_to!(store, |tx| tx.close_scim_bulk_result(&result(7, 0))));
        assert!(!write_to!(store, |tx| tx.close_scim_bulk_result(&result(7, 0))));
        assert_eq!(read_from!(store, |tx| tx.scim_bulk_result(7, 0)), Some(result(7, 0)));
    }
}
