//! Which operation of the API carries a command out, and which commands stay on this machine and why.
//!
//! A command may have several lines: the first one fits whose `+` arguments are all given, and which knows every argument
//! that is given. An argument goes to the parameter of its own name, `a=b` to another; `!a=b` sends `b` always.
//! Columns are `header=field` with commas; without them a result is shown field by field.

/// One way to carry a command out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// The command: `orders list`.
    pub(super) command: &'static str,
    /// The operation.
    pub(super) operation: &'static str,
    /// Arguments.
    pub(super) arguments: &'static str,
    /// Columns of a list.
    pub(super) columns: &'static str,
    /// The field of the answer that holds the rows.
    pub(super) items: &'static str,
}

const fn line(
    command: &'static str,
    operation: &'static str,
    arguments: &'static str,
    columns: &'static str,
) -> Line {
    Line { command, operation, arguments, columns, items: "items" }
}

/// Rows that stand in another field than `items`.
const fn rows(items: &'static str, line: Line) -> Line {
    Line { items, ..line }
}

const OPERATIONS: &str = "system,who=subject,account,operation=kind,reason,rule";
const DRIFT: &str = "id,person,system,account,what,seen=seen_at,decision";
const ORDERS: &str =
    "order,system,for=subject,what,state,tries=attempts,next try=next_try,remark=error";
const TICKETS: &str =
    "ticket,for=subject,what,status,opened=opened_at,closed by=closed_by,reference";
const SYSTEMS: &str = "system,connector,mode,state,reason,last read=read_at,planned,held,tickets";
const ACCOUNTS: &str = "system,account=name,status,enabled,person,confidence,entitlements";
const READS: &str = "system,what,read=objects,new=created,changed,gone=absent,bad,complete";

const LEAVERS: &str = "system,people,verified,p95_seconds,max_seconds,active,active_people";
const REPORTED_ORPHANS: &str =
    "system,account_type,account,status,enabled,known_since,age_days,last_used,decision,until";
const REPORTED_CONFLICTS: &str = "person,display,conflict,duties,state,since,until";
const REPORTED_REVIEWS: &str =
    "campaign,state,due_at,asked,set_aside,decided,kept,removed,narrowed,late,median_seconds";
const PRIVILEGED: &str = "person,display,role,risk,how,since,until,decided_by,last_used";
const ACCESS: &str = "person,kind,thing,account,wanted,there,why,since,until";
const SUBJECT: &str = "section,item,value,origin,at,until";
const REQUESTS: &str = "request=id,role,for=person,asked by=requester,until,status,reason";
const DRAFTS: &str =
    "draft=id,form=title,state,step,waits on=waits_on,begun by=starter,changed=changed_at";
const CAMPAIGNS: &str = "campaign=id,title,state,due=due_at,asked,waiting,kept,revoked=removed";
const ITEMS: &str = "item=id,person,what=thing,how it came=why,advice=recommend,because=recommend_why,who decides=reviewer,decision=verdict";
const DECIDED: &str = "item=id,person,what=thing,state,decision=verdict,who decides=reviewer,undo until=undo_until,rules=conflicts";
const EXCEPTIONS: &str = "exception=id,person,conflict,until,owner,mitigation,reason";
const DELEGATIONS: &str =
    "delegation=id,whose decisions=giver,who takes them=delegate,from,until,reason";

