//! Passkeys of people whose role needs an authenticator that proves its make.

use muster_auth::NotAdded;
use muster_testkit::ClientAuthority;

use crate::{
    authenticator::{Maker, SoftAuthenticator},
    support::*,
};

const AAGUID: &str = "cb69481e-8ff7-4039-93ec-0a2729a154a8";

/// The bytes of the make.
fn aaguid() -> [u8; 16] {
    u128::from_str_radix(&AAGUID.replace('-', ""), 16).unwrap().to_be_bytes()
}

/// A maker of authenticators, and its certificate in the project.
fn maker(company: &Company, name: &str) -> Maker {
    let authority = ClientAuthority::new(&company.folder.path().join(name)).unwrap();
    let (certificate, key) = authority.maker(&AAGUID.replace('-', "")).unwrap();
    let [certificate, key] = [certificate, key].map(|path| std::fs::read_to_string(path).unwrap());
    Maker::new(&certificate, &key, aaguid())
}

/// Goes on where Ada's role needs it, and this is said besides.
async fn needing(company: Company, more: &str) -> Company {
    let text = format!(
        "passkeys: {{ attested_for: admin, authorities: makers.pem{more} }}\n\
         url: https://muster.example"
    );
    company.asking(&text).await
}

/// What comes of adding a passkey.
async fn add(company: &Company, person: &str, device: &mut SoftAuthenticator) -> &'static str {
    let identity = company.identity(person).await;
    let question =
        company.auth.begin_passkey(&company.ctx, &company.opened, identity).await.unwrap();
    let answer = device.create(&question.options);
    let (cookie, given) = (question.cookie.reveal(), ("key", &*answer));
    let added = company.auth.add_passkey(&company.ctx, &company.opened, identity, cookie, given);
    match added.await {
        Ok(()) => "added",
        Err(NotAdded::Unattested) => "unattested",
        Err(NotAdded::Wrong) => "wrong",
        Err(other) => panic!("{other}"),
    }
}

fn device(number: u8, maker: Option<Maker>) -> SoftAuthenticator {
    let mut device = SoftAuthenticator::new(number);
    device.maker = maker;
    device
}

on_both! {
    async fn who_needs_it_adds_passkeys_of_authenticators_that_prove_their_make_only(company) {
        let [ours, others] = ["ours", "others"].map(|name| maker(&company, name));
        let folder = company.folder.path();
        let both = std::fs::read_to_string(folder.join("ours/ca.pem")).unwrap();
        std::fs::write(folder.join("makers.pem"), both).unwrap();
        let company = needing(company, "").await;
        assert_eq!(add(&company, "1", &mut device(1, None)).await, "unattested");
        assert_eq!(add(&company, "1", &mut device(2, Some(others))).await, "unattested");
        let mut other_make = maker(&company, "again");
        other_make.aaguid = [7; 16];
        assert_ne!(add(&company, "1", &mut device(3, Some(other_make))).await, "added");
        assert_eq!(add(&company, "1", &mut device(4, Some(ours))).await, "added");
        // Of others nothing is asked.
        assert_eq!(add(&company, "2", &mut device(5, None)).await, "added");
        let mut tx = company.opened.store.read().await.unwrap();
        let journal = format!("{:?}", tx.scan_journal(None, 1000).await.unwrap());
        assert!(journal.contains("\\\"attested\\\":true"), "{journal}");
    }

    async fn a_make_that_is_not_named_is_not_taken(company) {
        let folder = company.folder.path().to_owned();
        let ours = maker(&company, "ours");
        std::fs::copy(folder.join("ours/ca.pem"), folder.join("makers.pem")).unwrap();
        let other = "00000000-0000-0000-0000-000000000001";
        let company = needing(company, &format!(", models: {other}")).await;
        let mut refused = SoftAuthenticator::new(1);
        refused.maker = Some(ours);
        assert_eq!(add(&company, "1", &mut refused).await, "unattested");
        let company = needing(company, &format!(", models: [{other}, {AAGUID}]")).await;
        assert_eq!(add(&company, "1", &mut refused).await, "added");
    }

    async fn a_role_that_comes_between_question_and_answer_counts(company) {
        maker(&company, "ours");
        let folder = company.folder.path();
        std::fs::copy(folder.join("ours/ca.pem"), folder.join("makers.pem")).unwrap();
        let ada = company.ada().await;
        let question = company.auth.begin_passkey(&company.ctx, &company.opened, ada).await.unwrap();
        let answer = SoftAuthenticator::new(1).create(&question.options);
        let company = needing(company, "").await;
        let (cookie, given) = (question.cookie.reveal(), ("key", &*answer));
        let added = company.auth.add_passkey(&company.ctx, &company.opened, ada, cookie, given).await;
        assert!(matches!(added, Err(NotAdded::Unattested)), "{added:?}");
    }
}
