//! What people are told: when they want it, by what, in their language, in the words of the model; and what never goes astray.

use muster_engine::LocalVerb;
use muster_governance::{
    Answer, NoticeChange, Verdict, change_notice_settings, decide_request, see_notice_settings,
};
use muster_policy::{By, Told, Topic};
use muster_store::JournalFilter;

use crate::support::{Company, refused};

const MODEL: &str = r#"
muster: 1
url: https://muster.tern.example
timezone: Europe/Berlin
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
      tongue: { type: string }
      slack: { type: string }
      manager: { type: link, to: person }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
roles:
  desk: {}
  vpn: { request: { approval: [manager] } }
  crm: { request: { approval: [manager] } }
mail: { host: 127.0.0.1, from: muster@tern.example }
notices:
  language_from: tongue
  told: { requests: daily }
  chats:
    people: { form: slack, url: "https://chat.tern.example/people", person: slack }
    room: { form: plain, url: "https://chat.tern.example/room", tells: approvals }
"#;

fn yes() -> Answer {
    Answer { verdict: Verdict::Approve, note: String::new(), until: None }
}

impl Company {
    async fn choose(&self, who: &str, words: &[(&str, &str)]) {
        let change = NoticeChange::read(words.iter().copied()).unwrap();
        let me = self.id(who).await;
        change_notice_settings(&self.ctx, &self.opened, me, &change).await.unwrap();
    }

    /// A moment of the day on which the company begins, in Berlin.
    fn clock(&self, day: u32, time: &str) {
        self.at(format!("2026-11-{day}T{time}+01:00").parse().unwrap());
    }
}

on_both! {
    async fn what_is_told_once_a_day_comes_together_at_its_time(company) {
        company.choose("mia", &[("approvals", "daily")]).await;
        company.clock(21, "10:00");
        company.ask("ada", "vpn", "ada").await;
        company.ask("ada", "crm", "ada").await;
        assert_eq!(company.work().await, []);
        company.clock(22, "07:59");
        assert_eq!(company.work().await, []);
        company.ask("ben", "crm", "ben").await;
        company.clock(22, "08:00");
        muster_governance::work_due(&company.ctx, &company.opened).await.unwrap();
        let mails = company.take_mails();
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!((&*mail.to[0], mail.subject.as_str()), ("mia@tern.example", "Muster: 3 new things for you"));
        for said in ["role vpn for ada waits for you", "role crm for ben", "https://muster.tern.example/approvals"] {
            assert!(mail.text.contains(said), "{said}: {}", mail.text);
        }
        // What is read together may lie open: it holds no link that decides.
        assert!(!mail.text.contains("/decide/"), "{}", mail.text);
        company.clock(23, "08:00");
        assert_eq!(company.work().await, [], "once");
    }

    async fn of_what_is_over_by_then_nothing_is_told(company) {
        company.choose("mia", &[("approvals", "daily")]).await;
        let made = company.ask("ada", "vpn", "ada").await;
        assert_eq!(company.work().await, []);
        let mia = company.id("mia").await;
        decide_request(&company.ctx, &company.opened, mia, made.id, &yes()).await.unwrap();
        assert_eq!(company.work().await, []);
        company.clock(23, "08:00");
        let told = company.work().await;
        // The model says once a day for what becomes of requests.
        assert_eq!(told, [("ada@tern.example".to_owned(), "Muster: 1 new thing for you".to_owned())]);
    }

    async fn whoever_wants_to_hear_nothing_hears_nothing_and_can_take_it_back(company) {
        company.choose("mia", &[("approvals", "never")]).await;
        company.ask("ada", "vpn", "ada").await;
        assert_eq!(company.work().await, []);
        company.choose("mia", &[("approvals", "usual")]).await;
        company.ask("ada", "crm", "ada").await;
        assert_eq!(company.work().await.len(), 1);
        let mia = company.id("mia").await;
        let settings = see_notice_settings(&company.ctx, &company.opened, mia).await.unwrap();
        let of = |topic| settings.topics.iter().find(|one| one.topic == topic).unwrap();
        assert_eq!((of(Topic::Approvals).chosen, of(Topic::Approvals).told), (None, Told::AtOnce));
        assert_eq!((of(Topic::Requests).chosen, of(Topic::Requests).told), (None, Told::Daily));
        let filter = JournalFilter { action: Some("notices.choose".into()), ..JournalFilter::default() };
        let mut tx = company.opened.store.read().await.unwrap();
        assert_eq!(tx.search_journal(&filter, None, 9).await.unwrap().len(), 2);
    }

    async fn everybody_reads_their_own_language_and_the_time_of_their_zone(company) {
        for (who, tongue) in [("mia", "de-AT"), ("tom", "fr")] {
            let id = company.id(who).await;
            company.write(LocalVerb::Change, Some(id), &[("tongue", tongue)]).await;
        }
        company.ask("ada", "vpn", "ada").await;
        muster_governance::work_due(&company.ctx, &company.opened).await.unwrap();
        let mails = company.take_mails();
        assert_eq!(mails[0].subject, "Anfrage 1: Rolle vpn für ada wartet auf Sie");
        // 7 days after noon in London.
        let until = "bis 27.11.2026, 13:00 Uhr CET oder bis sich die Anfrage ändert";
        assert!(mails[0].text.contains(until), "{}", mails[0].text);
        assert!(mails[0].text.contains("Hier entscheiden: https://muster.tern.example/decide/"));
        // A language that Muster does not speak counts as none; what one chose counts more than what is known.
        company.ask("mia", "vpn", "mia").await;
        assert!(company.work().await[0].1.starts_with("Request 2: role vpn for mia waits"));
        company.choose("mia", &[("language", "en")]).await;
        company.ask("ada", "crm", "ada").await;
        assert_eq!(company.work().await[0].1, "Request 3: role crm for ada waits for you");
    }

    async fn chats_are_told_without_a_link_that_decides(company) {
        let id = company.id("mia").await;
        company.write(LocalVerb::Change, Some(id), &[("slack", "U7")]).await;
        company.choose("mia", &[("by", "chat")]).await;
        company.ask("ada", "vpn", "ada").await;
        assert_eq!(company.work().await, [], "no mail");
        let posts = company.take_posts();
        let of = |address: &str| posts.iter().find(|(url, _)| url.ends_with(address)).unwrap();
        let (_, to_mia) = of("/people");
        assert_eq!((&to_mia["channel"], &to_mia["text"]), (&"U7".into(), &"Request 1: role vpn for ada waits for you".into()));
        let (_, to_all) = of("/room");
        assert_eq!(to_all["subject"], "Request 1: role vpn for ada waits for a decision");
        assert_eq!(to_all["page"], "https://muster.tern.example/approvals");
        assert_eq!(posts.len(), 2);
        for (_, post) in &posts {
            assert!(!post.to_string().contains("/decide/"), "{post}");
        }
        let ada = company.id("ada").await;
        let settings = see_notice_settings(&company.ctx, &company.opened, ada).await.unwrap();
        assert_eq!((settings.by, settings.has_chat), (By::Mail, false));
        let change = NoticeChange::read([("by", "chat")]).unwrap();
        let tried = change_notice_settings(&company.ctx, &company.opened, ada, &change).await;
        assert_eq!(refused(tried), "Invalid: no chat of the project knows you");
    }

    async fn a_choice_that_is_none_is_refused_with_those_there_are(company) {
        let error = NoticeChange::read([("reviews", "sometimes")]).unwrap_err();
        assert_eq!(error.to_string(), "`sometimes` is no choice");
        assert_eq!(error.hints(), ["one of: at-once, daily, never, usual"]);
        assert!(NoticeChange::read([("weather", "daily")]).is_err());
        assert!(NoticeChange::read([("weather", "")]).is_ok(), "what is left empty stays");
        assert_eq!(company.work().await, []);
    }
}

