//! The steps of the first ten minutes, each a command and what must come of it.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use jiff::civil::Date;
use muster_demo::{CAMPAIGN, Expectations, REVIEW};
use serde_json::Value as Json;

use super::{
    capture::{Seen, muster},
    check::Verdict,
    found::{at, ended, equal, find, items, same, texts, word},
    interrupt::Interrupting,
};
use crate::{
    host::Host,
    shell::{read_file, write_file},
};

/// What the steps share.
pub(super) struct Walk {
    pub(super) host: Host,
    pub(super) dir: PathBuf,
    pub(super) today: Date,
    pub(super) expected: Expectations,
    /// The plan that is applied.
    pub(super) plan: String,
    /// How many operations the interrupted apply settled: did, or was refused for good.
    pub(super) settled: u64,
}

/// A step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Sync,
    ChangedOutside,
    People,
    Orphans,
    ExplainAccess,
    ExplainAttribute,
    Conflicts,
    Review,
    Plan,
    ApplyInterrupted,
    ApplyContinued,
    Differences,
    Adopt,
    Revert,
    SyncAgain,
    PlanAgain,
    CheckMisspelt,
    CheckMended,
    Test,
    Simulate,
    Form,
    AuditVerify,
    AuditTampered,
    Init,
}

/// All steps in order.
pub(super) const STEPS: [Step; 24] = [
    Step::Sync,
    Step::ChangedOutside,
    Step::People,
    Step::Orphans,
    Step::ExplainAccess,
    Step::ExplainAttribute,
    Step::Conflicts,
    Step::Review,
    Step::Plan,
    Step::ApplyInterrupted,
    Step::ApplyContinued,
    Step::Differences,
    Step::Adopt,
    Step::Revert,
    Step::SyncAgain,
    Step::PlanAgain,
    Step::CheckMisspelt,
    Step::CheckMended,
    Step::Test,
    Step::Simulate,
    Step::Form,
    Step::AuditVerify,
    Step::AuditTampered,
    Step::Init,
];

impl Step {
    /// The step as one would type it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sync => "muster sync",
            Self::ChangedOutside => "muster sync after changes made outside",
            Self::People => "muster users --where …",
            Self::Orphans => "muster orphans",
            Self::ExplainAccess => "muster explain maya.okafor ledger:post-journal",
            Self::ExplainAttribute => "muster explain maya.okafor .title",
            Self::Conflicts => "muster explain PERSON: duty conflicts",
            Self::Review => "muster reviews open ledger",
            Self::Plan => "muster plan",
            Self::ApplyInterrupted => "muster apply, Ctrl-C in the middle",
            Self::ApplyContinued => "muster apply again",
            Self::Differences => "muster drift",
            Self::Adopt => "muster drift adopt",
            Self::Revert => "muster drift revert --group",
            Self::SyncAgain => "muster sync again",
            Self::PlanAgain => "muster plan again",
            Self::CheckMisspelt => "muster check with a misspelt attribute",
            Self::CheckMended => "muster check after mending it",
            Self::Test => "muster test",
            Self::Simulate => "muster simulate --at",
            Self::Form => "muster forms start add-contractor",
            Self::AuditVerify => "muster audit verify",
            Self::AuditTampered => "muster audit verify of a changed export",
            Self::Init => "muster init --from yourpeople.csv",
        }
    }
}

impl Walk {
    /// Does one step.
    #[expect(clippy::cognitive_complexity, reason = "a table of steps: each is one line")]
    pub(super) async fn run(&mut self, step: Step) -> Verdict {
        match step {
            Step::Sync => self.sync().await,
            Step::ChangedOutside => self.changed_outside().await,
            Step::People => self.people().await,
            Step::Orphans => self.orphans().await,
            Step::ExplainAccess => self.explain_access().await,
            Step::ExplainAttribute => self.explain_attribute().await,
            Step::Conflicts => self.conflicts().await,
            Step::Review => self.review().await,
            Step::Plan => self.plan().await,
            Step::ApplyInterrupted => self.apply_interrupted().await,
            Step::ApplyContinued => self.apply_continued().await,
            Step::Differences => self.differences().await,
            Step::Adopt => self.adopt().await,
            Step::Revert => self.revert().await,
            Step::SyncAgain => self.sync_again().await,
            Step::PlanAgain => self.plan_again().await,
            Step::CheckMisspelt => self.check_misspelt().await,
            Step::CheckMended => self.check_mended().await,
            Step::Test => self.test().await,
            Step::Simulate => self.simulate().await,
            Step::Form => self.form().await,
            Step::AuditVerify => self.audit_verify().await,
            Step::AuditTampered => self.audit_tampered().await,
            Step::Init => self.init().await,
        }
    }

