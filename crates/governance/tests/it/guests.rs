//! Guests: invitation and application, links, approval by the sponsor, blocked and removed by the clock, sponsors who leave.

use muster_app::{AuditQuery, Mail, search_journal};
use muster_engine::{
    GuestApplicant, GuestQuery, GuestView, NewGuest, NoProgress, PlanOptions, apply_as_guest,
    invite_guest, list_guests, make_plan, open_guest_link, see_guest, work_guests,
};
use muster_governance::{RequestQuery, Whose, list_requests};
use muster_store::JournalFilter;

use crate::support::*;

/// Mia and Ben are hosts; Tom is the fallback.
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
      mail: { type: string, unique: true }
      manager: { type: link, to: person }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
  visitor:
    identity: true
    key: badge
    display: name
    attributes:
      badge: { type: string, unique: true, generate: ["'V' + string(n)"] }
      name: { type: string }
      mail: { type: string, unique: true }
      company: { type: string }
      host: { type: link, to: person }
      until: { type: datetime }
    local: { sponsor: host, until: until }
    lifecycle:
      gone: { when: "until != null && now >= until", fact: terminated }
      blocked: { when: "false", fact: suspended }
      active: { when: "true" }
roles:
  desk: { for: person }
  host: { for: person, when: "person.team == 'sales' && person.id != 'ada'" }
  portal: { for: visitor, request: { approval: [], longest: 20d } }
  ledger: { for: visitor, request: { approval: [{ role: desk }] } }
  night: { for: person, when: "person.team == 'night'" }
  vault: { for: visitor, request: { approval: [{ role: night }] } }
guests:
  type: visitor
  mail: mail
  name: name
  organisation: company
  link: 3d
  organisations:
    nordlys:
      title: Nordlys Shipping
      domains: [nordlys.example]
      except: [labs.nordlys.example]
      sponsors: host
      fallback: tom
      usual: 200d
      roles: [portal, ledger, vault]
      blocked: 30d
"#;

fn kari(roles: &[&str]) -> NewGuest {
    NewGuest {
        mail: "Kari@nordlys.example".to_owned(),
        name: "Kari Nord".to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        reason: "the new route".to_owned(),
        ..NewGuest::default()
    }
}

fn applicant(sponsor: &str) -> GuestApplicant {
    GuestApplicant {
        mail: "kari@nordlys.example".to_owned(),
        name: "Kari Nord".to_owned(),
        sponsor: sponsor.to_owned(),
        roles: vec!["portal".to_owned()],
        reason: "the new route".to_owned(),
    }
}

impl Company {
    async fn invite(&self, who: &str, new: &NewGuest) -> Result<GuestView, muster_app::Error> {
        invite_guest(&self.ctx, &self.opened, Some(self.id(who).await), new).await
    }

    async fn apply(&self, applicant: &GuestApplicant) -> Result<(), muster_app::Error> {
        apply_as_guest(&self.ctx, &self.opened, applicant).await
    }

    /// Does what is due about guests; the mails that went out.
    async fn tend(&self) -> Vec<Mail> {
        work_guests(&self.ctx, &self.opened).await.unwrap();
        self.take_mails()
    }

    /// The secret part of the link that is mailed now.
    async fn mailed_link(&self) -> String {
        let mails = self.tend().await;
        let [mail] = mails.as_slice() else { panic!("one mail, not {}", mails.len()) };
        assert_eq!(&*mail.to[0], "kari@nordlys.example");
        let (_, rest) = mail.text.split_once("https://muster.tern.example/guest/").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    async fn open_link(&self, secret: &str) -> Result<&'static str, muster_app::Error> {
        let link = open_guest_link(&self.ctx, &self.opened, secret).await?;
        Ok(link.state.word())
    }

    /// How far Kari has come, and in which state of the lifecycle she is.
    async fn kari(&self) -> (String, String) {
        let view = see_guest(&self.ctx, &self.opened, None, "kari@nordlys.example").await.unwrap();
        let mut tx = self.opened.store.read().await.unwrap();
        let found = muster_governance::standing(&self.ctx, &self.opened, &mut tx, view.entity);
        let row = found.await.unwrap().unwrap().row;
        let of = self.opened.model.schema.get(row.type_id).unwrap();
        let lifecycle = row.get(of.lifecycle().unwrap().slot).to_string();
        (view.state.word().to_owned(), lifecycle)
    }

