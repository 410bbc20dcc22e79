//! Which reports there are: their columns, and what narrows them. What they count is in `sources`, a file each.

use muster_app::Error;
use muster_model::Language;
use serde_json::{Value as Json, json};

use crate::words::spoken;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// A count.
    Number,
    /// A time in seconds.
    Seconds,
    /// A share of a hundred.
    Percent,
    /// A moment.
    Instant,
    /// Yes or no.
    Flag,
}

/// A column of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name, as files and JSON have it.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// What narrows a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Only what happened at or after an instant.
    Since,
    /// As it was recorded at an instant.
    AsOf,
    /// Only roles of at least this risk.
    Risk,
    /// Only one system.
    System,
    /// Only one person; needed where it is the only one.
    Person,
}

impl Filter {
    /// Its name, as the command line, the API and files have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Since => "since",
            Self::AsOf => "as_of",
            Self::Risk => "risk",
            Self::System => "system",
            Self::Person => "person",
        }
    }
}

/// A report.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// Which one.
    pub(crate) of: Of,
    /// Its name: `orphans`.
    pub name: &'static str,
    /// Its title in files.
    pub title: &'static str,
    /// What it says, in a sentence.
    pub about: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// What narrows it.
    pub filters: &'static [Filter],
}

/// The reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Leavers,
    Orphans,
    Conflicts,
    Reviews,
    Privileged,
    Access,
    Subject,
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

const fn number(name: &'static str) -> Column {
    Column { name, kind: Kind::Number }
}

const fn instant(name: &'static str) -> Column {
    Column { name, kind: Kind::Instant }
}

const fn seconds(name: &'static str) -> Column {
    Column { name, kind: Kind::Seconds }
}

const fn flag(name: &'static str) -> Column {
    Column { name, kind: Kind::Flag }
}

/// Every report, in the order of the manual.
pub const REPORTS: &[Report] = &[
    Report {
        of: Of::Leavers,
        name: "leavers",
        title: "How fast leavers lost access",
        about: "By system, how long it took until those who left could do nothing any more, and who still can",
        columns: &[
            text("system"),
            number("people"),
            number("verified"),
            seconds("p95_seconds"),
            seconds("max_seconds"),
            number("active"),
            text("active_people"),
        ],
        filters: &[Filter::Since],
    },
    Report {
        of: Of::Orphans,
        name: "orphans",
        title: "Accounts that belong to nobody",
        about: "Accounts without an identity, and those for which nobody answers: where, of which type, for how long they are known, when they were last used, and what was decided",
        columns: &[
            text("system"),
            text("account_type"),
            text("account"),
            text("status"),
            flag("enabled"),
            instant("known_since"),
            number("age_days"),
            instant("last_used"),
            text("decision"),
            text("decided_by"),
            instant("until"),
            text("comment"),
        ],
        filters: &[Filter::System],
    },
    Report {
        of: Of::Conflicts,
        name: "conflicts",
        title: "People whose duties conflict",
        about: "Who holds duties that nobody may hold together, since when, and which of them an exception allows",
        columns: &[
            text("person"),
            text("display"),
            text("conflict"),
            text("duties"),
            text("state"),
            instant("since"),
            text("exception_by"),
            text("mitigation"),
            text("owner"),
            instant("until"),
        ],
        filters: &[],
    },
    Report {
        of: Of::Reviews,
        name: "reviews",
        title: "How access reviews went",
        about: "By campaign, how much was asked, set aside and decided, what came of it, and how much time reviewers took",
        columns: &[
            text("campaign"),
            text("review"),
            text("state"),
            instant("opened_at"),
            instant("due_at"),
            instant("closed_at"),
            number("asked"),
            number("set_aside"),
            number("decided"),
            Column { name: "decided_percent", kind: Kind::Percent },
            number("kept"),
            number("removed"),
            number("narrowed"),
            number("over"),
            number("waiting"),
            flag("late"),
            number("late_decisions"),
            number("verified"),
            seconds("median_seconds"),
            Column { name: "glances_percent", kind: Kind::Percent },
            number("disagreed"),
        ],
        filters: &[Filter::Since],
    },
    Report {
        of: Of::Privileged,
        name: "privileged",
        title: "Who holds access of high risk",
        about: "Who holds roles of at least a risk, or was given outside what such roles grant, how, since when and until when, who decided, and when it was last used",
        columns: &[
            text("person"),
            text("display"),
            text("role"),
            number("risk"),
            text("how"),
            text("reason"),
            instant("since"),
            instant("until"),
            text("decided_by"),
            instant("last_used"),
        ],
        filters: &[Filter::Risk],
    },
    Report {
        of: Of::Access,
        name: "access",
        title: "Who has access to what",
        about: "Each role, account and entitlement of everybody: why, since when and until when; at any past time too",
        columns: &[
            text("person"),
            text("display"),
            text("kind"),
            text("thing"),
            text("account"),
            flag("wanted"),
            flag("there"),
            text("why"),
            instant("since"),
            instant("until"),
        ],
        filters: &[Filter::Person, Filter::AsOf],
    },
    Report {
        of: Of::Subject,
        name: "subject",
        title: "What is kept about a person",
        about: "Everything that is kept about one person, for a request of theirs (GDPR, article 15)",
        columns: &[
            text("section"),
            text("item"),
            text("value"),
            text("origin"),
            instant("at"),
            instant("until"),
        ],
        filters: &[Filter::Person],
    },
];

impl Report {
    /// Its title in a language.
    pub fn title_in(&self, language: Language) -> &'static str {
        spoken(language, self.title)
    }

    /// What it says, in a sentence without a full stop, in a language.
    pub fn about_in(&self, language: Language) -> &'static str {
        spoken(language, self.about)
    }

    /// The report as a document: its name, what it says, its columns and filters.
    pub fn json(&self) -> Json {
        let columns: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let filters: Vec<&str> = self.filters.iter().map(|filter| filter.word()).collect();
        json!({
            "report": self.name, "title": self.title, "about": self.about, "columns": columns,
            "filters": filters,
        })
    }
}

/// The report with this name.
///
/// # Errors
///
/// `NotFound` without such a report.
pub fn report_named(name: &str) -> Result<&'static Report, Error> {
    REPORTS.iter().find(|report| report.name == name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        let names: Vec<&str> = REPORTS.iter().map(|report| report.name).collect();
        Error::not_found(format!("there is no report `{shown}`"))
            .hint(format!("the reports are: {}", names.join(", ")))
    })
}
