//! Scripts: commands that change facts, plan and apply in memory, with the text they print. See `tests/scripts/README.md`.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::{SignedDuration, Timestamp};
use muster_model::{EntityId, Text};
use muster_plan::{Grouping, Plan, TextOptions, compare, plan_text};
use muster_policy::{Evaluation, Evaluator, Model};

use crate::{
    simulate::apply,
    support::{Accounts, account_named, plan_of, set, show},
    world::{Facts, instant, key, try_models, words},
};

/// What a script has told so far.
pub(crate) struct Session {
    files: Vec<(String, String)>,
    evaluator: Option<Evaluator>,
    facts: Vec<Vec<String>>,
    known: BTreeMap<EntityId, (usize, Timestamp)>,
    accounts: Accounts,
    now: Timestamp,
    plan: Option<Plan>,
    done: Vec<(Timestamp, Text, Text)>,
}

impl Session {
    /// Nothing told yet, on 2 March 2026.
    pub(crate) fn new() -> Self {
        Self {
            files: Vec::new(),
            evaluator: None,
            facts: Vec::new(),
            known: BTreeMap::new(),
            accounts: Accounts::new(),
            now: instant("2026-03-02"),
            plan: None,
            done: Vec::new(),
        }
    }

    /// Adds a model file, or replaces the one with this name.
    pub(crate) fn file(&mut self, name: &str, text: &str) -> String {
        self.files.retain(|(other, _)| other != name);
        self.files.push((name.to_owned(), text.to_owned()));
        match try_models(&self.files) {
            Ok(model) => {
                self.evaluator = Some(Evaluator::new(model));
                String::new()
            }
            Err(problems) => problems,
        }
    }

    /// Does one command and says what it prints.
    pub(crate) fn run(&mut self, line: &str) -> String {
        let words = words(line);
        let rest = &words[1..];
        match words[0].as_str() {
            "at" => {
                self.now = instant(&rest[0]);
                String::new()
            }
            "change" => self.change(&rest[0], &rest[2]),
            "unassign" => {
                let gone = ["assign".to_owned(), rest[0].clone(), rest[1].clone()];
                self.facts.retain(|fact| !fact.starts_with(&gone));
                String::new()
            }
            "found" => {
                self.facts.retain(|fact| fact[..2] != ["absent".to_owned(), rest[0].clone()]);
                String::new()
            }
            "hand" => self.by_hand(rest),
            "plan" => {
                let plan = self.make();
                let text = show(&plan);
                self.plan = Some(plan);
                text
            }
            "show" => self.show(rest.first().map(String::as_str)),
            "apply" => self.apply(rest.first().map(String::as_str)),
            "until" => self.until(instant(&rest[0])),
            "people" => self.people(),
            "accounts" => self.accounts(),
            _ => {
                self.tell(words);
                String::new()
            }
        }
    }

    fn evaluator(&self) -> &Evaluator {
        self.evaluator.as_ref().expect("a model that is right")
    }

    fn model(&self) -> &Model {
        self.evaluator().model()
    }

    /// A fact: new, or a change of the attributes that are named.
    fn tell(&mut self, words: Vec<String>) {
        let plain = matches!(words[0].as_str(), "assign" | "absent");
        let known = self.facts.iter_mut().find(|fact| !plain && fact[..2] == words[..2]);
        let Some(fact) = known else { return self.facts.push(words) };
        for word in &words[2..] {
            let name = format!("{}=", word.split_once('=').unwrap().0);
            fact.retain(|other| !other.starts_with(&name));
            if *word != name {
                fact.push(word.clone());
            }
        }
    }

    fn facts(&self) -> Facts {
        let quoted = |word: &String| match word.split_once('=') {
            Some((name, value)) => format!("{name}=\"{value}\""),
            None => word.clone(),
        };
        let lines = self.facts.iter().map(|fact| fact.iter().map(quoted).collect::<Vec<_>>());
        let text: Vec<String> = lines.map(|words| words.join(" ")).collect();
        Facts { known: self.known.clone(), ..Facts::read(self.model(), &text.join("\n")) }
    }

    fn change(&mut self, from: &str, to: &str) -> String {
        let found = self.files.iter().find(|(_, text)| text.contains(from));
        let (name, text) = found.unwrap_or_else(|| panic!("no file says `{from}`")).clone();
        self.file(&name, &text.replace(from, to))
    }

    fn evaluations(&self, facts: &Facts) -> Vec<Evaluation> {
        let world = facts.world(self.evaluator(), self.now);
        let rows = facts.identities(self.model());
        rows.map(|row| self.evaluator().evaluate(&facts.identity(row), &world, self.now)).collect()
    }

    /// Evaluates and compares; remembers the states, as the engine does.
    fn make(&mut self) -> Plan {
        let facts = self.facts();
        let world = facts.world(self.evaluator(), self.now);
        let mut operations = Vec::new();
        for evaluation in self.evaluations(&facts) {
            let id = evaluation.row.id;
            let own = self.accounts.get(&id).map_or(&[][..], Vec::as_slice);
            let subject = key(self.model(), &evaluation.row);
            let evaluator = self.evaluator();
            let compared = compare(evaluator, &evaluation, own, &subject, &world, self.now);
            operations.extend(compared.operations);
            self.known.extend(evaluation.state.map(|state| (id, (state, evaluation.state_since))));
        }
        let window = self.now - SignedDuration::from_hours(24);
        let mut recent = BTreeMap::new();
        for (_, system, kind) in self.done.iter().filter(|(at, ..)| *at > window) {
            *recent.entry((system.clone(), kind.clone())).or_default() += 1;
        }
        plan_of(self.model(), operations, &self.accounts, &recent, self.now)
    }