/// Every command that a server carries out.
pub(super) const LINES: &[Line] = &[
    rows(
        "diagnostics",
        line("check", "model.check", "!files=@project", "severity,code,at,message"),
    ),
    line("sync", "change-sets.list", "+held=", "id,made=made_at,reason"),
    line("sync", "change-sets.release", "+release=id confirm", ""),
    line("sync", "change-sets.reject", "+reject=id", ""),
    line("sync", "sync.run", "systems complete", READS),
    rows("operations", line("plan", "plans.get", "+name=plan", OPERATIONS)),
    rows("operations", line("plan", "plans.revert", "+revert=plan save", OPERATIONS)),
    rows("operations", line("plan", "plans.make", "person=people at save", OPERATIONS)),
    line("apply", "plans.apply", "+name=plan +confirm", ""),
    rows("steps", line("provision", "people.provision", "person systems", "system,step,ok,text")),
    line("applications list", "applications.list", "", "application,authentication,grants,scopes"),
    line(
        "applications secret",
        "application-secrets.create",
        "name=application expires=expires_at",
        "",
    ),
    line(
        "applications secrets",
        "application-secrets.list",
        "name=application",
        "secret,begins,made=created_at,valid,revoked=revoked_at",
    ),
    line("applications revoke", "application-secrets.revoke", "name=application secret=id", ""),
    line("token list", "clients.list", "limit after", "client,created=created_at,ended=ended_at"),
    line("token create", "tokens.create", "name=client scopes expires=expires_at person=as", ""),
    line("token revoke", "tokens.revoke", "name=client token=id", ""),
    line("token end", "clients.end", "name=client", ""),
    line("token rotate", "tokens.rotate", "name=client expires=expires_at overlap=old_end", ""),
    line("orders list", "orders.list", "system state person plan limit", ORDERS),
    rows("history", line("orders show", "orders.get", "order=plan/number", "at,state,by,note")),
    line("orders retry", "orders.retry", "order=plan/number", ""),
    line("orders cancel", "orders.cancel", "order=plan/number", ""),
    line("orders reroute", "orders.reroute", "order=plan/number", ""),
    line(
        "orders review list",
        "reviews.list",
        "limit",
        "order,system,for=subject,what,because=reason,since=asked_at,decided by=by",
    ),
    line("orders review approve", "reviews.approve", "order=plan/number reason", ""),
    line("orders review refuse", "reviews.refuse", "order=plan/number reason", ""),
    line("systems list", "systems.list", "", SYSTEMS),
    line("systems show", "systems.get", "system", ""),
    line("systems pause", "systems.pause", "system reason", ""),
    line("systems resume", "systems.resume", "system", ""),
    line("tickets list", "tickets.list", "all limit after", TICKETS),
    line("tickets show", "tickets.get", "ticket=id", ""),
    line("tickets close", "tickets.close", "ticket=id note", ""),
    line("tickets refuse", "tickets.refuse", "ticket=id note", ""),
    line("tickets attest", "tickets.attest", "ticket=id", ""),
    line("report list", "reports.list", "", "report,title,filters"),
    line("report leavers", "reports.get", "!report=leavers since limit after", LEAVERS),
    line("report orphans", "reports.get", "!report=orphans system limit after", REPORTED_ORPHANS),
    line("report conflicts", "reports.get", "!report=conflicts limit after", REPORTED_CONFLICTS),
    line("report reviews", "reports.get", "!report=reviews since limit after", REPORTED_REVIEWS),
    line("report privileged", "reports.get", "!report=privileged risk limit after", PRIVILEGED),
    line("report access", "reports.get", "!report=access person as_of limit after", ACCESS),
    line("report subject", "reports.get", "!report=subject person limit after", SUBJECT),
    line("explain", "explain.access", "person +what at as_of", ""),
    line("explain", "explain.person", "person at as_of", ""),
    line("simulate", "simulate.revision", "+model=revision who only limit after", ""),
    rows("events", line("simulate", "simulate.ahead", "+at", "at,subject,what")),
    line("plans", "plans.cancel", "+cancel=plan", ""),
    line("plans", "plans.list", "limit", "plan,status,revision,made=made_at,by=made_by,summary"),
    line("problems", "problems.list", "limit after", "kind,system,what,subject,line,problem,since"),
    line(
        "users",
        "people.list",
        "verb= condition=where type_name=type as_of limit after",
        "key,display,lifecycle",
    ),
    line("people add", "people.add", "type_name=type values", ""),
    line("people edit", "people.edit", "key=person values", ""),
    line("people end", "people.end", "person at", ""),
    line("people confirm", "people.confirm", "person until", ""),
    line("people template", "people.template", "type_name=type", "name,type,required,many,choices"),
    line("people terminate", "lifecycle.terminate", "person now= at reason", ""),
    line("people reinstate", "lifecycle.reinstate", "person reason", ""),
    line("people suspend", "lifecycle.suspend", "person from until reason", ""),
    line("people resume", "lifecycle.resume", "person reason", ""),
    line("people used", "lifecycle.used", "person from reason", ""),
    line("people delete", "lifecycle.delete", "person reason", ""),
    line("people restore", "lifecycle.restore", "person reason", ""),
    line("people anonymise", "lifecycle.anonymise", "person reason", ""),
    line(
        "people facts",
        "lifecycle.list",
        "person",
        "id,fact,from,until,lifted=lifted_at,by=created_by,reason",
    ),
    line("accounts", "accounts.list", "system person status as_of limit after", ACCOUNTS),
    line(
        "orphans",
        "orphans.ownerless",
        "+owners= limit after",
        "type,name=subject,owner,why,accounts",
    ),
    line(
        "orphans",
        "orphans.list",
        "system limit after",
        "number=id,system,account=name,status,probably=person,candidates,entitlements,decision",
    ),
    line("orphans assign", "orphans.assign", "account=id person comment", ""),
    line("orphans owner", "orphans.owner", "name=person owner comment", ""),
    line(
        "orphans authorise",
        "orphans.decide",
        "accounts confirm until comment !verb=authorise",
        ACCOUNTS,
    ),
    line("orphans delete", "orphans.decide", "accounts confirm comment !verb=delete", ACCOUNTS),
    line("orphans undo", "orphans.decide", "accounts confirm !verb=undo", ACCOUNTS),
    line(
        "matches list",
        "matches.list",
        "refused limit after",
        "id,system,what,key,problem,candidates",
    ),
    line("matches decide", "matches.decide", "id +link=person reason !whose=person", ""),
    line("matches decide", "matches.decide", "id +new= reason !whose=new", ""),
    line("matches decide", "matches.decide", "id +nobody= reason !whose=nobody", ""),
    line("matches apply-rule", "matches.apply-rule", "id confirm reason", ""),
    line("matches undo", "matches.undo", "subject reason", ""),
    line("matches merge", "people.merge", "person into reason", ""),
    line("matches split", "people.split", "person reason", ""),
    line("revisions", "revisions.list", "limit after", "revision,made=made_at,by=made_by,hash"),
    line("takeover", "takeover.accept", "+accept= system role with_missing confirm", ""),
    line("takeover", "takeover.look", "system show", ""),
    line("drift list", "drift.list", "+group read accepted limit after", DRIFT),
    line("drift list", "drift.list", "+read accepted limit after", DRIFT),
    line("drift list", "drift.list", "+all= accepted limit after", DRIFT),
    line("drift list", "drift.list", "+accepted limit after", DRIFT),
    line(
        "drift list",
        "drift.groups",
        "by limit after",
        "group,items,undecided,first seen=first_seen,last seen=last_seen",
    ),
    line("drift show", "drift.get", "id", ""),
    line("drift revert", "drift.decide-group", "+group confirm comment !verb=revert", DRIFT),
    line("drift revert", "drift.decide", "+id comment !verb=revert", DRIFT),
    line("drift accept", "drift.decide-group", "+group confirm until comment !verb=accept", DRIFT),
    line("drift accept", "drift.decide", "+id until comment !verb=accept", DRIFT),
    line("drift undo", "drift.decide-group", "+group confirm !verb=undo", DRIFT),
    line("drift undo", "drift.decide", "+id !verb=undo", DRIFT),
    line("drift adopt", "drift.adopt", "id comment", ""),
    line(
        "alarms list",
        "alarms.list",
        "status limit after",
        "id,kind,system,subject,times,last=last_at,message",
    ),
    line("alarms ack", "alarms.acknowledge", "id comment", ""),
    line(
        "webhooks list",
        "webhooks.list",
        "",
        "name=webhook,state,since,place=after,behind,next try=next_try,reason",
    ),
    line("webhooks test", "webhooks.test", "name=webhook", ""),
    line("webhooks replay", "webhooks.replay", "name=webhook after=place", ""),
    line("roles", "roles.get", "+role", ""),
    line("roles", "roles.list", "", "role=name,owner,when,includes,grants,at"),
    line("assign", "assignments.create", "person role reason from until", ""),
    line("unassign", "assignments.end", "person role reason", ""),
    line(
        "assignments",
        "assignments.grace",
        "+grace= limit after",
        "id,person,role,since,until,review",
    ),
    line(
        "assignments",
        "assignments.list",
        "+person",
        "id,role,from,until,ended=ended_at,by=created_by,reason",
    ),
    line(
        "requests catalogue",
        "catalogue.list",
        "search person limit after",
        "role,what it opens=description,owner,risk,who approves=stages,reviewed,held",
    ),
    line(
        "requests preview",
        "requests.preview",
        "roles people from until reason answer=answers",
        "role,for=person,until,who approves=stages,questions,conflicts,plan",
    ),
    line(
        "requests create",
        "requests.create",
        "roles people from until reason answer=answers",
        REQUESTS,
    ),
    line("requests extend", "requests.extend", "role person until reason answer=answers", ""),
    line("requests shorten", "requests.shorten", "role person until reason", ""),
    line(
        "requests suggestions",
        "catalogue.suggestions",
        "",
        "role,what it opens=description,risk,why",
    ),
    line("requests list", "requests.list", "of ended limit after", REQUESTS),
    line("requests show", "requests.get", "request=id", ""),
    line("requests change", "requests.change", "request=id from until reason", ""),
    line("requests withdraw", "requests.withdraw", "request=id reason", ""),
    line("approvals list", "requests.list", "!of=to_decide limit after", REQUESTS),
    line("approvals show", "requests.get", "request=id", ""),
    line("approvals approve", "requests.approve", "request=id reason until", ""),
    line("approvals refuse", "requests.refuse", "request=id reason", ""),
    line("approvals delegate", "delegations.create", "to from until reason", ""),
    line("approvals delegations", "delegations.list", "", DELEGATIONS),
    line("approvals end", "delegations.end", "delegation=id", ""),
    line("notices show", "notices.get", "", ""),
    line(
        "notices set",
        "notices.change",
        "approvals requests reviews forms guests by language",
        "",
    ),
    line("reviews list", "campaigns.list", "closed limit after", CAMPAIGNS),
    line("reviews open", "campaigns.open", "review title person", ""),
    line("reviews status", "campaigns.get", "campaign", ""),
    line("reviews items", "review-items.list", "of campaign state limit after", ITEMS),
    line("reviews show", "review-items.get", "item=id", ""),
    line("reviews keep", "review-items.decide", "items reason seen confirm !answer=keep", DECIDED),
    line(
        "reviews revoke",
        "review-items.decide",
        "items reason seen confirm !answer=revoke",
        DECIDED,
    ),
    line(
        "reviews shorten",
        "review-items.decide",
        "items until reason seen confirm !answer=shorten",
        DECIDED,
    ),
    line(
        "reviews forward",
        "review-items.decide",
        "items to reason seen confirm !answer=forward",
        DECIDED,
    ),
    line(
        "reviews unsure",
        "review-items.decide",
        "items reason seen confirm !answer=unsure",
        DECIDED,
    ),
    line("reviews undo", "review-items.undo", "item=id reason", ""),
    line("reviews release", "campaigns.release", "campaign silence confirm", ""),
    line("forms list", "forms.list", "", "form,title,type"),
    line("forms drafts", "drafts.list", "of ended limit after", DRAFTS),
    line("forms start", "drafts.start", "form about", ""),
    line("forms show", "drafts.get", "draft=id", ""),
    line("forms find", "drafts.find", "draft=id field search", "key,name=display"),
    line("forms preview", "drafts.preview", "draft=id values=entered", ""),
    line("forms save", "drafts.save", "draft=id values=entered", ""),
    line("forms submit", "drafts.submit", "draft=id values=entered despite_look_alikes", ""),
    line("forms return", "drafts.return", "draft=id to note", ""),
    line("forms refuse", "drafts.refuse", "draft=id note", ""),
    line("forms withdraw", "drafts.withdraw", "draft=id note", ""),
    line(
        "guests list",
        "guests.list",
        "removed limit after !of=all",
        "guest,name=display,organisation=title,state,sponsor,until,roles",
    ),
    line("guests show", "guests.get", "person", ""),
    line(
        "guests invite",
        "guests.invite",
        "mail name roles sponsor until reason despite_look_alikes",
        "",
    ),
    line(
        "conflicts list",
        "conflicts.list",
        "conflict limit after",
        "person=person.key,conflict,duties,blocks,excepted,at",
    ),
    line("conflicts solve", "conflicts.solve", "person conflict", ""),
    line("conflicts exceptions", "exceptions.list", "conflict limit after", EXCEPTIONS),
    line(
        "conflicts except",
        "exceptions.create",
        "person conflict from until reason mitigation owner",
        "",
    ),
    line("conflicts end", "exceptions.end", "exception=id reason", ""),
    line("risk", "risk.get", "+person", ""),
    line("risk", "risk.list", "limit after", "score,person=person.key,because of=parts"),
    line("workflows list", "workflows.list", "", "workflow,begins,where,tasks"),
    line("workflows dry-run", "workflows.dry-run", "workflow people due", "person,due,occasion"),
    line("workflows run", "workflows.run", "workflow people due confirm", ""),
    line("workflows due", "workflows.due", "", ""),
    line("workflows answer", "workflows.answer", "run=id outcome note", ""),
    line(
        "workflows history",
        "workflows.history",
        "workflow person limit after",
        "run,workflow,person,revision,begun=began_at,state",
    ),
    line(
        "audit search",
        "journal.search",
        "subject actor action correlation from until limit after",
        "seq,at,actor,action,subject,detail",
    ),
    line("audit checkpoint", "journal.checkpoint", "", ""),
    line("audit ship", "journal.ship", "", "export,delivered,up to=up_to,problem"),
    line("keys init", "keys.init", "", ""),
    line("keys rotate", "keys.rotate", "", ""),
    line("keys list", "keys.list", "", "number,made=made_at,public key=public_key"),
    line(
        "sessions list",
        "sessions.list",
        "limit after",
        "id,person,since=opened_at,last used=seen_at,from=network,on=device",
    ),
    line("sessions end", "sessions.end", "person", ""),
    line(
        "sign-ins",
        "sign-ins.list",
        "person outcome from until limit before=after",
        "place,at,person,door,outcome,reason,from=network,on=device,browser",
    ),
    line("factors list", "factors.list", "person", "factor,name,since,last used=used_at,left"),
    line("factors remove", "factors.remove", "person factor", ""),
    line("doctor", "doctor", "", "status,what,detail,fix"),
];

