//! Links in mails that decide: once, for one person, about what was asked then.

use muster_governance::{
    Answer, ChangeRequest, NewDelegation, RequestView, Verdict, change_request, create_delegation,
    decide_by_link, link_to_decide, see_decision_link, withdraw_request,
};
use muster_store::RequestState;

use crate::support::*;

/// Below 20, a link is enough.
const MODEL: &str = r#"
muster: 1
url: https://muster.tern.example
mail: { host: 127.0.0.1, from: muster@tern.example }
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      team: { type: string }
      mail: { type: string }
      manager: { type: link, to: person }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
roles:
  desk: {}
  news: { risk: 10, request: { approval: [manager], longest: 90d, usual: 30d, timeout: 20d, remind: 2d } }
  vault: { risk: 20, request: { approval: [manager] } }
  attic: { request: { approval: [manager] } }
notices: { link: 7d, links_decide_below: 20 }
"#;

fn yes() -> Answer {
    Answer { verdict: Verdict::Approve, note: String::new(), until: None }
}

fn no(note: &str) -> Answer {
    Answer { verdict: Verdict::Refuse, note: note.to_owned(), until: None }
}

const DEAD: &str = "NotFound: this link opens nothing, or nothing any more";

impl Company {
    /// The secrets of the links that are mailed now, with to whom.
    async fn links(&self) -> Vec<(String, String)> {
        muster_governance::work_due(&self.ctx, &self.opened).await.unwrap();
        let mails = self.take_mails();
        let links = mails.iter().filter_map(|mail| {
            let (_, rest) = mail.text.split_once("https://muster.tern.example/decide/")?;
            Some((mail.to[0].to_string(), rest.split_whitespace().next()?.to_owned()))
        });
        links.collect()
    }

    /// The one link that is mailed now; it goes to Mia.
    async fn link(&self) -> String {
        let links = self.links().await;
        let [(to, secret)] = links.as_slice() else { panic!("{} links", links.len()) };
        assert_eq!(to, "mia@tern.example");
        secret.clone()
    }

    /// Decides with a link, after somebody proved who they are.
    async fn by_link(
        &self,
        secret: &str,
        proved: Option<&str>,
        answer: &Answer,
    ) -> Result<RequestView, muster_app::Error> {
        let proved = match proved {
            Some(who) => Some(self.id(who).await),
            None => None,
        };
        decide_by_link(&self.ctx, &self.opened, (secret, proved), answer).await
    }

    async fn needs_proof(&self, secret: &str) -> Result<bool, muster_app::Error> {
        Ok(see_decision_link(&self.ctx, &self.opened, secret).await?.needs_proof)
    }

    async fn is_dead(&self, secret: &str) {
        assert_eq!(refused(self.needs_proof(secret).await), DEAD);
        for proved in [None, Some("mia")] {
            assert_eq!(refused(self.by_link(secret, proved, &yes()).await), DEAD);
        }
    }
}