    pub(super) async fn muster(&self, args: &[&str]) -> Seen {
        Box::pin(muster(&self.host, &self.dir, args)).await
    }

    async fn sync(&self) -> Verdict {
        let seen = self.muster(&["sync", "-o", "json"]).await;
        ended(&seen, 0)?;
        let reads = seen.json();
        let sum = |wanted: &dyn Fn(&str) -> bool| -> u64 {
            let fits = |read: &&Json| at(read, "what").as_str().is_some_and(wanted);
            items(&reads, "items")
                .iter()
                .filter(fits)
                .filter_map(|read| at(read, "objects").as_u64())
                .sum()
        };
        equal("people", sum(&|what| what == "person"), self.expected.people)?;
        equal("accounts", sum(&|what| what.starts_with("account")), self.expected.accounts)?;
        Ok(format!("{} people, {} accounts", self.expected.people, self.expected.accounts))
    }

    async fn people(&self) -> Verdict {
        let mut parts = Vec::new();
        let states = [
            ("leaver", &self.expected.leavers),
            ("planned", &self.expected.starters),
            ("suspended", &self.expected.on_leave),
        ];
        for (state, expected) in states {
            let condition = format!("lifecycle == '{state}'");
            let seen = self
                .muster(&["users", "--where", &condition, "--limit", "1000", "-o", "json"])
                .await;
            ended(&seen, 0)?;
            let found = texts(&seen.json(), "items", |person| {
                at(at(person, "values"), "userName").as_str()
            });
            same(state, &found, expected)?;
            parts.push(format!("{} {state}", found.len()));
        }
        Ok(parts.join(", "))
    }

    async fn orphans(&self) -> Verdict {
        let seen = self.muster(&["orphans", "--limit", "1000", "-o", "json"]).await;
        ended(&seen, 0)?;
        let found: BTreeSet<String> = items(&seen.json(), "items")
            .iter()
            .map(|account| format!("{} {}", word(account, "system"), word(account, "name")))
            .collect();
        let expected: Vec<String> =
            self.expected.orphans.iter().map(|(system, name)| format!("{system} {name}")).collect();
        same("orphans", &found, &expected)?;
        Ok(format!("{} accounts of nobody", found.len()))
    }

    async fn explain_access(&self) -> Verdict {
        let seen =
            self.muster(&["explain", "maya.okafor", "ledger:post-journal", "-o", "json"]).await;
        ended(&seen, 0)?;
        let answer = seen.json();
        equal("has", at(&answer, "has"), Json::from(true))?;
        equal("wanted", at(&answer, "wanted"), Json::from(false))?;
        let failed = items(&answer, "missing").iter().find(|role| {
            items(role, "conditions").iter().any(|condition| at(condition, "holds") == false)
        });
        let role = failed.ok_or("no role names the condition that failed")?;
        Ok(format!("left over; {} would give it ({})", word(role, "role"), word(role, "at")))
    }

    async fn explain_attribute(&self) -> Verdict {
        let seen = self.muster(&["explain", "maya.okafor", ".title", "-o", "json"]).await;
        ended(&seen, 0)?;
        let answer = seen.json();
        let line = at(at(&answer, "origin"), "line").as_u64().unwrap_or(0);
        if line == 0 {
            return Err(format!("the line of the source is missing: {}", at(&answer, "origin")));
        }
        Ok(format!(
            "{} from {} line {line}",
            word(&answer, "value"),
            word(at(&answer, "origin"), "system")
        ))
    }

    async fn conflicts(&self) -> Verdict {
        for expected in &self.expected.conflicts {
            let seen = self.muster(&["explain", &expected.person, "-o", "json"]).await;
            ended(&seen, 0)?;
            let found = seen.json();
            let named = items(&found, "conflicts").iter().any(|name| name == expected.conflict);
            if !named {
                return Err(format!(
                    "{} should conflict by {}",
                    expected.person, expected.conflict
                ));
            }
        }
        Ok(format!("{} people", self.expected.conflicts.len()))
    }

    async fn review(&self) -> Verdict {
        let args = ["reviews", "open", REVIEW, "--title", CAMPAIGN, "-o", "json"];
        let seen = self.muster(&args).await;
        ended(&seen, 0)?;
        let campaign = seen.json();
        let count = |of: &Json, key: &str| at(of, key).as_u64().unwrap_or(0);
        let aside: u64 = items(&campaign, "aside").iter().map(|of| count(of, "n")).sum();
        equal("items", count(&campaign, "asked"), self.expected.asked)?;
        equal("set aside", aside, self.expected.set_aside)?;
        Ok(format!("{} items, {aside} set aside", self.expected.asked))
    }

