//! The shape of the sample company: sites, departments, jobs, and the people who play a part in the story.
//!
//! Tables only. `people` fills the jobs with persons.

/// A place of work.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) city: &'static str,
    pub(crate) country: &'static str,
    pub(crate) zone: &'static str,
    /// How its desk numbers begin.
    pub(crate) phone: &'static str,
    /// Share of the people who work there, in percent.
    pub(crate) share: usize,
}

/// The sites; the first is the head office.
pub(crate) const SITES: [Site; 5] = [
    Site {
        code: "HAM",
        name: "Head office and terminal Hamburg",
        city: "Hamburg",
        country: "DE",
        zone: "Europe/Berlin",
        phone: "+49 40 66969 ",
        share: 38,
    },
    Site {
        code: "RTM",
        name: "Terminal Rotterdam",
        city: "Rotterdam",
        country: "NL",
        zone: "Europe/Amsterdam",
        phone: "+31 10 555 0",
        share: 22,
    },
    Site {
        code: "GDN",
        name: "Depot Gdańsk",
        city: "Gdańsk",
        country: "PL",
        zone: "Europe/Warsaw",
        phone: "+48 58 555 0",
        share: 16,
    },
    Site {
        code: "LIS",
        name: "Depot Lisbon",
        city: "Lisbon",
        country: "PT",
        zone: "Europe/Lisbon",
        phone: "+351 21 555 0",
        share: 12,
    },
    Site {
        code: "LDS",
        name: "Depot Leeds",
        city: "Leeds",
        country: "GB",
        zone: "Europe/London",
        phone: "+44 113 496 0",
        share: 12,
    },
];

/// A department with its jobs.
#[derive(Debug)]
pub(crate) struct Department {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// Code of the department above it; empty at the top.
    pub(crate) parent: &'static str,
    pub(crate) cost_center: &'static str,
    /// Title, grade and number of people; the first job is the head's.
    pub(crate) jobs: &'static [(&'static str, u8, usize)],
}

/// The departments; those above come before those below.
pub(crate) const DEPARTMENTS: [Department; 12] = [
    Department {
        code: "EXE",
        name: "Management",
        parent: "",
        cost_center: "EX-1",
        jobs: &[
            ("Managing director", 7, 1),
            ("Chief of staff", 5, 1),
            ("Executive assistant", 3, 3),
        ],
    },
    Department {
        code: "FIN",
        name: "Finance",
        parent: "EXE",
        cost_center: "FI-1",
        jobs: &[
            ("Head of Finance", 6, 1),
            ("Controller", 4, 3),
            ("Treasury manager", 5, 1),
            ("Accountant", 3, 12),
            ("Payments clerk", 2, 6),
            ("Billing clerk", 2, 3),
        ],
    },
    Department {
        code: "PUR",
        name: "Purchasing",
        parent: "FIN",
        cost_center: "FI-2",
        jobs: &[("Head of Purchasing", 6, 1), ("Senior buyer", 4, 3), ("Buyer", 3, 6)],
    },
    Department {
        code: "HRM",
        name: "People",
        parent: "EXE",
        cost_center: "HR-1",
        jobs: &[
            ("Head of People", 6, 1),
            ("People partner", 4, 4),
            ("Payroll specialist", 3, 2),
            ("Recruiter", 3, 2),
        ],
    },
    Department {
        code: "ITS",
        name: "IT",
        parent: "EXE",
        cost_center: "IT-1",
        jobs: &[
            ("Head of IT", 6, 1),
            ("System administrator", 4, 5),
            ("Service desk agent", 2, 6),
            ("Software developer", 4, 6),
        ],
    },
    Department {
        code: "SAL",
        name: "Sales",
        parent: "EXE",
        cost_center: "SA-1",
        jobs: &[
            ("Head of Sales", 6, 1),
            ("Key account manager", 4, 6),
            ("Account manager", 3, 15),
            ("Sales analyst", 3, 2),
            ("Marketing manager", 4, 6),
        ],
    },
    Department {
        code: "CUS",
        name: "Customer service",
        parent: "SAL",
        cost_center: "SA-2",
        jobs: &[
            ("Head of Customer service", 6, 1),
            ("Team lead", 5, 3),
            ("Service agent", 2, 21),
            ("Claims handler", 3, 2),
        ],
    },
    Department {
        code: "LEG",
        name: "Legal",
        parent: "EXE",
        cost_center: "LE-1",
        jobs: &[("Head of Legal", 6, 1), ("Counsel", 4, 2), ("Compliance officer", 4, 2)],
    },
    Department {
        code: "OPS",
        name: "Operations",
        parent: "EXE",
        cost_center: "OP-1",
        jobs: &[
            ("Head of Operations", 6, 1),
            ("Operations planner", 3, 4),
            ("Quality manager", 4, 3),
        ],
    },
    Department {
        code: "FLT",
        name: "Fleet",
        parent: "OPS",
        cost_center: "FL-2",
        jobs: &[
            ("Head of Fleet", 6, 1),
            ("Fleet planner", 3, 8),
            ("Driver", 2, 24),
            ("Workshop technician", 2, 6),
        ],
    },
    Department {
        code: "WHS",
        name: "Warehouse",
        parent: "OPS",
        cost_center: "WH-1",
        jobs: &[
            ("Head of Warehouse", 6, 1),
            ("Shift lead", 5, 4),
            ("Forklift operator", 2, 12),
            ("Warehouse worker", 1, 19),
        ],
    },
    Department {
        code: "DSP",
        name: "Dispatch",
        parent: "OPS",
        cost_center: "DI-1",
        jobs: &[("Head of Dispatch", 6, 1), ("Dispatcher", 2, 20), ("Customs clerk", 3, 6)],
    },
];

