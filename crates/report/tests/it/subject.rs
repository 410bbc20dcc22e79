//! What is kept about one person, and nothing of anybody else's.

use muster_report::{Format, Question};
use muster_store::{Password, SignIn};

use crate::support::{Company, on_both};

on_both! {
    async fn a_person_is_told_all_that_is_kept_and_no_secret(company) {
        let ada = company.id("ada").await;
        company.account("ada.ash", Some("ada"), &["sell"]).await;
        company.account("ben.bay", Some("ben"), &["secret-of-ben"]).await;
        company.give("ada", "create-payment").await;
        company.give("ben", "approve-payment").await;
        company.pass(1);
        company.take("ada", "create-payment").await;
        company.change("ada", &[("team", "finance")]).await;
        let mut tx = company.opened.store.begin().await.unwrap();
        let set_at = company.now();
        tx.save_password(&Password { entity: ada, hash: "argon2-hash".into(), set_at }).await.unwrap();
        let sign_in = SignIn {
            seq: 0,
            at: company.now(),
            entity: Some(ada),
            door: "web".into(),
            outcome: "allowed".into(),
            reason: "ok".into(),
            methods: "pwd".into(),
            network: "192.0.2.7".into(),
            device: "Firefox".into(),
            correlation: None,
            browser: None,
        };
        tx.append_sign_in(&sign_in).await.unwrap();
        tx.commit().await.unwrap();

        let question = Question { person: Some("ada".into()), ..Question::default() };
        let rows = company.rows("subject", &question).await;
        let told = |section: &str, item: &str, value: &str| {
            let is_told = |row: &Vec<String>| row[0] == section && row[1].contains(item) && row[2].contains(value);
            assert!(rows.iter().any(is_told), "{section}, {item}, {value}: {rows:#?}");
        };
        told("fact", "name", "Ada Ash");
        told("fact", "team", "finance");
        told("fact", "manager", "mia");
        told("former fact", "team", "sales");
        told("account", "ledger.user ada.ash: right", "sell");
        told("assignment", "role create-payment", "set up; ended: not needed");
        told("proof", "password", "is set");
        told("sign-in", "allowed at web", "192.0.2.7");
        told("journal", "", "");
        let json = company.file("subject", &question, Format::Json).await;
        let json = String::from_utf8(json).unwrap();
        for hidden in ["argon2-hash", "secret-of-ben", "ben", "approve-payment"] {
            assert!(!json.contains(hidden), "{hidden}: {json}");
        }
    }
}

#[tokio::test]
async fn the_report_needs_somebody() {
    let company = Company::sqlite().await;
    let refused = company.reader("subject", &Question::default()).await.unwrap_err();
    assert_eq!(refused.to_string(), "whom the report is about is not said");
    let nobody = Question { person: Some("nobody".into()), ..Question::default() };
    let refused = company.reader("subject", &nobody).await.unwrap_err();
    assert_eq!(refused.to_string(), "there is no identity `nobody`");
}