/// Commands that no operation carries out, with the reason.
pub(super) const HERE: &[(&str, &str)] = &[
    ("demo", "it makes a company in a folder of this machine"),
    ("init", "it begins a project in a folder of this machine"),
    ("fmt", "it works on the files of a folder"),
    ("test", "it runs the tests in the files of a folder"),
    ("agent", "it works for a server instead of asking one"),
    ("run", "it is the work of the server itself"),
    ("serve", "it is the server"),
    ("notices text", "the words stand in the model, and Muster's own in the program"),
    ("decide", "applications ask for decisions under `/access/v1`"),
    ("applications keys", "the keys are under `/oauth2/jwks`"),
    ("applications rotate", "the key that seals it lies where the project is"),
    ("pass create", "a pass is shown where the project is, and goes nowhere"),
    ("password set", "a password is read where the project is, and goes nowhere"),
    ("people load", "it reads a file of this machine; SCIM takes many people at once"),
    ("events list", "events have a scope and an address of their own: `/api/v1/events`"),
    ("events follow", "events have a scope and an address of their own: `/api/v1/events/stream`"),
    (
        "audit export",
        "it writes a file of this machine; `GET /api/v1/journal/export` gives the lines",
    ),
    ("reviews evidence", "the file is fetched with `GET /api/v1/campaigns/{campaign}/evidence`"),
    ("reviews verify", "whoever verifies evidence does not ask whoever made it"),
    ("audit verify", "whoever verifies an export does not ask whoever made it"),
    ("backup", "the file stays with the server: `POST /api/v1/backups` writes it there"),
    ("approvals link", "the console of the server shows it, and its code, to whoever is asked"),
    (
        "report pack",
        "it writes files of this machine; `GET /api/v1/reports/{report}/file` gives each",
    ),
    ("restore", "the store it fills is not served yet"),
    ("migrate", "the store it fills is not served yet"),
    ("healthcheck", "it asks `/readyz`, which needs no token"),
    ("profile add", "profiles are kept on this machine"),
    ("profile list", "profiles are kept on this machine"),
    ("profile remove", "profiles are kept on this machine"),
    ("schema", "it asks nobody"),
    ("completion", "it asks nobody"),
    ("man", "it asks nobody"),
    ("version", "it asks nobody"),
    ("help", "it asks nobody"),
    ("reference", "it asks nobody"),
];
