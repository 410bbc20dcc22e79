//! Forms: drafted, completed, returned, confirmed by somebody else; then a record like any other. And what must not work.

use std::collections::BTreeMap;

use muster_app::{AuditQuery, Error, publish_model, search_journal};
use muster_engine::{
    DraftDeed, DraftQuery, DraftView, DraftWork, FieldProblem, LinkFound, NewDraft, find_for_draft,
    list_drafts, list_forms, look_at_draft, see_draft, start_draft, work_draft, work_forms,
};
use muster_governance::{NewDelegation, create_delegation};
use muster_project::File;
use muster_store::JournalFilter;

use crate::support::*;

/// Whoever leads somebody drafts, security completes, and the lead's own manager confirms. Ben holds desk.
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
      manager: { type: link, to: person, inverse: reports }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
  site: { key: code, attributes: { code: { type: string, unique: true }, open: { type: bool } } }
  staff:
    identity: true
    key: number
    display: name
    attributes:
      number: { type: string, unique: true, generate: ["'S' + string(n)"] }
      name: { type: string, required: true }
      kind: { type: string, choices: [intern, contractor] }
      skills: { type: string, many: true }
      remote: { type: bool }
      badge: { type: string, unique: true }
      site: { type: link, to: site }
      manager: { type: link, to: person }
      end: { type: date }
    local: { sponsor: manager, until: end }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      active: { when: "true" }
systems:
  ledger:
    connector: csv
    settings: {}
    accounts:
      user: { for: staff, object: user, name: staff.number, set: { name: staff.name } }
roles:
  desk: { for: person }
  security: { for: person, when: "person.team == 'security'" }
  clerk: { for: staff, when: "staff.lifecycle == 'active'", grants: [ledger.user] }
  watcher: { for: person, muster: { may: [people.read], over: "person.team == me.team" } }
forms:
  add-staff:
    title: Add somebody
    for: staff
    filled_by: person
    keep: 10d
    fields:
      name: { label: Full name }
      kind: {}
      skills: {}
      remote: {}
      manager: { default: me, among: "person.team == me.team" }
      site: { among: "site.open" }
      badge: {}
      end: {}
    steps:
      draft: { who: "me.reports.exists(r, r.id != '')", fields: [name, kind, skills, remote, manager, end], required: [name, end] }
      complete: { role: security, fields: [badge, site], required: [badge], shows: [name] }
      confirm: { by: starter.manager, other: true, fields: [name] }
  move-staff:
    title: Change somebody
    for: staff
    filled_by: person
    about: "staff.manager == me"
    fields: { kind: {}, end: {}, manager: {} }
    steps:
      change: { who: "true", fields: [kind, end, manager] }
"#;

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn back(to: Option<&str>) -> DraftDeed {
    DraftDeed::Return { to: to.map(str::to_owned) }
}

const SUBMIT: DraftDeed = DraftDeed::Submit { despite_look_alikes: false };

impl Company {
    async fn begin(&self, who: &str, form: &str, about: Option<&str>) -> Result<DraftView, Error> {
        let new = NewDraft { form: form.to_owned(), about: about.map(str::to_owned) };
        start_draft(&self.ctx, &self.opened, self.id(who).await, &new).await
    }

    /// Does something about a draft as it is.
    async fn deed(
        &self,
        who: &str,
        id: i64,
        deed: DraftDeed,
        entered: &[(&str, &str)],
    ) -> Result<DraftView, Error> {
        let note = if matches!(deed, DraftDeed::Return { .. } | DraftDeed::Refuse) {
            "why not"
        } else {
            ""
        };
        let work =
            DraftWork { deed, version: None, entered: texts(entered), note: note.to_owned() };
        work_draft(&self.ctx, &self.opened, self.id(who).await, id, &work).await
    }

    async fn look(&self, who: &str, id: i64) -> Result<DraftView, Error> {
        see_draft(&self.ctx, &self.opened, self.id(who).await, id).await
    }

    async fn forms(&self, who: &str) -> Vec<String> {
        let found = list_forms(&self.ctx, &self.opened, self.id(who).await).await.unwrap();
        found.iter().map(|form| form.name.to_string()).collect()
    }

    async fn waiting(&self, who: &str) -> Vec<i64> {
        let query = DraftQuery { waiting: true, ended: false, before: None, limit: 9 };
        let me = self.id(who).await;
        let page = list_drafts(&self.ctx, &self.opened, me, &query).await.unwrap();
        page.items.iter().map(|draft| draft.id).collect()
    }

