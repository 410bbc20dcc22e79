//! Several policies of one role: the table of the book is what happens; and who decides by a rule.

use muster_governance::{CatalogueQuery, NewRequest, check_request, search_catalogue};

use crate::support::*;

const BOOK: &str = include_str!("../../../../docs/book/src/policy/requests.md");

/// The model of the other tests with the role of the book.
fn model() -> String {
    let block = BOOK.split("```yaml\n").find(|block| block.contains("# P4")).unwrap();
    let role = block.split("```").next().unwrap().strip_prefix("roles:\n").unwrap();
    MODEL.replace("roles:\n", &format!("roles:\n{role}"))
}

/// The rows of the table in the book: the policies that hold, and the cells.
fn rows() -> Vec<(String, Vec<String>)> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let rows = BOOK.lines().filter(|line| line.starts_with("| P1")).map(cells);
    rows.map(|mut cells| (cells.remove(0), cells)).collect()
}

async fn check(company: Company) {
    company.change("tom", &[("team", "sales"), ("kind", "administrator")]).await;
    company.change("ben", &[("kind", "contractor")]).await;
    company.change("sam", &[("kind", "contractor")]).await;
    let mut seen = Vec::new();
    for (asks, admin) in [("mia", ""), ("tom", " P4")] {
        for (whom, also) in [("ada", " P2"), ("ben", " P2 P3"), ("sue", ""), ("sam", " P3")] {
            let holds = format!("P1{also}{admin}");
            let query = CatalogueQuery {
                search: "reports".to_owned(),
                person: Some(whom.to_owned()),
                after: None,
                limit: 9,
            };
            let me = company.id(asks).await;
            let found = search_catalogue(&company.ctx, &company.opened, me, &query).await.unwrap();
            let terms = &found.items[0].terms;
            let stages: Vec<&str> = terms.stages.iter().map(|stage| &*stage.name).collect();
            let days = |time: Option<jiff::SignedDuration>| {
                time.map_or_else(|| "–".to_owned(), |time| format!("{} d", time.as_hours() / 24))
            };
            let cells = vec![
                stages.join(", "),
                days(terms.longest),
                days(terms.usual),
                if terms.reason { "required" } else { "optional" }.to_owned(),
                if terms.extend { "free" } else { "approval" }.to_owned(),
            ];
            seen.push((holds, cells));
        }
    }
    let mut table = rows();
    seen.sort();
    table.sort();
    assert_eq!(seen, table);
}

#[tokio::test]
async fn of_several_policies_the_strictest_part_counts_as_the_book_says() {
    check(Company::sqlite(&model()).await).await;
}

/// A machine has an owner, who asks for it.
#[tokio::test]
async fn whoever_asks_may_be_of_another_type_than_whoever_gets_it() {
    let types = MODEL.split("systems:").next().unwrap();
    let model = format!(
        "{types}{}",
        r#"  bot:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      owner: { type: link, to: person }
roles:
  desk: { for: person }
  robot: { for: bot, request: { who: "bot.owner == me", approval: [] } }
"#
    );
    let company = Company::sqlite(&model).await;
    company.create("bot", &[("id", "r2"), ("owner", "ada")]).await;
    assert!(refused(company.try_ask("ben", "robot", "r2").await).starts_with("Denied"));
    company.ask("ada", "robot", "r2").await;
    assert_eq!(company.given("r2").await.len(), 1);
}

on_both! {
    async fn those_who_have_a_role_by_a_rule_hear_of_what_waits_for_them(company) {
        company.ask("ada", "lab-2", "ada").await;
        let mails = company.work().await;
        let mut to: Vec<&str> = mails.iter().map(|(to, _)| to.as_str()).collect();
        to.sort_unstable();
        assert_eq!(to, ["sam@tern.example", "sue@tern.example"]);
    }

    async fn a_role_that_a_rule_gives_to_nobody_who_may_decide_approves_nothing(company) {
        company.leaves("sue").await;
        // Sam is the only one left, and nobody decides for themselves.
        let own = company.try_ask("sam", "lab-2", "sam").await;
        assert!(refused(own).starts_with("Conflict: nobody could approve role `lab-2`"));
        company.ask("ada", "lab-2", "ada").await;
        company.leaves("sam").await;
        let none = company.try_ask("ben", "lab-2", "ben").await;
        assert!(refused(none).starts_with("Conflict: nobody could approve role `lab-2`"));
        company.change("tom", &[("team", "security")]).await;
        assert_eq!(company.ask("ben", "lab-2", "ben").await.status, "waits on whoever has role security (role security)");
    }

    async fn conflicts_of_a_basket_with_itself_are_seen_before_it_is_sent(company) {
        company.give("sue", "audit").await;
        let me = company.id("ada").await;
        let new = |roles: &[&str]| NewRequest {
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            reason: "a project".to_owned(),
            ..NewRequest::default()
        };
        let (ctx, opened) = (&company.ctx, &company.opened);
        for (roles, conflict, on) in [
            (["create-payment", "approve-payment"], "four-eyes", "block"),
            (["create-payment", "see-payment"], "look", "approve"),
            (["create-payment", "print-payment"], "paper", "warn"),
        ] {
            let checked = check_request(ctx, opened, me, &new(&roles)).await.unwrap();
            for one in &checked {
                let found: Vec<_> = one.conflicts.iter().map(|of| (&*of.name, of.on)).collect();
                assert_eq!(found, [(conflict, on)], "{}", one.role);
            }
        }
        let both = muster_governance::create_request(ctx, opened, me, &new(&["create-payment", "approve-payment"])).await;
        assert!(refused(both).contains("four-eyes"));
    }
}
