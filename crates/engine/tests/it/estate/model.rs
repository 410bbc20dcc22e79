//! The model of the estate: two sources, four targets; and two of the targets as real services.

pub(super) const MODEL: &str = r#"
muster: 1
timezone: Europe/Berlin
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true }
      login: { type: string, unique: true, generate: ["'u' + id"] }
      name: { type: string }
      unit: { type: string }
      away: { type: bool }
      start: { type: date }
      end: { type: date }
      badge: { type: string }
    lifecycle:
      leaver: { when: "end != null && now >= end_of(end)" }
      planned: { when: "start != null && now < start_of(start)" }
      away: { when: away }
      active: { when: "true" }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads:
      person:
        owns: { id: record.id, name: record.name, unit: record.unit, away: record.away, start: record.start, end: record.end }
        absent: { keep: 0d, state: leaver }
  badges:
    connector: csv
    settings: { path: badges.csv, key: id }
    reads:
      person:
        match: [{ on: "id == record.id" }]
        owns: { badge: record.badge }
        guards: { absent: none, update: none }
  dir:
    connector: memory
    mode: enforce
    settings: { name: dir }
    accounts:
      user:
        object: user
        match: [{ on: "login == person.login" }]
        name: "'cn=' + person.login"
        set: { login: person.login, cn: person.name, badge: person.badge }
        states:
          planned: { prepare: 3d, enabled: false, entitlements: none }
          active: {}
          away: { enabled: false }
          leaver: { enabled: false, entitlements: none, delete_after: 30d }
    entitlements: { group: { object: group, members: member, create: true } }
    guards: { disable: none, delete: none, revoke: none, rename: none }
  mail:
    connector: memory
    mode: enforce
    settings: { name: mail }
    accounts:
      box:
        match: [{ on: "owner == person.id" }]
        name: person.login + '@tern.example'
        set: { owner: person.id, display: person.name }
        states: { active: {}, away: {}, leaver: { enabled: false, entitlements: none } }
        unassigned: { enabled: false, entitlements: none, delete_after: 10d }
    entitlements: { list: { attribute: lists } }
    guards: { disable: none, delete: none, revoke: none, rename: none }
  files:
    connector: csv
    mode: enforce
    settings: { path: files.csv, key: login, writable: true, enabled: { column: state, on: open, off: locked }, many: '|' }
    accounts:
      user:
        match: [{ on: "login == person.login" }]
        name: person.login
        set: { full_name: person.name }
        states: { active: {}, away: {}, leaver: { enabled: false, entitlements: none, delete_after: 0d } }
    entitlements: { share: { attribute: shares } }
    guards: { disable: none, delete: none, revoke: none, rename: none }
  desk:
    connector: memory
    mode: enforce
    settings: { name: desk }
    accounts:
      seat:
        match: [{ on: "who == person.id" }]
        name: "'seat-' + person.id + '-' + person.unit"
        set: { who: person.id, badge: person.badge }
        states: { active: {}, leaver: { enabled: false, delete_after: 0d } }
        unassigned: { delete_after: 0d }
    guards: { disable: none, delete: none, revoke: none, rename: none }
roles:
  staff:
    when: person.lifecycle in ['active', 'away']
    grants: [dir.user, files.user, { dir.group: all }]
  mailers:
    when: person.lifecycle in ['active', 'away'] && person.unit in ['U1', 'U2']
    grants: [mail.box, { mail.list: news }, { mail.list: { each: "'list-' + person.unit" } }]
  seated:
    when: person.lifecycle == 'active' && person.unit != 'U9'
    grants: [desk.seat]
  units:
    when: person.lifecycle == 'active'
    grants: [{ dir.group: { each: "'unit-' + person.unit" } }, { files.share: { each: "'s-' + person.unit" } }]
"#;

/// `mail` and `desk` as services, instead of in memory.
pub(super) const SERVICES: &str = r#"  mail:
    connector: scim
    mode: enforce
    settings: { url: "URL", auth: { bearer: { env: SCIM_TOKEN } } }
    accounts:
      box:
        object: User
        match: [{ on: "externalId == person.id" }]
        name: person.login + '@tern.example'
        set: { externalId: person.id, displayName: person.name }
        states: { active: {}, away: {}, leaver: { enabled: false, entitlements: none } }
        unassigned: { enabled: false, entitlements: none, delete_after: 10d }
    entitlements: { list: { object: Group, members: members, create: true } }
    guards: { disable: none, delete: none, revoke: none, rename: none }
  desk:
    connector: sql
    mode: enforce
    settings:
      url: "DATABASE"
      writable: true
      classes: { seat: { table: seat, key: name, enabled: { column: active } } }
    accounts:
      seat:
        object: seat
        match: [{ on: "who == person.id" }]
        name: "'seat-' + person.id + '-' + person.unit"
        set: { who: person.id, badge: person.badge }
        states: { active: {}, leaver: { enabled: false, delete_after: 0d } }
        unassigned: { delete_after: 0d }
    guards: { disable: none, delete: none, revoke: none, rename: none }
"#;