on_both! {
    async fn a_link_decides_once_and_looking_at_it_decides_nothing(company) {
        let made = company.ask("ada", "news", "ada").await;
        let secret = company.link().await;
        for _ in 0..3 {
            let seen = see_decision_link(&company.ctx, &company.opened, &secret).await.unwrap();
            assert_eq!((seen.approver, seen.request.id), (company.id("mia").await, made.id));
            assert_eq!((seen.needs_proof, seen.request.state), (false, RequestState::Waiting));
        }
        // What cannot be done does not use it up.
        let silent = company.by_link(&secret, None, &no(" ")).await;
        assert!(refused(silent).starts_with("Invalid: a refusal"));
        let shorter = Answer { until: Some(company.in_days(7)), ..yes() };
        let done = company.by_link(&secret, None, &shorter).await.unwrap();
        assert_eq!((done.state, done.until), (RequestState::Approved, shorter.until));
        assert_eq!(company.history(made.id).await, ["made by ada", "approved by mia", "given"]);
        company.is_dead(&secret).await;
    }

    async fn two_uses_at_one_moment_are_one(company) {
        company.ask("ada", "news", "ada").await;
        let secret = company.link().await;
        let (yes, no) = (yes(), no("no"));
        let (one, two) =
            tokio::join!(company.by_link(&secret, None, &yes), company.by_link(&secret, None, &no));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    }

    async fn from_a_risk_on_its_person_proves_who_they_are(company) {
        for role in ["vault", "attic"] {
            company.ask("ada", role, "ada").await;
            let secret = company.link().await;
            assert!(company.needs_proof(&secret).await.unwrap(), "{role}");
            let alone = company.by_link(&secret, None, &yes()).await;
            assert_eq!(refused(alone), "Denied: a link alone does not decide about this");
            // Ada would get it, Tom leads Mia, Ben is nobody here.
            for other in ["ada", "tom", "ben"] {
                let tried = company.by_link(&secret, Some(other), &yes()).await;
                assert_eq!(refused(tried), DEAD, "{other}");
            }
            let done = company.by_link(&secret, Some("mia"), &yes()).await.unwrap();
            assert_eq!(done.state, RequestState::Approved);
        }
    }

    async fn a_link_ends_with_what_it_is_about_and_with_its_time(company) {
        let made = company.ask("ada", "news", "ada").await;
        let (secret, me) = (company.link().await, company.id("ada").await);
        let (first, rest) = secret.split_at(1);
        let tampered = format!("{rest}{first}");
        for other in [&*tampered, &*secret.to_uppercase(), "", "0"] {
            company.is_dead(other).await;
        }
        let change = ChangeRequest { from: None, until: None, reason: Some("another".into()) };
        change_request(&company.ctx, &company.opened, me, made.id, &change).await.unwrap();
        company.is_dead(&secret).await;
        let changed = company.link().await;
        withdraw_request(&company.ctx, &company.opened, me, made.id, "").await.unwrap();
        company.is_dead(&changed).await;
        company.ask("ada", "news", "ada").await;
        let old = company.link().await;
        company.pass(2);
        let reminded = company.link().await;
        company.is_dead(&old).await;
        assert!(company.needs_proof(&reminded).await.is_ok());
        company.pass(7);
        company.is_dead(&reminded).await;
        // It is asked as ever.
        assert_eq!(company.inbox("mia").await.len(), 1);
    }

    async fn whoever_left_or_is_asked_no_more_decides_by_no_link(company) {
        let made = company.ask("ada", "news", "ada").await;
        let secret = company.link().await;
        company.leaves("mia").await;
        company.is_dead(&secret).await;
        assert_eq!(company.see("ada", made.id).await.unwrap().state, RequestState::Waiting);
    }

    async fn a_link_that_an_approver_asks_for_is_made_for_them_alone(company) {
        let made = company.ask("ada", "news", "ada").await;
        let asks = async |who: &str| {
            let me = company.id(who).await;
            link_to_decide(&company.ctx, &company.opened, me, made.id).await
        };
        for other in ["ada", "tom", "ben"] {
            assert!(refused(asks(other).await).starts_with("Denied"), "{other}");
        }
        let shown = asks("mia").await.unwrap();
        let secret = shown.address.strip_prefix("https://muster.tern.example/decide/").unwrap();
        assert_eq!((shown.request.id, shown.ends_at), (made.id, company.in_days(7)));
        let tried = company.by_link(secret, Some("ben"), &yes()).await;
        assert_eq!(refused(tried), DEAD, "the link of Mia is not for Ben");
        // One in a mail is another one; either decides, and then none does.
        let mailed = company.link().await;
        company.by_link(secret, None, &yes()).await.unwrap();
        company.is_dead(secret).await;
        company.is_dead(&mailed).await;
        assert!(refused(asks("mia").await).starts_with("Conflict"));
    }

    async fn a_delegate_has_a_link_of_their_own_and_whoever_asked_has_none(company) {
        let until = company.in_days(5);
        for delegate in ["ben", "ada"] {
            let new = NewDelegation { to: delegate.to_owned(), from: None, until, reason: String::new() };
            let mia = company.id("mia").await;
            create_delegation(&company.ctx, &company.opened, mia, &new).await.unwrap();
        }
        let made = company.ask("ada", "vault", "ada").await;
        let links = company.links().await;
        let to: Vec<&str> = links.iter().map(|(to, _)| &**to).collect();
        assert_eq!(to, ["mia@tern.example", "ben@tern.example"]);
        let tried = company.by_link(&links[0].1, Some("ben"), &yes()).await;
        assert_eq!(refused(tried), DEAD, "the link of Mia is not for Ben");
        company.by_link(&links[1].1, Some("ben"), &yes()).await.unwrap();
        let history = company.history(made.id).await;
        assert_eq!(history[1], "approved by ben for mia");
        company.is_dead(&links[0].1).await;
    }
}

#[tokio::test]
async fn where_the_model_says_nothing_no_link_is_enough() {
    let text = MODEL.replace("notices: { link: 7d, links_decide_below: 20 }", "");
    let company = Company::sqlite(&text).await;
    company.ask("ada", "news", "ada").await;
    let secret = company.link().await;
    assert!(company.needs_proof(&secret).await.unwrap());
    assert!(refused(company.by_link(&secret, None, &yes()).await).starts_with("Denied"));
}