/// The same company with other notices.
fn with(notices: &str) -> String {
    let (before, _) = MODEL.split_once("notices:").unwrap();
    format!("{before}notices: {notices}\n")
}

#[tokio::test]
async fn the_model_says_it_in_its_own_words_and_what_cannot_be_filled_is_said_in_those_of_muster() {
    let text = |subject: &str| {
        with(&format!(
            r#"{{ texts: {{ request: {{ en: {{ subject: "{subject}", text: "{{{{ reason }}}} {{{{ page }}}}" }} }} }} }}"#
        ))
    };
    let company = Company::sqlite(&text("{{ person }} wants {{ role }}\\nBcc: evil@x")).await;
    company.ask("ada", "vpn", "ada").await;
    muster_governance::work_due(&company.ctx, &company.opened).await.unwrap();
    let mails = company.take_mails();
    assert_eq!(mails[0].subject, "ada wants vpn Bcc: evil@x", "a subject is one line");
    assert!(mails[0].text.ends_with("https://muster.tern.example/approvals"), "{}", mails[0].text);
    let company = Company::sqlite(&text("{{ number.of.it }}")).await;
    company.ask("ada", "vpn", "ada").await;
    assert_eq!(company.work().await[0].1, "Request 1: role vpn for ada waits for you");
}

#[tokio::test]
async fn a_chat_that_is_away_is_tried_again_and_given_up() {
    let chats =
        "{ chats: { room: { url: \"https://chat.tern.example/away\", tells: approvals } } }";
    let company = Company::sqlite(&with(chats)).await;
    company.ask("ada", "vpn", "ada").await;
    assert_eq!(company.work().await.len(), 1, "the mail goes out all the same");
    let mut left = 0;
    for _ in 0..12 {
        let mut tx = company.opened.store.read().await.unwrap();
        left = tx.due_notices(company.in_days(9), 9).await.unwrap().len();
        drop(tx);
        company.pass(1);
        assert_eq!(company.work().await, []);
    }
    assert_eq!((left, company.take_posts().len()), (0, 0));
}

#[tokio::test]
async fn of_two_nodes_one_tells() {
    let company = Company::sqlite(MODEL).await;
    company.ask("ada", "vpn", "ada").await;
    let work = || muster_governance::work_due(&company.ctx, &company.opened);
    let (first, second) = tokio::join!(work(), work());
    first.unwrap();
    second.unwrap();
    assert_eq!(company.take_mails().len(), 1);
}