/// What happened, or is about to happen, to somebody of the story. Days count from today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Works here, nothing special.
    Works,
    /// Is on leave for some months.
    OnLeave,
    /// Starts in so many days.
    Starts(i32),
    /// The last day was so many days ago, and the accounts were dealt with.
    Left(i32),
    /// The last day was so many days ago, and nobody noticed.
    LeftUnnoticed(i32),
    /// Came from another department so many days ago and kept some access.
    Moved { days: i32, from: &'static str, kept: &'static [(&'static str, &'static str)] },
}

/// Somebody of the story.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) title: &'static str,
    pub(crate) site: &'static str,
    pub(crate) fate: Fate,
    pub(crate) functions: &'static [&'static str],
}

const fn figure(
    name: (&'static str, &'static str),
    title: &'static str,
    site: &'static str,
    fate: Fate,
) -> Figure {
    Figure { given: name.0, family: name.1, title, site, fate, functions: &[] }
}

const fn with_function(
    name: (&'static str, &'static str),
    title: &'static str,
    site: &'static str,
    functions: &'static [&'static str],
) -> Figure {
    Figure { given: name.0, family: name.1, title, site, fate: Fate::Works, functions }
}

/// The people of the story.
pub(crate) const FIGURES: [Figure; 27] = [
    figure(("Katrin", "Vogel"), "Managing director", "HAM", Fate::Works),
    figure(("Jonas", "Brandt"), "Head of Finance", "HAM", Fate::Works),
    figure(("Tunde", "Abara"), "Head of Fleet", "RTM", Fate::Works),
    // Two people of one name.
    figure(("Ana", "Silva"), "Service agent", "LIS", Fate::Works),
    figure(("Ana", "Silva"), "Warehouse worker", "LIS", Fate::Works),
    // Movers.
    figure(
        ("Maya", "Okafor"),
        "Fleet planner",
        "HAM",
        Fate::Moved {
            days: 17,
            from: "FIN",
            kept: &[
                ("ledger", "post-journal"),
                ("ledger", "invoice-entry"),
                ("directory", "finance-share"),
            ],
        },
    ),
    figure(
        ("Piotr", "Zieliński"),
        "Account manager",
        "GDN",
        Fate::Moved { days: 40, from: "CUS", kept: &[("crm", "handle-cases"), ("mail", "care")] },
    ),
    figure(
        ("Ruth", "Adeyemi"),
        "Dispatcher",
        "RTM",
        Fate::Moved {
            days: 26,
            from: "WHS",
            kept: &[("fleet", "dock-scan"), ("directory", "warehouse-share")],
        },
    ),
    figure(
        ("Hugo", "Marques"),
        "Buyer",
        "LIS",
        Fate::Moved {
            days: 61,
            from: "SAL",
            kept: &[("crm", "edit-opportunities"), ("crm", "view-accounts")],
        },
    ),
    figure(
        ("Owen", "Bradley"),
        "Operations planner",
        "LDS",
        Fate::Moved { days: 33, from: "ITS", kept: &[("directory", "server-admins")] },
    ),
    figure(
        ("Selin", "Arslan"),
        "Driver",
        "HAM",
        Fate::Moved {
            days: 12,
            from: "DSP",
            kept: &[("fleet", "plan-tours"), ("directory", "dispatch-share")],
        },
    ),
    // Leavers.
    figure(("Sven", "Dahl"), "Payments clerk", "HAM", Fate::LeftUnnoticed(6)),
    figure(("Ines", "Prieto"), "Account manager", "LIS", Fate::LeftUnnoticed(3)),
    figure(("Gerrit", "Blom"), "Warehouse worker", "RTM", Fate::Left(12)),
    figure(("Olivia", "Marsh"), "Service agent", "LDS", Fate::Left(20)),
    figure(("Kamil", "Duda"), "Dispatcher", "GDN", Fate::Left(75)),
    // Starters.
    figure(("Noor", "Haddou"), "Accountant", "RTM", Fate::Starts(2)),
    figure(("Emil", "Sandberg"), "Dispatcher", "HAM", Fate::Starts(11)),
    figure(("Carla", "Fonseca"), "Driver", "LIS", Fate::Starts(11)),
    figure(("Dev", "Kapoor"), "Account manager", "LDS", Fate::Starts(45)),
    // On leave.
    figure(("Hanna", "Lorenz"), "People partner", "HAM", Fate::OnLeave),
    figure(("Joost", "Kramer"), "Forklift operator", "RTM", Fate::OnLeave),
    figure(("Emma", "Whitaker"), "Service agent", "LDS", Fate::OnLeave),
    // Duties that do not go together.
    with_function(("Lena", "Fuchs"), "Accountant", "HAM", &["payment-approver"]),
    with_function(("Rosa", "Lindgren"), "Payments clerk", "HAM", &["supplier-master"]),
    with_function(("Milan", "Petrov"), "Payments clerk", "RTM", &["supplier-master"]),
    // Further functions.
    with_function(("Greta", "Holm"), "Counsel", "HAM", &["data-protection", "works-council"]),
];