    async fn guests(&self) -> Vec<GuestView> {
        let query = GuestQuery { removed: true, limit: 9, ..GuestQuery::default() };
        list_guests(&self.ctx, &self.opened, &query).await.unwrap().items
    }

    /// Invited by Mia, let in, with one role for twenty days.
    async fn let_kari_in(&self) {
        self.invite("mia", &kari(&["portal"])).await.unwrap();
        let secret = self.mailed_link().await;
        assert_eq!(self.open_link(&secret).await.unwrap(), "active");
    }
}

fn both(guest: &str, lifecycle: &str) -> (String, String) {
    (guest.to_owned(), lifecycle.to_owned())
}

on_both! {
    async fn whoever_accepts_an_invitation_with_a_role_is_let_in(company) {
        let made = company.invite("mia", &kari(&["portal"])).await.unwrap();
        assert_eq!((made.sponsor.as_deref(), &*made.title), (Some("mia@tern.example"), "Nordlys Shipping"));
        assert_eq!(company.kari().await, both("invited", "blocked"));
        let secret = company.mailed_link().await;
        assert!(company.tend().await.is_empty(), "no mail goes out twice");
        assert_eq!(company.open_link(&secret).await.unwrap(), "active");
        assert_eq!(company.kari().await, both("active", "active"));
        let again = refused(company.open_link(&secret).await);
        assert_eq!(again, "NotFound: this link opens nothing, or nothing any more");
        assert_eq!(refused(company.open_link("0").await), again, "the same words for any link");
    }

    async fn nobody_is_invited_to_what_nobody_decides_about(company) {
        let none = refused(company.invite("mia", &kari(&["vault"])).await.map(drop));
        assert_eq!(none, "Conflict: nobody could approve role `vault`: the stage `role night` has nobody but those who may not decide");
        assert!(company.guests().await.is_empty(), "nothing is written");
        company.change("tom", &[("team", "night")]).await;
        company.invite("mia", &kari(&["vault"])).await.unwrap();
    }

    async fn day_0_blocked_day_10_restored(company) {
        company.let_kari_in().await;
        company.pass(20);
        company.tend().await;
        assert_eq!(company.kari().await, both("blocked", "blocked"));
        company.pass(10);
        company.tend().await;
        assert_eq!(company.kari().await, both("blocked", "blocked"));
        company.invite("mia", &kari(&["portal"])).await.unwrap();
        let mails = company.tend().await;
        assert_eq!(mails.len(), 1, "she showed her address before: no link");
        assert_eq!(mails[0].subject, "You can sign in now");
        assert_eq!(company.kari().await, both("active", "active"));
        assert_eq!(company.guests().await.len(), 1, "the same identity");
    }

    async fn day_0_blocked_day_30_gone(company) {
        company.let_kari_in().await;
        company.pass(20);
        company.tend().await;
        company.pass(29);
        company.tend().await;
        assert_eq!(company.kari().await, both("blocked", "blocked"));
        company.pass(1);
        company.tend().await;
        assert_eq!(company.kari().await, both("removed", "gone"));
        company.invite("ben", &kari(&["portal"])).await.unwrap();
        assert_eq!(company.kari().await, both("invited", "blocked"));
        let secret = company.mailed_link().await;
        assert_eq!(company.open_link(&secret).await.unwrap(), "active");
        assert_eq!(company.guests().await[0].sponsor.as_deref(), Some("ben@tern.example"));
    }

    async fn a_role_that_is_taken_back_blocks_and_one_that_is_given_lets_in(company) {
        company.let_kari_in().await;
        let (ctx, opened) = (&company.ctx, &company.opened);
        muster_app::unassign(ctx, opened, "kari@nordlys.example", "portal", "over").await.unwrap();
        company.tend().await;
        assert_eq!(company.kari().await, both("blocked", "blocked"));
        company.give("kari@nordlys.example", "portal").await;
        company.tend().await;
        assert_eq!(company.kari().await, both("active", "active"));
    }

    async fn the_end_of_the_stay_ends_it_whatever_roles_are_left(company) {
        let until = Some(company.in_days(5));
        company.invite("mia", &NewGuest { until, ..kari(&["portal"]) }).await.unwrap();
        let secret = company.mailed_link().await;
        company.open_link(&secret).await.unwrap();
        company.pass(5);
        company.tend().await;
        assert_eq!(company.kari().await, both("removed", "gone"));
        let until = Some(company.in_days(366));
        let long = company.invite("mia", &NewGuest { until, ..kari(&["portal"]) }).await;
        assert!(refused(long).starts_with("Invalid: guests of Nordlys Shipping stay until"));
    }

    async fn who_may_not_come_is_refused_before_anything_is_written(company) {
        let with = |mail: &str, name: &str| {
            NewGuest { mail: mail.to_owned(), name: name.to_owned(), ..kari(&["portal"]) }
        };
        let before = company.opened.store.read().await.unwrap().statistics().await.unwrap().rows;
        for (mail, says) in [
            ("kari@labs.nordlys.example", "Denied: nobody is invited from"),
            ("kari@other.example", "Denied: no connected organisation"),
            ("kari@evil-nordlys.example", "Denied: no connected organisation"),
            ("kari", "Invalid: `kari` is no mail address"),
        ] {
            let said = refused(company.invite("mia", &with(mail, "Kari")).await);
            assert!(said.starts_with(says), "{said}");
            let applicant = GuestApplicant { mail: mail.to_owned(), ..applicant("") };
            assert!(refused(company.apply(&applicant).await).starts_with(says), "{mail}");
        }
        let no_host = refused(company.invite("ada", &kari(&["portal"])).await);
        assert_eq!(no_host, "Denied: `ada@tern.example` does not answer for guests of Nordlys Shipping");
        let no_role = refused(company.invite("mia", &kari(&["host"])).await);
        assert_eq!(no_role, "Denied: role `host` is not for guests of Nordlys Shipping");
        let after = company.opened.store.read().await.unwrap().statistics().await.unwrap().rows;
        assert_eq!(before, after);
    }

    async fn an_address_and_a_look_alike_that_are_here_already_are_refused(company) {
        company.change("sam", &[("mail", "kari@nordlys.example")]).await;
        let taken = refused(company.invite("mia", &kari(&["portal"])).await);
        assert!(taken.starts_with("Conflict: `kari@nordlys.example` is the address of"), "{taken}");
        company.change("sam", &[("mail", "sam@tern.example")]).await;
        company.let_kari_in().await;
        let again = refused(company.invite("ben", &kari(&["portal"])).await);
        assert_eq!(again, "Conflict: `kari@nordlys.example` is a guest already");
        let mail = "k.nord@nordlys.example".to_owned();
        let other = NewGuest { mail, ..kari(&["portal"]) };
        let alike = refused(company.invite("mia", &other).await);
        assert_eq!(alike, "Conflict: `Kari Nord` looks like `V1`, who is here already");
        let other = NewGuest { despite_look_alikes: true, ..other };
        assert_eq!(&*company.invite("mia", &other).await.unwrap().key, "k.nord@nordlys.example");
    }

    async fn a_link_opens_nothing_after_its_time(company) {
        company.invite("mia", &kari(&["portal"])).await.unwrap();
        let late = company.mailed_link().await;
        company.pass(3);
        assert!(refused(company.open_link(&late).await).starts_with("NotFound"));
        company.tend().await;
        assert_eq!(company.kari().await, both("removed", "gone"));
        assert!(refused(company.open_link(&late).await).starts_with("NotFound"));
    }

    async fn inviting_again_makes_the_first_link_worthless(company) {
        company.invite("mia", &kari(&["portal"])).await.unwrap();
        let first = company.mailed_link().await;
        company.invite("mia", &kari(&["ledger"])).await.unwrap();
        assert!(refused(company.open_link(&first).await).starts_with("NotFound"));
        let second = company.mailed_link().await;
        assert_eq!(company.open_link(&second).await.unwrap(), "active");
    }

    async fn whoever_asks_for_themselves_is_let_in_when_the_sponsor_agrees(company) {
        company.apply(&applicant("ben@tern.example")).await.unwrap();
        assert!(company.guests().await.is_empty(), "nobody is entered before the address is shown");
        let secret = company.mailed_link().await;
        assert_eq!(company.open_link(&secret).await.unwrap(), "blocked");
        assert!(refused(company.open_link(&secret).await).starts_with("NotFound"));
        let asked = company.inbox("ben").await;
        assert_eq!((asked.len(), company.inbox("mia").await.len()), (1, 0));
        let view = company.approve("ben", asked[0]).await.unwrap();
        assert_eq!((&*view.requester, &*view.role), ("kari@nordlys.example", "portal"));
        company.take_mails();
        assert_eq!(company.tend().await[0].subject, "You can sign in now");
        assert_eq!(company.kari().await, both("active", "active"));
    }

    async fn whoever_names_no_sponsor_gets_the_fallback_and_a_refusal_ends_it(company) {
        company.apply(&applicant("ada")).await.unwrap();
        let secret = company.mailed_link().await;
        company.open_link(&secret).await.unwrap();
        let asked = company.inbox("tom").await;
        company.refuse("tom", asked[0]).await.unwrap();
        company.pass(29);
        company.tend().await;
        assert_eq!(company.kari().await, both("blocked", "blocked"));
        company.pass(1);
        company.tend().await;
        assert_eq!(company.kari().await, both("removed", "gone"));
    }

    async fn an_address_that_asks_again_at_once_gets_no_second_mail(company) {
        company.apply(&applicant("")).await.unwrap();
        let secret = company.mailed_link().await;
        company.apply(&applicant("")).await.unwrap();
        assert!(company.tend().await.is_empty());
        assert_eq!(company.open_link(&secret).await.unwrap(), "blocked");
        company.apply(&applicant("")).await.unwrap();
        company.pass(3);
        company.tend().await;
        let mut tx = company.opened.store.read().await.unwrap();
        assert_eq!(tx.statistics().await.unwrap().rows["guest_application"], 0);
    }

    async fn guests_of_a_sponsor_who_left_go_to_the_fallback(company) {
        company.let_kari_in().await;
        company.leaves("mia").await;
        let (ctx, opened) = (&company.ctx, &company.opened);
        make_plan(ctx, opened, &PlanOptions::default(), &NoProgress).await.unwrap();
        let mails = company.tend().await;
        let said: Vec<_> = mails.iter().map(|mail| (&*mail.to[0], &*mail.subject)).collect();
        assert_eq!(said, [("tom@tern.example", "You answer for guest Kari Nord")]);
        let listed = &company.guests().await[0];
        assert_eq!((listed.sponsor.as_deref(), listed.moved_from.as_deref()), (Some("tom@tern.example"), Some("mia@tern.example")));
        let mine = GuestQuery { sponsor: Some(company.id("tom").await), limit: 9, ..GuestQuery::default() };
        assert_eq!(list_guests(ctx, opened, &mine).await.unwrap().items.len(), 1);
        let filter = JournalFilter { action: Some("guest.move".into()), ..JournalFilter::default() };
        let query = AuditQuery { filter, before: None, limit: 9 };
        let told = search_journal(ctx, opened, &query).await.unwrap();
        assert_eq!(told.items.len(), 1);
        assert!(company.tend().await.is_empty(), "once is enough");
    }

    async fn a_sponsor_who_invites_has_agreed_and_others_are_still_asked(company) {
        company.invite("mia", &kari(&["ledger"])).await.unwrap();
        let secret = company.mailed_link().await;
        assert_eq!(company.open_link(&secret).await.unwrap(), "blocked");
        let query = RequestQuery { whose: Whose::All, ended: false, before: None, limit: 9 };
        let waiting = list_requests(&company.ctx, &company.opened, &query).await.unwrap().items;
        assert_eq!(waiting[0].status, "waits on whoever has role desk (role desk)");
        company.approve("ben", waiting[0].id).await.unwrap();
        company.tend().await;
        assert_eq!(company.kari().await, both("active", "active"));
    }
}
