//! Entities, their history, and what they were at a time.

use muster_model::EntityId;
use muster_store::{Entity, Link, PendingLink, UniqueValue};

use crate::support::*;

on_both! {
    async fn entities_are_found_by_id_and_key(store) {
        let all = [person(1, "E1"), person(2, "E2"), Entity { type_no: 2, ..person(3, "E1") }];
        write_to!(store, |tx| tx.insert_entities(&all));
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.entity(EntityId(2)).await.unwrap().as_ref(), Some(&all[1]));
        assert_eq!(tx.entity(EntityId(9)).await.unwrap(), None);
        let ids = [EntityId(3), EntityId(9), EntityId(1)];
        assert_eq!(tx.entities(&ids).await.unwrap(), [all[2].clone(), all[0].clone()]);
        let keys = texts(&["E2", "none", "E1"]);
        let found = tx.entities_by_key(1, &keys).await.unwrap();
        assert_eq!(found, [Some(all[1].clone()), None, Some(all[0].clone())]);
        let found = tx.entity_ids_by_key(2, &keys).await.unwrap();
        assert_eq!(found, [None, None, Some(EntityId(3))]);
        assert_eq!(tx.entities_by_key(1, &[]).await.unwrap(), []);
    }

    async fn entities_are_scanned_in_id_order_page_by_page(store) {
        let mut all: Vec<Entity> =
            (1..=7).rev().map(|id| person(id, &format!("E{id}"))).collect();
        all.push(Entity { type_no: 2, ..person(8, "E8") });
        write_to!(store, |tx| tx.insert_entities(&all));
        let mut tx = store.read().await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = tx.scan_entities(1, after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            seen.extend(page.iter().map(|entity| entity.id.0));
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(tx.id_bounds(1).await.unwrap(), Some((EntityId(1), EntityId(7))));
        assert_eq!(tx.id_bounds(3).await.unwrap(), None);
        assert_eq!(tx.count_entities(2).await.unwrap(), 1);
    }

    async fn a_change_keeps_the_former_version(store) {
        let first = person(1, "E1");
        write_to!(store, |tx| tx.insert_entities(std::slice::from_ref(&first)));
        let second = Entity {
            facts: vec![2],
            key: text("E1b"),
            absent_since: Some(at(15)),
            effective_at: at(5),
            recorded_at: at(10),
            ..first.clone()
        };
        assert_eq!(write_to!(store, |tx| tx.update_entities(std::slice::from_ref(&second))), []);
        let second = Entity { version: 2, ..second };
        let third = Entity { facts: vec![3], absent_since: None, recorded_at: at(20), ..second.clone() };
        assert_eq!(write_to!(store, |tx| tx.update_entities(std::slice::from_ref(&third))), []);
        let third = Entity { version: 3, ..third };

        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.entity(EntityId(1)).await.unwrap().as_ref(), Some(&third));
        let versions = tx.entity_versions(EntityId(1)).await.unwrap();
        let versions: Vec<_> =
            versions.into_iter().map(|version| (version.entity, version.replaced_at)).collect();
        let expected = [
            (third.clone(), None),
            (second.clone(), Some(at(20))),
            (first.clone(), Some(at(10))),
        ];
        assert_eq!(versions, expected);
        for (seconds, expected) in [
            (-1, None),
            (0, Some(&first)),
            (9, Some(&first)),
            (10, Some(&second)),
            (19, Some(&second)),
            (20, Some(&third)),
            (99, Some(&third)),
        ] {
            let found = tx.entity_as_of(EntityId(1), at(seconds)).await.unwrap();
            assert_eq!(found.as_ref(), expected, "{seconds}");
        }
    }

    async fn a_scan_as_of_a_time_sees_each_entity_as_it_was(store) {
        let late = Entity { recorded_at: at(30), ..person(3, "E3") };
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2"), late.clone()]));
        let changed = Entity { facts: vec![9], recorded_at: at(20), ..person(2, "E2") };
        write_to!(store, |tx| tx.update_entities(std::slice::from_ref(&changed)));
        let mut tx = store.read().await.unwrap();
        let changed = Entity { version: 2, ..changed };
        let then = tx.scan_entities_as_of(1, at(10), None, 10).await.unwrap();
        assert_eq!(then, [person(1, "E1"), person(2, "E2")]);
        let then = tx.scan_entities_as_of(1, at(25), Some(EntityId(1)), 10).await.unwrap();
        assert_eq!(then, std::slice::from_ref(&changed));
        let now = tx.scan_entities_as_of(1, at(40), Some(EntityId(1)), 1).await.unwrap();
        assert_eq!(now, [changed]);
        let now = tx.scan_entities_as_of(1, at(40), Some(EntityId(2)), 1).await.unwrap();
        assert_eq!(now, [late]);
    }

    async fn a_change_of_an_old_version_is_refused(store) {
        write_to!(store, |tx| tx.insert_entities(&[person(1, "E1"), person(2, "E2")]));
        let change = |id, key| Entity { facts: vec![9], recorded_at: at(1), ..person(id, key) };
        assert_eq!(write_to!(store, |tx| tx.update_entities(&[change(1, "E1")])), []);
        let conflicts = write_to!(store, |tx| tx.update_entities(&[
            change(1, "E1"),
            change(2, "E2"),
            change(3, "E3"),
        ]));
        assert_eq!(conflicts, [EntityId(1), EntityId(3)]);
        let versions = async |id| read_from!(store, |tx| tx.entity_versions(EntityId(id))).len();
        assert_eq!((versions(1).await, versions(2).await, versions(3).await), (2, 2, 0));
        assert_eq!(read_from!(store, |tx| tx.statistics()).rows["entity_history"], 2);
    }

    async fn a_removed_entity_leaves_no_trace(store) {
        let mut tx = store.begin().await.unwrap();
        tx.numbers(muster_store::NameKind::Attribute, 1, &texts(&["manager"])).await.unwrap();
        tx.insert_entities(&[person(1, "E1"), person(2, "E2")]).await.unwrap();
        tx.update_entities(&[person(1, "E1")]).await.unwrap();
        let value = UniqueValue { type_no: 1, attribute_no: 1, value_key: text("v"), entity: EntityId(1) };
        tx.take_unique_values(&[value]).await.unwrap();
        let link = |source, target| Link {
            source: EntityId(source), attribute_no: 1, target: EntityId(target),
        };
        tx.insert_links(&[link(1, 2), link(2, 1)]).await.unwrap();
        let pending = PendingLink {
            source: EntityId(1), attribute_no: 1, target_type: 1, target_key: text("E9"),
        };
        tx.insert_pending_links(&[pending]).await.unwrap();
        tx.save_evaluations(&[evaluation(1)]).await.unwrap();
        tx.insert_assignments(&[assignment(1, 1, "sales")]).await.unwrap();
        let mut kept = record(1, "r");
        kept.entity = Some(EntityId(1));
        tx.insert_records(&[kept]).await.unwrap();
        tx.insert_accounts(&[linked(1, "ada", 1)]).await.unwrap();
        assert!(tx.remove_entity(EntityId(1)).await.unwrap());
        assert!(!tx.remove_entity(EntityId(1)).await.unwrap());
        tx.commit().await.unwrap();

        let mut tx = store.read().await.unwrap();
        let rows = tx.statistics().await.unwrap().rows;
        for table in
            ["entity_history", "unique_value", "link", "pending_link", "evaluation", "assignment"]
        {
            assert_eq!(rows[table], 0, "{table}");
        }
        assert_eq!((rows["entity"], rows["record"], rows["account"]), (1, 1, 1));
        let orphan = tx.account(muster_model::AccountId(1)).await.unwrap().unwrap();
        assert_eq!((orphan.entity, orphan.status), (None, muster_store::AccountStatus::Orphan));
        assert_eq!(tx.records_of(EntityId(1)).await.unwrap(), []);
    }

    async fn many_entities_at_once_are_all_there(store) {
        let all: Vec<Entity> = (1..=2_000).map(|id| person(id, &format!("E{id}"))).collect();
        write_to!(store, |tx| tx.insert_entities(&all));
        let keys: Vec<_> = all.iter().rev().map(|entity| entity.key.clone()).collect();
        let found = read_from!(store, |tx| tx.entity_ids_by_key(1, &keys));
        let found: Vec<i64> = found.into_iter().flatten().map(|id| id.0).collect();
        assert_eq!(found, (1..=2_000).rev().collect::<Vec<i64>>());
        let changed: Vec<Entity> =
            all.iter().map(|entity| Entity { recorded_at: at(1), ..entity.clone() }).collect();
        assert_eq!(write_to!(store, |tx| tx.update_entities(&changed)), []);
        assert_eq!(read_from!(store, |tx| tx.statistics()).rows["entity_history"], 2_000);
    }

}