    async fn found(&self, who: &str, id: i64, field: &str, text: &str) -> Vec<LinkFound> {
        let me = self.id(who).await;
        find_for_draft(&self.ctx, &self.opened, me, id, (field, text)).await.unwrap()
    }

    /// The draft of Mia as security gets it.
    async fn drafted(&self) -> i64 {
        let id = self.begin("mia", "add-staff", None).await.unwrap().id;
        let fields = [
            ("name", "Kim Lee"),
            ("kind", "intern"),
            ("skills", "sap\nsql"),
            ("end", "2027-03-31"),
        ];
        self.deed("mia", id, SUBMIT, &fields).await.unwrap();
        id
    }

    /// As [`Company::drafted`], as Tom gets it.
    async fn completed(&self) -> i64 {
        let id = self.drafted().await;
        self.deed("sue", id, SUBMIT, &[("badge", "B7")]).await.unwrap();
        id
    }

    /// Another model from now on.
    async fn publish(&mut self, model: &str) {
        let files = vec![File { path: "muster.yaml".into(), text: model.into() }];
        let base = self.opened.revision;
        self.opened = publish_model(&self.ctx, &self.opened, files, base, None).await.unwrap();
    }

    async fn mails(&self) -> Vec<(String, String)> {
        work_forms(&self.ctx, &self.opened).await.unwrap();
        let mails = self.take_mails();
        mails.iter().map(|mail| (mail.to[0].to_string(), mail.subject.clone())).collect()
    }

    async fn actions(&self, id: i64) -> Vec<String> {
        let filter = JournalFilter {
            subject: Some(format!("draft {id}").into()),
            ..JournalFilter::default()
        };
        let query = AuditQuery { filter, limit: 50, ..AuditQuery::default() };
        let found = search_journal(&self.ctx, &self.opened, &query).await.unwrap();
        let mut told: Vec<String> = found
            .items
            .iter()
            .map(|entry| format!("{} {}", entry.entry.action, entry.entry.detail))
            .collect();
        told.reverse();
        told
    }
}

fn names(view: &DraftView, editable: bool) -> Vec<&str> {
    view.fields
        .iter()
        .filter(|field| field.editable == editable)
        .map(|field| &*field.name)
        .collect()
}

