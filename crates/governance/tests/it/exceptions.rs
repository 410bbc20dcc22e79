//! Exceptions from conflicts, what would end one, the score of risk.

use std::sync::Arc;

use jiff::Timestamp;
use muster_app::{Authority, Ctx, list_conflicts};
use muster_governance::{
    ExceptionView, NewException, Solution, end_exception, except_conflict, list_exceptions,
    list_risks, see_risk, solve_conflict,
};
use muster_policy::Right;

use crate::support::*;

/// An exception for ada from `four-eyes`, for which tom answers.
fn for_ada(until: Timestamp) -> NewException {
    NewException {
        person: "ada".into(),
        conflict: "four-eyes".into(),
        from: None,
        until,
        reason: "two of three are ill".into(),
        mitigation: "tom looks at each payment".into(),
        owner: "tom".into(),
    }
}

impl Company {
    async fn except(&self, new: &NewException) -> Result<ExceptionView, muster_app::Error> {
        except_conflict(&self.ctx, &self.opened, new).await
    }

    /// Somebody who acts for themselves, with the rights of their roles.
    async fn acting(&self, who: &str, right: Right) -> Ctx {
        let person = self.id(who).await;
        let authority = Authority::of(&self.ctx, &self.opened, person).await.unwrap().unwrap();
        Ctx { reach: Arc::new(authority).reach(right).unwrap(), ..self.ctx.clone() }
    }

    /// Ada may do both for thirty days.
    async fn allow_ada(&self) {
        self.give("ada", "create-payment").await;
        self.except(&for_ada(self.in_days(30))).await.unwrap();
        self.give("ada", "approve-payment").await;
    }

    /// Whether ada's conflicts are excepted.
    async fn conflicts_of_all(&self) -> Vec<(String, bool)> {
        let all = list_conflicts(&self.ctx, &self.opened, None, 0, 1000).await.unwrap();
        all.items
            .iter()
            .map(|of| (format!("{} {}", of.person.key, of.conflict), of.excepted))
            .collect()
    }

    async fn solve_ada(&self) -> Result<Solution, muster_app::Error> {
        solve_conflict(&self.ctx, &self.opened, "ada", "four-eyes").await
    }
}

