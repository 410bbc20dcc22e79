//! Every access of the sample company can be explained, down to file and line.

use muster_app::{
    PeopleQuery, When, explain_access, explain_attribute, explain_person, list_people,
};
use muster_policy::Want;

use crate::support::Rig;

/// The sample company as of 20 November 2026, read completely.
async fn tern() -> Rig {
    let rig = Rig::new(&[]);
    for file in muster_demo::files("2026-11-20".parse().unwrap()) {
        rig.write(file.path, std::str::from_utf8(&file.content).unwrap());
    }
    rig.at("2026-11-20T12:00:00Z");
    // One system of the company fails now and then; nobody goes on before all were read.
    while !rig.sync().await.reads.iter().all(|read| read.complete) {}
    rig
}

#[tokio::test]
async fn every_attribute_and_entitlement_of_every_account_has_its_reason() {
    let rig = tern().await;
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    let query = PeopleQuery { limit: 1000, ..PeopleQuery::default() };
    let people = list_people(&ctx, &opened, &query).await.unwrap().items;
    assert_eq!(people.len(), muster_demo::expectations("2026-11-20".parse().unwrap()).people);
    let (mut attributes, mut entitlements, mut unexplained) = (0, 0, 0);
    for person in &people {
        let explained = explain_person(&ctx, &opened, &person.key, When::default()).await.unwrap();
        let state = explained.state.unwrap();
        assert!(state.at.line > 0 && !state.at.file.is_empty(), "{}", person.key);
        for role in &explained.roles {
            assert!(role.at.line > 0, "{} {}", person.key, role.role);
        }
        for account in &explained.accounts {
            let place = format!("{} {}.{}", person.key, account.system, account.account_type);
            if account.desired.want == Want::Present {
                assert!(account.reasons.iter().all(|reason| reason.at.line > 0), "{place}");
                assert!(!account.reasons.is_empty(), "{place} is wanted for no reason");
                for (attribute, reason) in &account.attributes {
                    assert!(reason.at.line > 0 && !reason.source.is_empty(), "{place} {attribute}");
                    attributes += 1;
                }
            }
            for entitlement in &account.entitlements {
                let name = format!("{place}:{}", entitlement.name);
                entitlements += 1;
                if entitlement.wanted {
                    assert!(!entitlement.reasons.is_empty(), "{name} is wanted for no reason");
                    continue;
                }
                // Nothing grants it: the answer says which roles would and what failed.
                unexplained += 1;
                let access =
                    format!("{}.{}:{}", account.system, account.account_type, entitlement.name);
                let answer = explain_access(&ctx, &opened, &person.key, &access, When::default())
                    .await
                    .unwrap();
                assert!(answer.has && !answer.wanted, "{name}");
                if account.desired.want != Want::Present {
                    // The lifecycle takes it, whatever roles say; the answer carries the state with its place.
                    assert!(answer.state.is_some_and(|state| state.at.line > 0), "{name}");
                    continue;
                }
                assert!(answer.reasons.is_empty(), "{name}");
                for role in &answer.missing {
                    assert!(role.at.line > 0, "{name} {}", role.role);
                    let failed = role.conditions.iter().any(|condition| !condition.holds);
                    assert!(
                        failed || role.conditions.is_empty(),
                        "{name}: nothing of {} failed",
                        role.role
                    );
                }
            }
        }
    }
    assert!(
        attributes > 3000 && entitlements > 4000 && unexplained > 0,
        "{attributes} {entitlements} {unexplained}"
    );
}

#[tokio::test]
async fn every_attribute_of_a_person_says_where_it_comes_from() {
    let rig = tern().await;
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    let person = opened.model.schema.type_named("person").unwrap();
    for attribute in &person.attributes {
        let explained =
            explain_attribute(&ctx, &opened, "maya.okafor", &attribute.name, When::default())
                .await
                .unwrap();
        let is_inverse = matches!(attribute.kind, muster_model::AttributeKind::Inverse { .. });
        let has_origin = !matches!(explained.origin, muster_app::Origin::Nothing);
        assert!(has_origin || is_inverse || explained.value.is_null(), "{}", attribute.name);
    }
}
