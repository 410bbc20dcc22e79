//! The keys of lifecycle workflows. A kind of task is one group here; what it does is one file of the engine.

use crate::spec::{Group, Key, Shape, key};

/// A lifecycle workflow.
pub(crate) const WORKFLOW: Group = Group {
    what: "a workflow",
    path: "workflows.NAME",
    doc: "What is done when something happens to an identity: tasks in order, once for each identity and occasion. \
          Expressions read the identity by the name of its type: `person.title`.",
    keys: &[
        key("description", Shape::Text, "", "What it is for.", "Greets who begins"),
        key("for", Shape::Text, "the only identity type", "The identity type it is for.", "person"),
        key(
            "on",
            Shape::Group(&TRIGGER),
            "only on demand: `muster workflows run`",
            "What begins it.",
            "{ date: person.startDate, before: 3d }",
        ),
        key(
            "where",
            Shape::Expression,
            "everybody",
            "For whom. It is asked again before each task; a run stops when it no longer holds.",
            "person.department.code == 'D007'",
        ),
        key(
            "tasks",
            Shape::List(&Shape::Group(&TASK)),
            "required",
            "What is done, in this order.",
            "[{ mail: { to: person.email, subject: Welcome, text: Hello } }]",
        ),
    ],
};

const TRIGGER: Group = Group {
    what: "a trigger",
    path: "workflows.NAME.on",
    doc: "What begins a workflow. Exactly one of `date`, `changed`, `gains`, `loses`, `enters` and `idle`.",
    keys: &[
        key(
            "date",
            Shape::Expression,
            "",
            "A date or an instant of each identity; a day begins in the zone of the identity.",
            "person.startDate",
        ),
        key("before", Shape::Duration, "0d", "So long before the date.", "3d"),
        key("after", Shape::Duration, "0d", "So long after the date.", "1d"),
        key(
            "late",
            Shape::Duration,
            "3d",
            "How much later it still begins, once: when the date came late, or nothing ran.",
            "3d",
        ),
        key(
            "changed",
            Shape::Many(&Shape::Text),
            "",
            "Attributes; it begins when a source gives one of them another value.",
            "[department, manager]",
        ),
        key(
            "gains",
            Shape::Text,
            "",
            "A role; it begins when the identity comes to hold it.",
            "sales",
        ),
        key(
            "loses",
            Shape::Text,
            "",
            "A role; it begins when the identity no longer holds it.",
            "sales",
        ),
        key(
            "enters",
            Shape::Text,
            "",
            "A lifecycle state; it begins when the state does.",
            "leaver",
        ),
        key(
            "idle",
            Shape::Text,
            "",
            "An account type with `idle`; it begins when the time of its `warn` has come.",
            "directory.user",
        ),
    ],
};

/// The keys of a task that are no kind.
pub(crate) const COMMON: &[&str] = &["name", "when"];

/// A task.
pub(crate) const TASK: Group = Group {
    what: "a task",
    path: "workflows.NAME.tasks[]",
    doc: "One task. Beside `name` and `when` it has exactly one key: its kind.",
    keys: TASKS,
};

const REASON: Key = key(
    "reason",
    Shape::Text,
    "the name of the workflow",
    "The reason that is written down.",
    "first week",
);

const SUBJECT: Key = key(
    "subject",
    Shape::Text,
    "required",
    "The subject; a template.",
    "Welcome, {{ person.givenName }}",
);

const TEXT: Key = key(
    "text",
    Shape::Text,
    "required",
    "The text; a template that may use attributes of the identity, such as `{{ person.givenName }}`.",
    "Hello {{ person.givenName }}",
);

const HTML: Key = key(
    "html",
    Shape::Text,
    "only text",
    "The same as HTML; a template whose values are escaped.",
    "<p>Hello {{ person.givenName }}</p>",
);

const TO: Key = key(
    "to",
    Shape::Expression,
    "required",
    "The address, or a list of such.",
    "person.manager.email",
);

const fn kind(
    name: &'static str,
    group: &'static Group,
    doc: &'static str,
    example: &'static str,
) -> Key {
    key(name, Shape::Group(group), "", doc, example)
}

/// A group of settings of a kind of task.
macro_rules! task_group {
    ($name:ident, $what:literal, $path:literal, $doc:literal, [$($key:expr),* $(,)?]) => {
        const $name: Group = Group { what: $what, path: $path, doc: $doc, keys: &[$($key),*] };
    };
}