on_both! {
    async fn an_exception_allows_a_blocking_conflict_until_its_end(company) {
        company.give("ada", "create-payment").await;
        assert!(refused(company.try_give("ada", "approve-payment").await).contains("four-eyes"));
        let made = company.except(&for_ada(company.in_days(30))).await.unwrap();
        assert_eq!((&*made.person, &*made.owner), ("ada", "tom"));
        company.give("ada", "approve-payment").await;
        assert_eq!(company.conflicts_of_all().await, [("ada four-eyes".to_owned(), true)]);
        company.pass(30);
        assert_eq!(company.conflicts_of_all().await, [("ada four-eyes".to_owned(), false)]);
        assert_eq!(list_exceptions(&company.ctx, &company.opened, None, None, 10).await.unwrap().items.len(), 0);
    }

    async fn an_exception_lets_a_request_through(company) {
        company.give("ada", "create-payment").await;
        company.except(&for_ada(company.in_days(30))).await.unwrap();
        let made = company.ask("ada", "approve-payment", "ada").await;
        company.approve("mia", made.id).await.unwrap();
    }

    async fn an_exception_is_for_one_person_and_one_conflict(company) {
        company.except(&for_ada(company.in_days(30))).await.unwrap();
        company.give("ben", "create-payment").await;
        assert!(refused(company.try_give("ben", "approve-payment").await).contains("four-eyes"));
        company.give("ada", "see-payment").await;
        assert!(refused(company.try_give("ada", "create-payment").await).contains("`look`"));
    }

    async fn an_ended_exception_allows_nothing_more(company) {
        company.allow_ada().await;
        let page = list_exceptions(&company.ctx, &company.opened, Some("four-eyes"), None, 10).await.unwrap();
        let id = page.items[0].id.0;
        assert!(refused(end_exception(&company.ctx, &company.opened, id, " ").await).contains("reason"));
        end_exception(&company.ctx, &company.opened, id, "all are back").await.unwrap();
        assert_eq!(company.conflicts_of_all().await, [("ada four-eyes".to_owned(), false)]);
        assert!(refused(end_exception(&company.ctx, &company.opened, id, "again").await).starts_with("NotFound"));
    }

    async fn what_makes_no_good_exception_is_refused(company) {
        let good = for_ada(company.in_days(30));
        let cases = [
            (NewException { reason: " ".into(), ..good.clone() }, "needs a reason"),
            (NewException { mitigation: String::new(), ..good.clone() }, "needs a mitigation"),
            (NewException { until: company.in_days(0), ..good.clone() }, "not after the start"),
            (NewException { until: company.in_days(367), ..good.clone() }, "366 days at most"),
            (NewException { conflict: "six-eyes".into(), ..good.clone() }, "no conflict `six-eyes`"),
            (NewException { owner: "nobody".into(), ..good.clone() }, "no identity `nobody`"),
            (NewException { owner: "ada".into(), ..good.clone() }, "does not answer for it themselves"),
        ];
        for (new, problem) in cases {
            let refusal = refused(company.except(&new).await);
            assert!(refusal.contains(problem), "{refusal}");
        }
        company.except(&good).await.unwrap();
        assert!(refused(company.except(&good).await).contains("holds for that time already"));
        company.leaves("tom").await;
        let later = NewException { from: Some(company.in_days(30)), until: company.in_days(40), ..good };
        assert!(refused(company.except(&later).await).contains("has left"));
    }

    async fn nobody_makes_or_ends_an_exception_for_themselves(company) {
        company.give("ada", "controller").await;
        company.give("sue", "controller").await;
        let ada = company.acting("ada", Right::ConflictsWrite).await;
        let new = for_ada(company.in_days(30));
        let refusal = refused(except_conflict(&ada, &company.opened, &new).await);
        assert!(refusal.starts_with("Denied"), "{refusal}");
        let sue = company.acting("sue", Right::ConflictsWrite).await;
        let made = except_conflict(&sue, &company.opened, &new).await.unwrap();
        let refusal = refused(end_exception(&ada, &company.opened, made.id.0, "mine").await);
        assert!(refusal.starts_with("Denied"), "{refusal}");
    }

    async fn the_smallest_removal_is_found_and_ends_the_conflict(company) {
        assert!(refused(company.solve_ada().await).contains("does not have the conflict"));
        company.allow_ada().await;
        company.give("ada", "vpn").await;
        let found = company.solve_ada().await.unwrap();
        let sets: Vec<(Vec<&str>, &[String])> = found.removals.iter()
            .map(|set| (set.assignments.iter().map(|(_, role)| &**role).collect(), &*set.lost))
            .collect();
        let right = |name: &str| vec![format!("ledger.right:{name}")];
        let expected = [(vec!["create-payment"], right("create")), (vec!["approve-payment"], right("approve"))];
        let expected: Vec<(Vec<&str>, &[String])> =
            expected.iter().map(|(roles, lost)| (roles.clone(), &**lost)).collect();
        assert_eq!(sets, expected);
        assert!(found.excepted && found.by_rule.is_empty());
    }

    async fn a_removal_takes_every_way_in_which_a_duty_is_held(company) {
        company.allow_ada().await;
        company.give("ada", "both").await;
        let found = company.solve_ada().await.unwrap();
        let roles = |set: &muster_governance::Removal| {
            set.assignments.iter().map(|(_, role)| role.to_string()).collect::<Vec<_>>()
        };
        let sets: Vec<Vec<String>> = found.removals.iter().map(roles).collect();
        assert_eq!(sets, [["create-payment", "both"], ["approve-payment", "both"]]);
    }

    async fn a_score_says_what_it_comes_from(company) {
        company.give("ada", "vpn").await;
        let seen = see_risk(&company.ctx, &company.opened, "ada").await.unwrap();
        assert_eq!(seen.score, 20);
        company.allow_ada().await;
        let seen = see_risk(&company.ctx, &company.opened, "ada").await.unwrap();
        let parts: Vec<_> = seen.parts.iter().map(|part| (part.kind, &*part.name, part.risk)).collect();
        assert_eq!(parts, [("exception", "four-eyes", 25), ("role", "vpn", 20)]);
        assert_eq!(seen.score, 40);
        company.pass(30);
        assert_eq!(see_risk(&company.ctx, &company.opened, "ada").await.unwrap().score, 60);
        company.give("ben", "vpn").await;
        let first = list_risks(&company.ctx, &company.opened, 0, 1).await.unwrap();
        let rest = list_risks(&company.ctx, &company.opened, 1, 1).await.unwrap();
        assert_eq!((&*first.items[0].person.key, first.items[0].score), ("ada", 60));
        assert_eq!(first.next, Some(1));
        assert_eq!((&*rest.items[0].person.key, rest.items[0].score, rest.next), ("ben", 20, None));
    }

    async fn whom_a_conflict_spares_is_only_warned(company) {
        company.give("ada", "see-payment").await;
        assert!(refused(company.try_ask("ada", "print-payment", "ada").await).contains("`hush`"));
        // Ben has the role that the conflict is lenient for.
        let made = company.ask("ben", "print-payment", "ada").await;
        company.approve("mia", made.id).await.unwrap();
        assert_eq!(company.conflicts_of_all().await, [("ada hush".to_owned(), false)]);
    }
}