    async fn plan(&mut self) -> Verdict {
        let seen = self.muster(&["plan", "-o", "json"]).await;
        ended(&seen, 0)?;
        let plan = seen.json();
        word(&plan, "plan").clone_into(&mut self.plan);
        let operations = items(&plan, "operations");
        for person in &self.expected.leavers_still_active {
            find(operations, &|o| word(o, "subject") == person && word(o, "kind") == "disable")
                .ok_or_else(|| format!("{person} should be disabled"))?;
        }
        for left in &self.expected.leftovers {
            find(operations, &|o| {
                word(o, "subject") == left.person
                    && word(o, "system") == left.system
                    && word(o, "kind") == "revoke"
                    && word(o, "name") == left.entitlement
            })
            .ok_or_else(|| {
                format!("{}: {} {} should be revoked", left.person, left.system, left.entitlement)
            })?;
        }
        let n_blocked =
            operations.iter().filter(|operation| !at(operation, "blocked").is_null()).count();
        let blocking = self.expected.conflicts.iter().filter(|conflict| conflict.blocks).count();
        if n_blocked < blocking {
            return Err(format!(
                "{n_blocked} operations are held back, at least {blocking} were expected"
            ));
        }
        if let Some(unexplained) = find(operations, &|o| word(o, "reason").is_empty()) {
            return Err(format!("an operation has no reason: {unexplained}"));
        }
        Ok(format!(
            "plan {} with {} changes, {n_blocked} held back",
            self.plan,
            operations.len() - n_blocked
        ))
    }

    /// How many operations the plan does, as `--confirm` wants it.
    async fn n_changes(&self) -> String {
        let plan = self.muster(&["plan", &self.plan, "-o", "json"]).await.json();
        items(&plan, "operations").iter().filter(|o| at(o, "blocked").is_null()).count().to_string()
    }

    async fn apply_interrupted(&mut self) -> Verdict {
        let n = self.n_changes().await;
        let flag = Arc::new(AtomicBool::new(false));
        let inner = self.host.connectors.clone();
        let connectors = Arc::new(Interrupting { inner, flag: Arc::clone(&flag) });
        let host = Host { connectors, interrupted: flag, ..self.host.clone() };
        let args = ["apply", self.plan.as_str(), "--confirm", &n, "-o", "json"];
        let seen = Box::pin(muster(&host, &self.dir, &args)).await;
        ended(&seen, 130)?;
        let report = seen.json();
        let executed = at(&report, "executed").as_u64().unwrap_or(0);
        let left = at(&report, "left").as_u64().unwrap_or(0);
        if executed == 0 || left == 0 {
            return Err(format!("{executed} done and {left} left is not the middle"));
        }
        let n_failed = items(&report, "failed").len();
        self.settled = executed + u64::try_from(n_failed).unwrap_or(0);
        Ok(format!("{executed} done, {left} to go, {n_failed} refused by a flaky system"))
    }

    /// A system that fails now and then may need more than one run.
    async fn apply_continued(&self) -> Verdict {
        let mut done_before = None;
        for _ in 0..5 {
            let seen = self.muster(&["apply", &self.plan, "-o", "json"]).await;
            if seen.code != 0 && seen.code != 12 {
                return ended(&seen, 0).map(|()| String::new());
            }
            let report = seen.json();
            let before = *done_before
                .get_or_insert_with(|| at(&report, "done_before").as_u64().unwrap_or(0));
            if at(&report, "left").as_u64() == Some(0) {
                equal("done before", before, self.settled)?;
                let failed = items(&report, "failed").len();
                return Ok(format!(
                    "{before} done before, {} retried, {failed} failed",
                    at(&report, "retried")
                ));
            }
        }
        Err("five runs did not finish it".to_owned())
    }

    async fn sync_again(&self) -> Verdict {
        let seen = self.muster(&["sync", "-o", "json"]).await;
        ended(&seen, 0)?;
        let reads = seen.json();
        let verified: u64 =
            items(&reads, "items").iter().filter_map(|read| at(read, "verified").as_u64()).sum();
        if verified == 0 {
            return Err("no operation was verified".to_owned());
        }
        Ok(format!("{verified} operations verified"))
    }

    /// What a flaky system refused is in the next plan; in the end only what a conflict holds back is left.
    async fn plan_again(&mut self) -> Verdict {
        for round in 0..5 {
            let seen = self.muster(&["plan", "-o", "json"]).await;
            ended(&seen, 0)?;
            let plan = seen.json();
            let left =
                items(&plan, "operations").iter().filter(|o| at(o, "blocked").is_null()).count();
            if left == 0 {
                return Ok(format!("nothing left to do, after {round} more rounds"));
            }
            word(&plan, "plan").clone_into(&mut self.plan);
            let n = left.to_string();
            let seen = self.muster(&["apply", &self.plan, "--confirm", &n]).await;
            if seen.code != 0 && seen.code != 12 {
                ended(&seen, 0)?;
            }
            ended(&self.muster(&["sync"]).await, 0)?;
        }
        Err("five more rounds did not finish it".to_owned())
    }

