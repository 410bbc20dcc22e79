//! What whoever has a role may do in Muster itself.

use crate::Rule;

/// Something that may be done in Muster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// See people and other entities, and why they have what they have.
    PeopleRead,
    /// Add, change and end people that no system of record keeps.
    PeopleWrite,
    /// Terminate, suspend, delete and restore people by hand.
    LifecycleWrite,
    /// See which roles were given directly.
    AssignmentsRead,
    /// Give and take roles directly.
    AssignmentsWrite,
    /// Allow conflicts as exceptions, and end exceptions.
    ConflictsWrite,
    /// See what people asked for.
    RequestsRead,
    /// See accounts as they were last read.
    AccountsRead,
    /// Decide about accounts of nobody.
    AccountsWrite,
    /// See the roles of the model.
    RolesRead,
    /// See connected systems and whether all is well.
    SystemsRead,
    /// Pause systems and let them go on.
    SystemsWrite,
    /// Read systems; release and reject held change sets.
    SyncRun,
    /// See plans.
    PlansRead,
    /// Make plans, simulate.
    PlansMake,
    /// Apply and cancel plans.
    PlansApply,
    /// See orders.
    OrdersRead,
    /// Retry, cancel and re-route orders.
    OrdersWrite,
    /// See what was changed outside.
    DriftRead,
    /// Decide about what was changed outside.
    DriftWrite,
    /// See undecided matches.
    MatchesRead,
    /// Decide whose records and accounts are; merge and split.
    MatchesWrite,
    /// See tickets.
    TicketsRead,
    /// Close, refuse and attest tickets.
    TicketsWrite,
    /// See alarms.
    AlarmsRead,
    /// Acknowledge alarms.
    AlarmsWrite,
    /// See workflows and what they did.
    WorkflowsRead,
    /// Run workflows.
    WorkflowsRun,
    /// Search the journal.
    JournalRead,
    /// Export and verify the whole journal.
    JournalExport,
    /// See the revisions of the model and their files.
    RevisionsRead,
    /// Publish a revision of the model.
    RevisionsWrite,
    /// See reports.
    ReportsRead,
    /// See who is signed in, who tried, and second factors.
    SignInsRead,
    /// End sessions, remove second factors.
    SignInsWrite,
    /// See clients and their tokens.
    ClientsRead,
    /// Make and revoke tokens, end clients.
    ClientsWrite,
}

impl Right {
    /// Every right with its word and what it allows, in the order of the manual.
    pub const TABLE: [(Self, &str, &str); 37] = [
        (
            Self::PeopleRead,
            "people.read",
            "See people and other entities, and why they have what they have",
        ),
        (
            Self::PeopleWrite,
            "people.write",
            "Add, change and end people that no system of record keeps",
        ),
        (
            Self::LifecycleWrite,
            "lifecycle.write",
            "Terminate, suspend, delete and restore people by hand",
        ),
        (Self::AssignmentsRead, "assignments.read", "See which roles were given directly"),
        (Self::AssignmentsWrite, "assignments.write", "Give and take roles directly"),
        (
            Self::ConflictsWrite,
            "conflicts.write",
            "Allow conflicts as exceptions, and end exceptions",
        ),
        (Self::RequestsRead, "requests.read", "See what people asked for, and what became of it"),
        (Self::AccountsRead, "accounts.read", "See accounts as they were last read"),
        (Self::AccountsWrite, "accounts.write", "Decide about accounts of nobody"),
        (Self::RolesRead, "roles.read", "See the roles of the model"),
        (Self::SystemsRead, "systems.read", "See connected systems and whether all is well"),
        (Self::SystemsWrite, "systems.write", "Pause systems and let them go on"),
        (Self::SyncRun, "sync.run", "Read systems; release and reject held change sets"),
        (Self::PlansRead, "plans.read", "See plans"),
        (Self::PlansMake, "plans.make", "Make plans, simulate"),
        (Self::PlansApply, "plans.apply", "Apply and cancel plans"),
        (Self::OrdersRead, "orders.read", "See orders"),
        (Self::OrdersWrite, "orders.write", "Retry, cancel and re-route orders"),
        (Self::DriftRead, "drift.read", "See what was changed outside"),
        (Self::DriftWrite, "drift.write", "Decide about what was changed outside"),
        (Self::MatchesRead, "matches.read", "See undecided matches"),
        (
            Self::MatchesWrite,
            "matches.write",
            "Decide whose records and accounts are; merge and split",
        ),
        (Self::TicketsRead, "tickets.read", "See tickets"),
        (Self::TicketsWrite, "tickets.write", "Close, refuse and attest tickets"),
        (Self::AlarmsRead, "alarms.read", "See alarms"),
        (Self::AlarmsWrite, "alarms.write", "Acknowledge alarms"),
        (Self::WorkflowsRead, "workflows.read", "See workflows and what they did"),
        (Self::WorkflowsRun, "workflows.run", "Run workflows"),
        (Self::JournalRead, "journal.read", "Search the journal"),
        (Self::JournalExport, "journal.export", "Export and verify the whole journal"),
        (Self::RevisionsRead, "revisions.read", "See the revisions of the model and their files"),
        (Self::RevisionsWrite, "revisions.write", "Publish a revision of the model"),
        (Self::ReportsRead, "reports.read", "See reports"),
        (Self::SignInsRead, "sign-ins.read", "See who is signed in, who tried, and second factors"),
        (Self::SignInsWrite, "sign-ins.write", "End sessions, remove second factors"),
        (Self::ClientsRead, "clients.read", "See clients and their tokens"),
        (Self::ClientsWrite, "clients.write", "Make and revoke tokens, end clients"),
    ];

    /// The words, in the order of the manual.
    pub const WORDS: [&str; Self::TABLE.len()] = words();

    /// The right with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::TABLE.iter().find(|(_, known, _)| *known == word).map(|(right, ..)| *right)
    }

    /// The word for it, the same everywhere.
    pub fn word(self) -> &'static str {
        Self::TABLE.iter().find(|(right, ..)| *right == self).map_or("?", |(_, word, _)| *word)
    }

    /// True when it only lets see.
    pub fn is_read(self) -> bool {
        self.word().split('.').next_back() == Some("read")
    }

    /// True when `over` can narrow it to some people.
    pub fn is_about_people(self) -> bool {
        matches!(
            self,
            Self::PeopleRead
                | Self::PeopleWrite
                | Self::LifecycleWrite
                | Self::AssignmentsRead
                | Self::AssignmentsWrite
                | Self::ConflictsWrite
                | Self::RequestsRead
                | Self::AccountsRead
                | Self::PlansRead
                | Self::OrdersRead
                | Self::OrdersWrite
                | Self::DriftRead
                | Self::DriftWrite
                | Self::JournalRead
                | Self::SignInsRead
                | Self::SignInsWrite
        )
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "INVARIANT: both tables have one length; this runs when it is compiled"
)]
const fn words() -> [&'static str; Right::TABLE.len()] {
    let mut words = [""; Right::TABLE.len()];
    let mut n = 0;
    while n < words.len() {
        words[n] = Right::TABLE[n].1;
        n += 1;
    }
    words
}

/// What a role allows in Muster.
#[derive(Debug, Clone)]
pub struct Administration {
    /// What may be done.
    pub may: Vec<Right>,
    /// For whom: a condition whose first variable is the person concerned, named like their type, and whose second is
    /// `me`. `None`: for everybody.
    pub over: Option<Rule>,
}
