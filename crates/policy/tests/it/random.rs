//! Random models and facts as text, drawn from a list of bytes; fewer and smaller bytes make a smaller case.

use std::fmt::Write as _;

/// Bytes that choices are made from; zeros when they are used up.
#[derive(Debug)]
pub(crate) struct Choices<'a>(pub(crate) std::slice::Iter<'a, u8>);

impl Choices<'_> {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % n.max(1)
    }

    /// True about once in `n` times, never without bytes.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// One of these.
    pub(crate) fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }
}

const HEAD: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  team:
    key: code
    attributes: { code: { type: string, unique: true }, kind: { type: string } }
  person:
    identity: true
    key: id
    timezone: zone
    attributes:
      id: { type: string, unique: true }
      zone: { type: string }
      a: { type: string }
      b: { type: string }
      n: { type: int }
      flag: { type: bool }
      tags: { type: string, many: true }
      start: { type: date }
      end: { type: date }
      old: { type: bool, compute: "now >= start_of(add_days(start, 2))" }
      team: { type: link, to: team, inverse: members }
      boss: { type: link, to: person, inverse: reports }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      planned: { when: "start != null && now < start_of(start)" }
      away: { when: flag }
      active: { when: "true" }
duties: { one: [{ dir.group: g1 }], two: [{ dir.group: g2 }, { shop.right: r1 }], three: [{ shop.right: r2 }] }
conflicts:
  hard: { between: [one, two], on: block }
  soft: { between: [one, two, three], on: warn }
"#;

const RULES: &[&str] = &[
    "true",
    "person.a == 'x'",
    "person.a == 'Y'",
    "person.a == ''",
    "person.a == null",
    "person.a != null && person.b == 'x'",
    "person.a in ['x', 'z']",
    "person.a in ['x', 'z', 'x'] && person.flag",
    "person.a.startsWith('x')",
    "person.a.startsWith('')",
    "lower(person.a) == 'y'",
    "person.a == 'x' || person.a == 'z'",
    "person.a == 'x' || person.b == 'x'",
    "!(person.a == 'x')",
    "person.n == 2",
    "person.n in [1, 3]",
    "person.n > 1",
    "person.flag",
    "'x' in person.tags",
    "person.tags.exists(t, t.startsWith('y'))",
    "person.team.code == 'T1'",
    "person.team.kind.startsWith('x') && person.a == 'x'",
    "person.lifecycle == 'active'",
    "person.lifecycle in ['planned', 'active']",
    "person.boss.lifecycle == 'active'",
    "person.boss.a == person.a",
    "person.reports.exists(r, r.lifecycle == 'leaver')",
    "now >= start_of(person.start)",
    "person.a == 'x' && now < end_of(person.end)",
    "person.old",
    "person.boss.old && person.a == 'x'",
];

const GRANTS: &[&str] = &[
    "dir.user",
    "{ dir.group: g1 }",
    "{ dir.group: [g2, g3] }",
    "{ shop.right: r1 }",
    "{ shop.right: r2 }",
    "{ dir.group: { each: person.tags } }",
    "{ dir.group: { each: \"'t-' + person.team.code\" } }",
];

const VALUES: &[&str] = &[
    "dir.user.kind: \"'k'\"",
    "dir.user.kind: person.b",
    "dir.user.tags: \"['v', 'x']\"",
    "dir.user.tags: person.a",
];

const EFFECTS: &[&str] = &[
    "{}",
    "{ enabled: false }",
    "{ enabled: false, entitlements: none }",
    "{ entitlements: none }",
    "{ enabled: false, entitlements: none, delete_after: 2d }",
    "{ delete_after: 0d }",
];