const TASKS: &[Key] = &[
    key("name", Shape::Text, "", "Its name, for the history.", "greeting"),
    key("when", Shape::Expression, "always", "Only when this holds.", "person.manager != null"),
    kind("mail", &MAIL, "Sends mail.", "{ to: person.email, subject: Welcome, text: Hello }"),
    kind(
        "webhook",
        &WEBHOOK,
        "Calls an address with a signed document.",
        "{ url: \"https://hooks.tern.example/joiner\" }",
    ),
    kind("command", &COMMAND, "Runs a program, without a shell.", "{ run: [bin/greet] }"),
    kind(
        "pass",
        &PASS,
        "Makes a temporary pass and mails it.",
        "{ to: person.manager.email, valid: 480m, subject: First sign-in, text: \"{{ pass }}\" }",
    ),
    kind("revoke_pass", &NOTHING, "Takes the temporary pass away.", "{}"),
    kind("assign", &ASSIGN, "Gives a role.", "{ role: onboarding, for: 30d }"),
    kind(
        "unassign",
        &UNASSIGN,
        "Takes a role back that was given directly.",
        "{ role: onboarding }",
    ),
    kind("unassign_all", &WHY, "Takes every role back that was given directly.", "{}"),
    kind("terminate", &SAY, "Ends the lifecycle.", "{ reason: contract ended }"),
    kind("reinstate", &WHY, "Lifts a termination.", "{}"),
    kind("suspend", &SAY, "Suspends the identity: its accounts are disabled.", "{ for: 14d }"),
    kind("resume", &WHY, "Lifts a suspension.", "{}"),
    kind("delete", &SAY, "Deletes the identity: its accounts go; it can be restored.", "{}"),
    kind(
        "restore",
        &WHY,
        "Brings a terminated or deleted identity back with the roles given directly.",
        "{}",
    ),
    kind(
        "set",
        &SET,
        "Sets an attribute that no source owns.",
        "{ attribute: badge, value: \"'new'\" }",
    ),
    kind("clear", &CLEAR, "Clears an attribute that no source owns.", "{ attribute: badge }"),
    kind("wait", &WAIT, "Waits before the next task.", "{ for: 2d }"),
    kind("alarm", &ALARM, "Raises an alarm in the journal.", "{ text: look at this }"),
    kind("note", &ALARM, "Writes a note into the journal.", "{ text: was greeted }"),
    kind(
        "start",
        &START,
        "Begins another workflow for the same identity.",
        "{ workflow: equipment }",
    ),
    kind("stop", &NOTHING, "Ends the run here; with `when`, a way out.", "{}"),
    kind("fail", &ALARM, "Ends the run as failed; with `when`, a check.", "{ text: no manager }"),
];