    fn show(&self, by: Option<&str>) -> String {
        let grouping = match by {
            Some("person") => Grouping::Person,
            Some("system") => Grouping::System,
            _ => Grouping::Rule,
        };
        let Some(plan) = &self.plan else { return "there is no plan\n".to_owned() };
        plan_text(plan, "of this script", TextOptions { grouping, per_group: 20 })
    }

    fn apply(&mut self, confirm: Option<&str>) -> String {
        let Some(plan) = self.plan.take() else { return "there is no plan\n".to_owned() };
        let n = plan.to_do().count();
        if plan.crossed().next().is_some() && confirm != Some(n.to_string().as_str()) {
            self.plan = Some(plan);
            return format!("held: `apply {n}` releases it\n");
        }
        let n = self.perform(&plan);
        format!("{n} done\n")
    }

    fn perform(&mut self, plan: &Plan) -> usize {
        let model = self.evaluator.as_ref().expect("a model that is right").model();
        let done = plan.to_do();
        self.done
            .extend(done.map(|o| (self.now, o.target.system.clone(), Text::from(o.kind.name()))));
        apply(model, &mut self.accounts, plan, self.now)
    }

    /// Lets the time pass: plans and applies at every announced instant.
    fn until(&mut self, end: Timestamp) -> String {
        let mut out = String::new();
        loop {
            let plan = self.make();
            if plan.to_do().next().is_some() {
                write!(out, "{}\n{}", self.now, show(&plan)).unwrap();
                self.perform(&plan);
            }
            let Some(next) = self.next_change().filter(|next| *next <= end) else { break };
            assert!(next > self.now, "{next} is not after {}", self.now);
            self.now = next;
        }
        self.now = end;
        if out.is_empty() { "nothing happens\n".to_owned() } else { out }
    }

    fn next_change(&self) -> Option<Timestamp> {
        let facts = self.facts();
        let world = facts.world(self.evaluator(), self.now);
        let mut next = None;
        for evaluation in self.evaluations(&facts) {
            let own = self.accounts.get(&evaluation.row.id).map_or(&[][..], Vec::as_slice);
            let subject = "".into();
            let evaluator = self.evaluator();
            let compared = compare(evaluator, &evaluation, own, &subject, &world, self.now);
            let both = [evaluation.next_change, compared.next_change];
            next = next.into_iter().chain(both.into_iter().flatten()).min();
        }
        next
    }

    fn people(&self) -> String {
        let mut out = String::new();
        for evaluation in self.evaluations(&self.facts()) {
            let state = evaluation
                .state
                .and_then(|state| self.evaluator().state_name(evaluation.row.type_id, state));
            let roles: Vec<&str> =
                evaluation.roles.iter().map(|held| &*self.model().roles[held.role].name).collect();
            let (name, state) = (key(self.model(), &evaluation.row), state.unwrap_or_default());
            let since = evaluation.state_since;
            writeln!(out, "{name} {state} since {since}: {}", roles.join(", ")).unwrap();
        }
        out
    }

    fn accounts(&self) -> String {
        let mut out = String::new();
        for observed in self.accounts.values().flatten() {
            let system = &self.model().systems[observed.account.system.index()];
            let account_type = &system.accounts[observed.account.account];
            let state = match observed.enabled {
                Some(true) => " enabled",
                Some(false) => " disabled",
                None => "",
            };
            write!(out, "{}.{} {}{state}", system.name, account_type.name, observed.name).unwrap();
            for (mapping, value) in account_type.set.iter().zip(&observed.values) {
                if !value.is_null() {
                    write!(out, " {}={value}", mapping.attribute).unwrap();
                }
            }
            for (kind, name) in &observed.entitlements {
                write!(out, " {}:{name}", system.entitlements[*kind].name).unwrap();
            }
            out.push('\n');
        }
        if out.is_empty() { "no accounts\n".to_owned() } else { out }
    }

    /// A change that somebody made on the system, past Muster.
    fn by_hand(&mut self, words: &[String]) -> String {
        let facts = self.facts();
        let model = self.evaluator.as_ref().expect("a model that is right").model();
        let row = facts.identities(model).find(|row| *key(model, row) == *words[0]).unwrap();
        let account = account_named(model, &words[1]);
        let own = self.accounts.entry(row.id).or_default();
        let at = own.iter().position(|observed| observed.account == account).unwrap();
        for word in &words[2..] {
            match word.as_str() {
                "gone" => {
                    own.remove(at);
                    break;
                }
                "enabled" => (own[at].enabled, own[at].disabled_since) = (Some(true), None),
                "disabled" => {
                    (own[at].enabled, own[at].disabled_since) = (Some(false), Some(self.now));
                }
                word => match word.strip_prefix("without:") {
                    Some(name) => own[at].entitlements.retain(|(_, held)| **held != *name),
                    None => set(model, &mut own[at], word),
                },
            }
        }
        String::new()
    }
}

/// Runs a transcript: lines that begin with `> ` are commands, the lines after them are what they print. Returns the
/// transcript as it really is; comments (`#`) and empty lines stay.
pub(crate) fn transcript(
    session: &mut Session,
    text: &str,
    load: &dyn Fn(&str) -> String,
) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("> ") {
            let said = match command.strip_prefix("load ") {
                Some(name) => session.file(name, &load(name)),
                None => session.run(command),
            };
            writeln!(out, "{line}").unwrap();
            out.push_str(said.trim_start_matches('\n'));
        } else if line.is_empty() && !out.ends_with("\n\n") || line.starts_with('#') {
            writeln!(out, "{line}").unwrap();
        }
    }
    out
}