/// A model with the same types and systems each time, and other roles and effects of states.
pub(crate) fn model_text(choices: &mut Choices<'_>) -> String {
    let mut text = HEAD.to_owned();
    let (directory, shop) =
        (choices.pick(&["ldap", "plain", "text"]), choices.pick(&["plain", "text"]));
    writeln!(
        text,
        "systems:\n  dir:\n    connector: {directory}\n    settings: {{ base: 'dc=x' }}"
    )
    .unwrap();
    text.push_str("    accounts:\n      user:\n");
    let name = if directory == "ldap" { "dn('uid', person.a, 'ou=people')" } else { "person.id" };
    writeln!(text, "        name: \"{name}\"").unwrap();
    text.push_str(
        "        set: { kind: person.a, n: person.n, day: person.start, boss: person.boss.a, \
         tags: { value: person.tags, type: string, many: true }, \
         made: { value: person.b, type: string, on: create } }\n",
    );
    states(choices, &mut text);
    writeln!(text, "    entitlements: {{ group: {{ object: group, members: member }} }}").unwrap();
    writeln!(text, "  shop:\n    connector: {shop}\n    accounts:\n      clerk:").unwrap();
    text.push_str("        name: person.id\n        set: { old: person.old }\n");
    states(choices, &mut text);
    text.push_str("    entitlements: { right: { attribute: rights } }\nroles:\n");
    for role in 0..=choices.below(8) {
        writeln!(text, "  r{role}:\n    for: person").unwrap();
        if !choices.once_in(4) {
            writeln!(text, "    when: \"{}\"", choices.pick(RULES)).unwrap();
        }
        if role > 0 && choices.once_in(3) {
            writeln!(text, "    includes: [r{}]", choices.below(role)).unwrap();
        }
        let grants: Vec<&str> = (0..=choices.below(2)).map(|_| choices.pick(GRANTS)).collect();
        writeln!(text, "    grants: [{}]", grants.join(", ")).unwrap();
        if choices.once_in(3) {
            writeln!(text, "    values: {{ {} }}", choices.pick(VALUES)).unwrap();
        }
    }
    text
}

fn states(choices: &mut Choices<'_>, text: &mut String) {
    text.push_str("        states:\n");
    for state in ["leaver", "away", "active"] {
        if !choices.once_in(3) {
            writeln!(text, "          {state}: {}", choices.pick(EFFECTS)).unwrap();
        }
    }
    let planned = choices.pick(&[
        "",
        "{ prepare: 3d, enabled: false }",
        "{ prepare: 36h }",
        "{ enabled: false }",
    ]);
    if !planned.is_empty() {
        writeln!(text, "          planned: {planned}").unwrap();
    }
    if text.ends_with("states:\n") {
        text.push_str("          active: {}\n");
    }
}

const DAYS: &[&str] = &[
    "2026-03-27",
    "2026-03-28",
    "2026-03-29",
    "2026-03-30",
    "2026-04-01",
    "2020-02-29",
    "2027-01-01",
];
const TIMES: &[&str] = &[
    "2026-03-28T23:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-03-30T00:00:00.000001Z",
    "2026-03-27T12:00:00Z",
    "2026-04-02T22:00:00Z",
];

/// An instant around the dates that facts have.
pub(crate) fn time(choices: &mut Choices<'_>) -> &'static str {
    choices.pick(TIMES)
}

/// Up to five people in up to two teams, with assignments and vanished records.
pub(crate) fn facts_text(choices: &mut Choices<'_>) -> String {
    let mut text = String::new();
    for team in 1..=choices.below(3) {
        writeln!(text, "team T{team} kind={}", choices.pick(&["x1", "y"])).unwrap();
    }
    for person in 1..=1 + choices.below(5) {
        write!(text, "person p{person}").unwrap();
        let mut give = |chance: usize, name: &str, values: &[&str], choices: &mut Choices<'_>| {
            if !choices.once_in(chance) {
                write!(text, " {name}={}", choices.pick(values)).unwrap();
            }
        };
        give(5, "a", &["x", "y", "Y", "z", "\"\""], choices);
        give(2, "b", &["x", "y"], choices);
        give(2, "n", &["1", "2", "3"], choices);
        give(2, "flag", &["false", "true"], choices);
        give(2, "tags", &["[x]", "[y,x]", "[z,yy,x]"], choices);
        give(2, "start", DAYS, choices);
        give(2, "end", DAYS, choices);
        give(2, "team", &["T1", "T2"], choices);
        give(2, "boss", &["p1", "p2", "p3"], choices);
        give(2, "zone", &["Pacific/Auckland", "America/New_York", "Nowhere"], choices);
        text.push('\n');
    }
    text
}

/// Lines that assign roles of a model with `n_roles` roles to the first person, or withhold something from them.
pub(crate) fn assignments_text(choices: &mut Choices<'_>, n_roles: usize) -> String {
    let mut text = String::new();
    for _ in 0..choices.below(4) {
        let role = choices.below(n_roles);
        match choices.below(6) {
            4 => write!(text, "withhold p1 r{role}").unwrap(),
            5 => write!(text, "withhold p1 {}", choices.pick(&["dir.group:g1", "shop.right:r1"]))
                .unwrap(),
            _ => write!(text, "assign p1 r{role}").unwrap(),
        }
        if choices.once_in(2) {
            write!(text, " from={}", time(choices)).unwrap();
        }
        if choices.once_in(2) {
            write!(text, " until={}", time(choices)).unwrap();
        }
        text.push('\n');
    }
    text
}
