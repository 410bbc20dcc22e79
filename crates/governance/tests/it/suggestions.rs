//! Roles that peers have.

use muster_engine::LocalVerb;
use muster_governance::{Suggestion, suggest_roles};

use crate::support::*;

const CLERKS: [&str; 6] = ["eva", "fay", "gus", "hal", "ida", "jon"];

/// Ada is a clerk among six others, whom Mia leads like Ben.
async fn clerks(company: &Company) {
    for id in CLERKS {
        let set = [("id", id), ("name", id), ("title", "Clerk"), ("manager", "mia")];
        company.write(LocalVerb::Create, None, &set).await;
    }
    company.change("ada", &[("title", "Clerk")]).await;
}

async fn suggested(company: &Company, who: &str) -> Vec<Suggestion> {
    let me = company.id(who).await;
    suggest_roles(&company.ctx, &company.opened, me).await.unwrap()
}

async fn whys(company: &Company, who: &str) -> Vec<String> {
    let all = suggested(company, who).await;
    all.iter().map(|one| format!("{}: {}", one.role, one.why())).collect()
}

on_both! {
    async fn what_most_peers_have_is_suggested_with_how_many(company) {
        clerks(&company).await;
        for id in &CLERKS[..4] {
            company.give(id, "vpn").await;
        }
        company.give("eva", "wiki").await;
        company.give("fay", "wiki").await;
        // Nobody can ask for this one, so nobody hears of it.
        for id in CLERKS {
            company.give(id, "audit").await;
        }
        assert_eq!(whys(&company, "ada").await, ["vpn: 4 of 6 with the title Clerk have it"]);
        company.give("gus", "wiki").await;
        let both = whys(&company, "ada").await;
        assert_eq!(both, ["vpn: 4 of 6 with the title Clerk have it", "wiki: 3 of 6 with the title Clerk have it"]);
        company.ask("ada", "vpn", "ada").await;
        company.give("ada", "wiki").await;
        assert_eq!(whys(&company, "ada").await, [] as [String; 0]);
    }

    async fn of_fewer_than_five_peers_nothing_is_told(company) {
        clerks(&company).await;
        for id in CLERKS {
            company.give(id, "vpn").await;
        }
        company.leaves("ida").await;
        company.leaves("jon").await;
        // Four clerks are left, and with Ben five whom Mia leads.
        assert_eq!(whys(&company, "ada").await, ["vpn: 4 of 5 who report to mia have it"]);
        company.leaves("hal").await;
        assert_eq!(whys(&company, "ada").await, [] as [String; 0]);
        assert_eq!(whys(&company, "tom").await, [] as [String; 0]);
    }

    async fn what_would_be_refused_is_not_suggested(company) {
        clerks(&company).await;
        for id in CLERKS {
            company.give(id, "create-payment").await;
        }
        assert_eq!(suggested(&company, "ada").await[0].have, 6);
        company.give("ada", "approve-payment").await;
        assert_eq!(whys(&company, "ada").await, [] as [String; 0]);
        company.leaves("ada").await;
        let me = company.id("ada").await;
        assert!(refused(suggest_roles(&company.ctx, &company.opened, me).await).starts_with("Denied"));
    }
}