    async fn check_misspelt(&self) -> Verdict {
        let path = self.dir.join("policy/roles.yaml");
        let text =
            String::from_utf8_lossy(&read_file(&path).map_err(|error| error.message)?).into_owned();
        let broken = text.replacen("person.weeklyHours", "person.weeklyHour", 1);
        if broken == text {
            return Err("policy/roles.yaml does not mention person.weeklyHours".to_owned());
        }
        write_file(&path, broken.as_bytes()).map_err(|error| error.message)?;
        let seen = self.muster(&["check"]).await;
        ended(&seen, 3)?;
        for wanted in ["policy/roles.yaml:", "weeklyHour", "did you mean `weeklyHours`"] {
            if !seen.out.contains(wanted) {
                return Err(format!("`{wanted}` is missing in: {}", seen.out));
            }
        }
        write_file(&path, text.as_bytes()).map_err(|error| error.message)?;
        Ok("named with line, column and `weeklyHours`".to_owned())
    }

    async fn check_mended(&self) -> Verdict {
        let seen = self.muster(&["check", "--strict"]).await;
        ended(&seen, 0)?;
        Ok(seen.out.lines().last().unwrap_or_default().to_owned())
    }

    async fn test(&self) -> Verdict {
        let seen = self.muster(&["test", "-o", "json"]).await;
        ended(&seen, 0)?;
        let answer = seen.json();
        equal("tests", at(&answer, "passed").as_u64().unwrap_or(0), self.expected.tests)?;
        let coverage = at(&answer, "coverage");
        Ok(format!(
            "{} passed, {} % of {} rules",
            at(&answer, "passed"),
            at(coverage, "percent"),
            at(coverage, "rules")
        ))
    }

    async fn simulate(&self) -> Verdict {
        let at =
            self.today.checked_add(jiff::Span::new().days(90)).unwrap_or(self.today).to_string();
        let seen = self.muster(&["simulate", "--at", &at, "-o", "json"]).await;
        ended(&seen, 0)?;
        let answer = seen.json();
        let events = items(&answer, "events");
        for starter in &self.expected.starters {
            find(events, &|event| word(event, "subject") == starter)
                .ok_or_else(|| format!("{starter} should start by {at}"))?;
        }
        Ok(format!("{} events by {at}", events.len()))
    }

    async fn audit_verify(&self) -> Verdict {
        let seen = self.muster(&["audit", "export", "journal.jsonl"]).await;
        ended(&seen, 0)?;
        let seen = self.muster(&["audit", "verify", "journal.jsonl", "-o", "json"]).await;
        ended(&seen, 0)?;
        Ok(format!("{} events, chain intact", at(&seen.json(), "events")))
    }

    async fn audit_tampered(&self) -> Verdict {
        let export = read_file(&self.dir.join("journal.jsonl")).map_err(|error| error.message)?;
        let changed = String::from_utf8_lossy(&export).replacen("plan.apply", "plan.apples", 1);
        let path = self.dir.join("changed.jsonl");
        write_file(&path, changed.as_bytes()).map_err(|error| error.message)?;
        let seen = self.muster(&["audit", "verify", "changed.jsonl"]).await;
        ended(&seen, 14)?;
        Ok(seen.err.lines().next().unwrap_or_default().to_owned())
    }

    async fn init(&self) -> Verdict {
        let people = "Emp No;Vorname;Name;Abteilung;Eintritt;Chef\n\
                      1001;Ada;Lovelace;Motoren;01.02.2020;\n\
                      1002;Grace;Hopper;Sprachen;15.03.2021;1001\n\
                      1003;Emmy;Noether;Algebra;30.11.2022;1001\n";
        let dir = self.dir.join(".yours");
        write_file(&self.dir.join("yourpeople.csv"), people.as_bytes())
            .map_err(|error| error.message)?;
        let seen = self.muster(&["init", "--from", "yourpeople.csv", "--dir", ".yours"]).await;
        ended(&seen, 0)?;
        for args in [&["check"][..], &["test"], &["sync"]] {
            ended(&muster(&self.host, &dir, args).await, 0)?;
        }
        let seen = muster(&self.host, &dir, &["plan", "-o", "json"]).await;
        ended(&seen, 0)?;
        let plan = seen.json();
        let creates =
            items(&plan, "operations").iter().filter(|o| word(o, "kind") == "create").count();
        equal("accounts to create", creates, 3usize)?;
        Ok("a project with 3 people and its first plan".to_owned())
    }
}