on_both! {
    async fn a_manager_drafts_security_completes_a_reviewer_returns_and_the_last_step_makes_a_record(company) {
        assert_eq!(company.forms("mia").await, ["add-staff", "move-staff"]);
        assert_eq!(company.forms("ada").await, ["move-staff"], "she leads nobody");
        let begun = company.begin("mia", "add-staff", None).await.unwrap();
        let manager = begun.fields.iter().find(|field| &*field.name == "manager").unwrap();
        assert_eq!((&*manager.text, &*manager.ends[0].display), ("mia", "mia"), "what stands there at first");
        company.deed("mia", begun.id, DraftDeed::Withdraw, &[]).await.unwrap();

        let id = company.drafted().await;
        assert_eq!(company.waiting("sue").await, [id]);
        assert_eq!(company.waiting("mia").await, Vec::<i64>::new());
        assert_eq!(company.mails().await, [], "nobody was given the role by hand");
        let seen = company.look("sue", id).await.unwrap();
        assert_eq!((names(&seen, true), names(&seen, false)), (vec!["site", "badge"], vec!["name"]));
        company.deed("sue", id, SUBMIT, &[("badge", "B7")]).await.unwrap();

        assert_eq!(company.mails().await[0].1, format!("Draft {id}: Add somebody waits for you"));
        company.deed("tom", id, back(Some("draft")), &[]).await.unwrap();
        assert_eq!(company.mails().await[0].0, "mia@tern.example");
        let seen = company.look("mia", id).await.unwrap();
        assert_eq!(seen.history.last().unwrap().note.to_string(), "why not");
        company.deed("mia", id, SUBMIT, &[("name", "Kim Li")]).await.unwrap();
        company.deed("sue", id, SUBMIT, &[]).await.unwrap();

        let ahead = look_at_draft(&company.ctx, &company.opened, company.id("tom").await, id, &texts(&[("name", "Kim Leigh")])).await.unwrap();
        let preview = ahead.preview.unwrap().unwrap();
        assert_eq!((preview.lifecycle.as_deref(), preview.roles.len()), (Some("active"), 1));
        assert_eq!(preview.plan.len(), 1, "{:?}", preview.plan);
        assert!(company.look("tom", id).await.unwrap().my_turn, "looking wrote nothing");

        let done = company.deed("tom", id, SUBMIT, &[("name", "Kim Leigh")]).await.unwrap();
        assert_eq!((done.state.word(), &done.about), ("entered", &Some(preview.key.clone())));
        assert!(done.fields.is_empty(), "what was entered is in the record now");
        let (person, _) = muster_app::see_person(&company.ctx, &company.opened, &preview.key).await.unwrap();
        let values: BTreeMap<_, _> = person.values.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!((&*person.display, &*values["badge"], &*values["end"]), ("Kim Leigh", "B7", "2027-03-31"));
        assert_eq!(company.mails().await, [("mia@tern.example".to_owned(), format!("Draft {id}: Add somebody is entered"))]);
        let told = company.actions(id).await;
        let steps: Vec<&str> = told.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(steps, ["form.start", "form.submit", "form.submit", "form.return", "form.submit", "form.submit", "form.submit"]);
        assert!(!told.join("").contains("Kim"), "the journal names fields, not what stands in them: {told:?}");
        let over = refused(company.deed("tom", id, SUBMIT, &[]).await);
        assert!(over.starts_with("Conflict: draft"), "{over}");
    }

    async fn nobody_confirms_what_they_drafted_nor_somebody_in_whose_place_they_draft(company) {
        let id = company.completed().await;
        let late = company.in_days(5);
        let to = |to: &str| NewDelegation { to: to.to_owned(), from: None, until: late, reason: String::new() };
        let tom = company.id("tom").await;
        create_delegation(&company.ctx, &company.opened, tom, &to("mia")).await.unwrap();
        let own = refused(company.deed("mia", id, SUBMIT, &[]).await);
        assert!(own.starts_with("Denied: it is not your turn"), "{own}");
        assert_eq!(company.waiting("mia").await, Vec::<i64>::new());
        create_delegation(&company.ctx, &company.opened, tom, &to("ben")).await.unwrap();
        assert_eq!(company.waiting("ben").await, [id]);
        let seen = company.look("ben", id).await.unwrap();
        assert_eq!(seen.in_place_of.as_deref(), Some("tom"));
        company.deed("ben", id, SUBMIT, &[]).await.unwrap();
        let last = company.actions(id).await.pop().unwrap();
        assert!(last.contains(r#""in_place_of":"tom"#), "{last}");
    }

    async fn somebody_elses_draft_is_not_there_and_fields_of_other_steps_are_refused(company) {
        let id = company.drafted().await;
        let none = refused(company.look("ada", id).await);
        assert_eq!(none.replace(&id.to_string(), "9"), refused(company.look("ada", 999).await).replace("999", "9"));
        assert_eq!(refused(company.deed("ada", id, DraftDeed::Withdraw, &[]).await), none);
        let early = refused(company.deed("mia", id, DraftDeed::Save, &[("badge", "B1")]).await);
        assert!(early.starts_with("Denied: it is not your turn"), "{early}");
        let name = refused(company.deed("sue", id, DraftDeed::Save, &[("name", "Eve")]).await);
        assert_eq!(name, "Denied: `name` is not entered at this step");
        let odd = refused(company.deed("sue", id, DraftDeed::Save, &[("display", "Eve")]).await);
        assert_eq!(odd, "Denied: `display` is not entered at this step");
        let theirs = refused(company.deed("sue", id, DraftDeed::Withdraw, &[]).await);
        assert!(theirs.starts_with("Denied: whoever began"), "{theirs}");
        assert!(refused(company.begin("ada", "add-staff", None).await).starts_with("NotFound"));
    }

    async fn of_two_who_submit_at_once_the_second_is_told_and_nothing_is_lost(company) {
        let id = company.drafted().await;
        let version = company.look("sue", id).await.unwrap().version;
        let work = |badge: &str| DraftWork {
            deed: DraftDeed::Save, version: Some(version), entered: texts(&[("badge", badge)]), note: String::new(),
        };
        let (sue, sam) = (company.id("sue").await, company.id("sam").await);
        work_draft(&company.ctx, &company.opened, sue, id, &work("B1")).await.unwrap();
        let second = refused(work_draft(&company.ctx, &company.opened, sam, id, &work("B2")).await);
        assert!(second.starts_with("Conflict: draft") && second.contains("somebody else"), "{second}");
        let badge = |view: &DraftView| view.fields.iter().find(|f| &*f.name == "badge").unwrap().text.to_string();
        assert_eq!(badge(&company.look("sam", id).await.unwrap()), "B1");
    }

    async fn what_is_missing_or_wrong_is_said_beside_its_field(company) {
        let id = company.begin("mia", "add-staff", None).await.unwrap().id;
        let wrong = texts(&[("kind", "king"), ("end", "soon"), ("remote", "perhaps"), ("skills", "a\u{7}b")]);
        let mia = company.id("mia").await;
        let seen = look_at_draft(&company.ctx, &company.opened, mia, id, &wrong).await.unwrap();
        let problems: BTreeMap<&str, FieldProblem> =
            seen.fields.iter().filter_map(|f| Some((&*f.name, f.problem.clone()?))).collect();
        assert_eq!(problems["name"], FieldProblem::Missing);
        assert_eq!(problems["kind"], FieldProblem::NoChoice);
        assert_eq!(problems["end"], FieldProblem::Malformed("date"));
        assert_eq!(problems["remote"], FieldProblem::Malformed("bool"));
        assert_eq!(problems["skills"], FieldProblem::Malformed("string"));
        let refusal = refused(company.deed("mia", id, SUBMIT, &[("end", "soon")]).await);
        assert_eq!(refusal, "Invalid: `end`: date is needed; `name`: a value is needed");
        let long = refused(company.deed("mia", id, SUBMIT, &[("name", &"x".repeat(5000)), ("end", "2027-01-01")]).await);
        assert_eq!(long, "Invalid: `name`: it is longer than 2000 characters");
        company.deed("mia", id, DraftDeed::Save, &[("name", "Kim"), ("end", "soon")]).await.unwrap();
        assert_eq!(company.look("mia", id).await.unwrap().fields[0].text.to_string(), "Kim", "a draft may be half right");
        let quiet = DraftWork { deed: DraftDeed::Refuse, version: None, entered: BTreeMap::new(), note: " ".into() };
        assert!(refused(work_draft(&company.ctx, &company.opened, mia, id, &quiet).await).contains("say why"));
    }

    async fn a_link_leads_only_to_whom_the_form_or_ones_rights_show(company) {
        let id = company.begin("mia", "add-staff", None).await.unwrap().id;
        let keys = |found: Vec<LinkFound>| found.iter().map(|one| one.key.to_string()).collect::<Vec<_>>();
        assert_eq!(keys(company.found("mia", id, "manager", "a").await), ["mia", "ada", "ben"], "of her team alone");
        let hidden = refused(company.deed("mia", id, DraftDeed::Save, &[("manager", "sue")]).await);
        let nobody = refused(company.deed("mia", id, DraftDeed::Save, &[("manager", "eve")]).await);
        assert_eq!(hidden.replace("sue", "eve"), nobody, "the same words");
        company.deed("mia", id, DraftDeed::Save, &[("manager", "ada@tern.example")]).await.unwrap();
        let manager = company.look("mia", id).await.unwrap();
        assert_eq!(manager.fields.iter().find(|f| &*f.name == "manager").unwrap().text.to_string(), "ada");
        let mia = company.id("mia").await;
        let other = find_for_draft(&company.ctx, &company.opened, mia, id, ("badge", "b")).await;
        assert!(refused(other).starts_with("Denied"));
        company.deed("mia", id, DraftDeed::Withdraw, &[]).await.unwrap();

        let id = company.completed().await;
        company.deed("tom", id, SUBMIT, &[]).await.unwrap();
        let staff = company.look("mia", id).await.unwrap().about.unwrap();
        let moved = company.begin("mia", "move-staff", Some(&staff)).await.unwrap().id;
        assert_eq!(keys(company.found("mia", moved, "manager", "a").await), ["mia"], "without a right oneself only");
        company.give("mia", "watcher").await;
        assert_eq!(keys(company.found("mia", moved, "manager", "a").await), ["mia", "ada", "ben"], "within reach");
    }

    async fn what_is_kept_by_hand_is_changed_and_ended_by_a_form(company) {
        let id = company.completed().await;
        company.deed("tom", id, SUBMIT, &[]).await.unwrap();
        let key = company.look("mia", id).await.unwrap().about.unwrap();
        let theirs = refused(company.begin("tom", "move-staff", Some(&key)).await);
        let nobody = refused(company.begin("tom", "move-staff", Some("S999")).await);
        assert_eq!(theirs.replace(&*key, "S999"), nobody, "the same words");
        let draft = company.begin("mia", "move-staff", Some(&key)).await.unwrap();
        let stale = company.begin("mia", "move-staff", Some(&key)).await.unwrap().id;
        let kind = draft.fields.iter().find(|field| &*field.name == "kind").unwrap();
        assert_eq!(&*kind.text, "intern");
        let before = muster_app::entity_history(&company.ctx, &company.opened, &key).await.unwrap().len();
        let fields = [("kind", "contractor"), ("end", "2026-11-01"), ("manager", "mia")];
        company.deed("mia", draft.id, SUBMIT, &fields).await.unwrap();
        let (person, _) = muster_app::see_person(&company.ctx, &company.opened, &key).await.unwrap();
        assert_eq!(person.lifecycle.as_deref(), Some("leaver"));
        let after = muster_app::entity_history(&company.ctx, &company.opened, &key).await.unwrap().len();
        assert_eq!(after, before + 1);
        company.leaves("mia").await;
        let late = refused(company.deed("mia", stale, SUBMIT, &[]).await);
        assert!(late.starts_with("Denied"), "who has left does nothing: {late}");
    }

    async fn a_second_one_of_nearly_the_same_name_or_the_same_badge_is_not_entered(company) {
        let first = company.completed().await;
        company.deed("tom", first, SUBMIT, &[]).await.unwrap();
        let second = company.drafted().await;
        company.deed("sue", second, SUBMIT, &[("badge", "B7")]).await.unwrap();
        let alike = refused(company.deed("tom", second, SUBMIT, &[]).await);
        assert_eq!(alike, "Conflict: somebody with nearly the same name is here already");
        let despite = DraftDeed::Submit { despite_look_alikes: true };
        let taken = company.deed("tom", second, despite.clone(), &[]).await.unwrap_err();
        assert_eq!(taken.attribute(), Some("badge"), "{taken}");
        company.deed("tom", second, back(None), &[]).await.unwrap();
        company.deed("sue", second, SUBMIT, &[("badge", "B8")]).await.unwrap();
        company.deed("tom", second, despite, &[]).await.unwrap();
    }

    async fn a_draft_on_which_nobody_works_ends_and_is_forgotten(company) {
        let id = company.drafted().await;
        company.pass(9);
        company.deed("sue", id, DraftDeed::Save, &[("badge", "B1")]).await.unwrap();
        company.pass(9);
        assert_eq!(company.mails().await, []);
        company.pass(1);
        assert_eq!(company.mails().await, [("mia@tern.example".to_owned(), format!("Draft {id}: Add somebody is expired"))]);
        assert_eq!(company.look("mia", id).await.unwrap().state.word(), "expired");
        let kept = company.opened.store.read().await.unwrap().form_draft(id).await.unwrap().unwrap();
        assert_eq!(&*kept.entered, "{}");
        assert_eq!(company.waiting("sue").await, Vec::<i64>::new());
    }
}

#[tokio::test]
async fn a_draft_whose_step_the_model_no_longer_has_begins_anew() {
    let mut company = Company::sqlite(MODEL).await;
    let id = company.drafted().await;
    let other = MODEL.replace(
        "      complete: { role: security, fields: [badge, site], required: [badge], shows: [name] }\n",
        "      check: { role: desk, fields: [badge, site, kind], required: [badge, kind] }\n",
    );
    company.publish(&other).await;
    let late = refused(company.deed("sue", id, SUBMIT, &[("badge", "B7")]).await);
    assert!(late.starts_with("NotFound"), "{late}");
    assert_eq!(company.waiting("mia").await, Vec::<i64>::new(), "she finds it among her own");
    assert!(company.look("mia", id).await.unwrap().my_turn);
    company.deed("mia", id, SUBMIT, &[]).await.unwrap();
    assert_eq!(company.waiting("ben").await, [id], "whoever has the role desk");
    company.publish(&MODEL.replace("  add-staff:\n", "  add-others:\n")).await;
    let gone = refused(company.deed("mia", id, DraftDeed::Save, &[]).await);
    assert!(gone.contains("no form `add-staff` any more"), "{gone}");
    company.deed("mia", id, DraftDeed::Withdraw, &[]).await.unwrap();
}