task_group!(
    NOTHING,
    "a task without settings",
    "workflows.NAME.tasks[].stop",
    "Nothing is to be said.",
    []
);
task_group!(
    MAIL,
    "a mail",
    "workflows.NAME.tasks[].mail",
    "Mail by the server that `mail:` names. Templates may read attributes of the identity; a name that is not known is an error.",
    [TO, SUBJECT, TEXT, HTML]
);
task_group!(
    WEBHOOK,
    "a webhook",
    "workflows.NAME.tasks[].webhook",
    "A POST of a JSON document: workflow, task, run, time, the identity and its attributes that `send` names. The header `idempotency-key` is the same when it is sent again.",
    [
        key("url", Shape::Text, "required", "The address.", "https://hooks.tern.example/joiner"),
        key(
            "secret",
            Shape::Settings,
            "not signed",
            "The secret of the signature in the header `muster-signature`: HMAC-SHA-256 of the body.",
            "{ env: HOOK_SECRET }"
        ),
        key(
            "auth",
            Shape::Settings,
            "none",
            "How to sign in, as for connectors that speak HTTP.",
            "{ bearer: { env: HOOK_TOKEN } }"
        ),
        key(
            "tls",
            Shape::Settings,
            "the system's authorities",
            "Whom to trust, as for connectors that speak HTTP.",
            "{ ca: ca.pem }"
        ),
        key(
            "allow_plain",
            Shape::Bool,
            "false",
            "Whether an address without TLS may be used outside of this machine.",
            "true"
        ),
        key("send", Shape::Many(&Shape::Text), "none", "Attributes to send.", "[userName, email]"),
        key("timeout", Shape::Duration, "10s", "How long it may take.", "10s"),
        key(
            "answer_within",
            Shape::Duration,
            "nobody waits",
            "The run waits so long for an answer, from `5m` to `3h`: `muster workflows answer`, or the same operation of the API.",
            "1h"
        ),
        key(
            "unanswered",
            Shape::Choice(&["fail", "go_on", "stop"]),
            "fail",
            "What becomes of the run when no answer came in time.",
            "go_on"
        ),
    ]
);
task_group!(
    COMMAND,
    "a command",
    "workflows.NAME.tasks[].command",
    "A program with its arguments, run in the project folder. It reads a JSON document on standard input; its exit status 0 is success.",
    [
        key(
            "run",
            Shape::List(&Shape::Text),
            "required",
            "The program and its arguments.",
            "[bin/greet, --quiet]"
        ),
        key(
            "send",
            Shape::Many(&Shape::Text),
            "none",
            "Attributes to send on standard input.",
            "[userName, email]"
        ),
        key("timeout", Shape::Duration, "30s", "How long it may take.", "30s"),
    ]
);
task_group!(
    PASS,
    "a temporary pass",
    "workflows.NAME.tasks[].pass",
    "A secret for the first sign-in. Only a hash is kept; it stands in the mail as `{{ pass }}` and nowhere else.",
    [
        TO,
        key(
            "from",
            Shape::Expression,
            "at once",
            "The date or instant from which it opens anything.",
            "person.startDate"
        ),
        key("valid", Shape::Duration, "480m", "How long from then; 10 to 43,200 minutes.", "480m"),
        SUBJECT,
        TEXT,
        HTML,
    ]
);
task_group!(
    ASSIGN,
    "an assigned role",
    "workflows.NAME.tasks[].assign",
    "Gives a role, unless it was given directly and still is.",
    [
        key("role", Shape::Text, "required", "The role.", "onboarding"),
        key("for", Shape::Duration, "no end", "For how long.", "30d"),
        REASON,
    ]
);
task_group!(
    UNASSIGN,
    "an unassigned role",
    "workflows.NAME.tasks[].unassign",
    "Takes a role back that was given directly.",
    [key("role", Shape::Text, "required", "The role.", "onboarding"), REASON,]
);
task_group!(WHY, "a reasoned task", "workflows.NAME.tasks[].resume", "Nothing but why.", [REASON]);
task_group!(
    SAY,
    "a lifecycle fact",
    "workflows.NAME.tasks[].suspend",
    "Says something about the lifecycle, as `muster people` does.",
    [key("for", Shape::Duration, "until it is lifted", "For how long.", "14d"), REASON,]
);
task_group!(
    SET,
    "a set attribute",
    "workflows.NAME.tasks[].set",
    "Sets an attribute that no source owns and that need not be unique.",
    [
        key("attribute", Shape::Text, "required", "The attribute.", "badge"),
        key("value", Shape::Expression, "required", "The value.", "'new'"),
    ]
);
task_group!(
    CLEAR,
    "a cleared attribute",
    "workflows.NAME.tasks[].clear",
    "Clears an attribute that no source owns.",
    [key("attribute", Shape::Text, "required", "The attribute.", "badge"),]
);
task_group!(
    WAIT,
    "a wait",
    "workflows.NAME.tasks[].wait",
    "Waits so long, or until a date of the identity; one that is over is no wait.",
    [
        key("for", Shape::Duration, "", "How long.", "2d"),
        key(
            "until",
            Shape::Expression,
            "",
            "A date or an instant of the identity.",
            "person.startDate"
        ),
    ]
);
task_group!(
    ALARM,
    "a message",
    "workflows.NAME.tasks[].alarm",
    "A message for the journal. It may not hold values of the identity.",
    [key("text", Shape::Text, "required", "The message.", "look at this"),]
);
task_group!(
    START,
    "a started workflow",
    "workflows.NAME.tasks[].start",
    "Begins another workflow that is for the same identity type.",
    [key("workflow", Shape::Text, "required", "The workflow.", "equipment"),]
);

/// How mail is sent.
pub(crate) const MAIL_SERVER: Group = Group {
    what: "a mail server",
    path: "mail",
    doc: "How workflows send mail.",
    keys: &[
        key("from", Shape::Text, "required", "The sender.", "Muster <muster@tern.example>"),
        key("host", Shape::Text, "required", "The name of the SMTP server.", "mail.tern.example"),
        key(
            "port",
            Shape::Number(1, 65_535),
            "25, 465 with `tls: always`, 587 with a password",
            "Its port.",
            "587",
        ),
        key(
            "tls",
            Shape::Choice(&["starttls", "always", "never"]),
            "starttls",
            "`starttls` refuses to go on without encryption; `never` is for a server on this machine.",
            "starttls",
        ),
        key(
            "ca",
            Shape::Text,
            "the system's authorities",
            "A PEM file with an authority to trust.",
            "ca.pem",
        ),
        key("user", Shape::Text, "not signed in", "The name to sign in with.", "muster"),
        key("password", Shape::Settings, "", "Its password.", "{ env: SMTP_PASSWORD }"),
        key("timeout", Shape::Duration, "30s", "How long one mail may take.", "30s"),
    ],
};
