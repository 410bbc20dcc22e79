//! The same roles as in `project/policy`, as a table in code. A test compares the two.
//!
//! How they are applied is in `rules`.

use crate::people::Person;

/// A role.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    /// The roles it includes.
    pub(crate) includes: &'static [&'static str],
    /// Who has it by rule.
    pub(crate) when: fn(&Person) -> bool,
    /// System and entitlement.
    pub(crate) grants: &'static [(&'static str, &'static str)],
}

/// The roles whose grants do not depend on the person, in the order of the file.
pub(crate) const ROLES: &[Role] = &[
    role(
        "employee",
        |_| true,
        &[("directory", "all-staff"), ("mail", "all-tern"), ("wiki", "handbook"), ("wiki", "news")],
    ),
    role(
        "office-worker",
        |p| !in_department(p, &["FLT", "WHS", "DSP"]),
        &[("directory", "office-apps"), ("directory", "vpn"), ("wiki", "how-to")],
    ),
    role(
        "people-lead",
        |p| p.grade >= 5,
        &[("directory", "managers"), ("mail", "leadership"), ("wiki", "leadership")],
    ),
    role(
        "part-timer",
        |p| p.weekly_hours == "18.5",
        &[("mail", "part-time"), ("wiki", "shift-swap")],
    ),
    role(
        "contractor",
        |p| p.contract == "contractor",
        &[("directory", "contractors"), ("wiki", "contractor-guide")],
    ),
    role(
        "apprentice",
        |p| p.contract == "apprentice",
        &[("directory", "apprentices"), ("wiki", "training")],
    ),
    role("hamburg-port", |p| is_at_port(p, "Hamburg"), &[("directory", "gate-burchardkai")]),
    role("rotterdam-port", |p| is_at_port(p, "Rotterdam"), &[("directory", "gate-maasvlakte")]),
    role("uk-payslips", |p| p.site.country == "GB", &[("directory", "uk-payslips")]),
    role(
        "works-council",
        |p| p.functions.contains(&"works-council"),
        &[("directory", "works-council"), ("mail", "works-council")],
    ),
    role(
        "data-protection",
        |p| p.functions.contains(&"data-protection"),
        &[("mail", "privacy"), ("wiki", "privacy"), ("crm", "erase-contacts")],
    ),
    // Finance and purchasing.
    role(
        "finance",
        |p| in_department(p, &["FIN"]),
        &[
            ("directory", "finance-share"),
            ("ledger", "view-ledger"),
            ("mail", "finance"),
            ("wiki", "finance-manual"),
        ],
    ),
    extends(
        "accountant",
        &["finance"],
        |p| p.title == "Accountant",
        &[("ledger", "post-journal"), ("ledger", "invoice-entry")],
    ),
    extends(
        "payments-clerk",
        &["finance"],
        |p| p.title == "Payments clerk",
        &[("ledger", "create-payment"), ("ledger", "invoice-entry")],
    ),
    extends(
        "billing-clerk",
        &["finance"],
        |p| p.title == "Billing clerk",
        &[("ledger", "create-invoice"), ("crm", "view-orders")],
    ),
    extends(
        "controller",
        &["finance"],
        |p| p.title == "Controller",
        &[("ledger", "close-period"), ("ledger", "report-all"), ("directory", "bi-users")],
    ),
    extends(
        "treasurer",
        &["finance"],
        |p| p.title == "Treasury manager",
        &[("ledger", "approve-payment"), ("ledger", "bank-statements")],
    ),
    role(
        "payment-approver",
        |p| p.functions.contains(&"payment-approver"),
        &[("ledger", "approve-payment")],
    ),
    role(
        "supplier-master",
        |p| p.functions.contains(&"supplier-master"),
        &[("ledger", "edit-supplier")],
    ),
    role(
        "cost-center-owner",
        |p| p.title.starts_with("Head of "),
        &[("ledger", "approve-cost"), ("ledger", "report-own")],
    ),
    role(
        "purchasing",
        |p| in_department(p, &["PUR"]),
        &[
            ("directory", "purchasing-share"),
            ("ledger", "create-order"),
            ("ledger", "view-suppliers"),
        ],
    ),
    extends(
        "senior-buyer",
        &["purchasing"],
        |p| p.title == "Senior buyer",
        &[("ledger", "approve-order")],
    ),
    // People, IT, legal, management.
    role(
        "people-team",
        |p| in_department(p, &["HRM"]),
        &[
            ("directory", "people-share"),
            ("directory", "personnel-files"),
            ("mail", "jobs"),
            ("wiki", "people-manual"),
        ],
    ),
    extends(
        "payroll",
        &["people-team"],
        |p| p.title == "Payroll specialist",
        &[("directory", "payroll"), ("ledger", "run-payroll")],
    ),
    extends(
        "recruiter",
        &["people-team"],
        |p| p.title == "Recruiter",
        &[("directory", "recruiting")],
    ),
    role(
        "it",
        |p| in_department(p, &["ITS"]),
        &[
            ("directory", "it-share"),
            ("directory", "remote-support"),
            ("mail", "it-alerts"),
            ("wiki", "it-runbooks"),
        ],
    ),
    extends(
        "system-administrator",
        &["it"],
        |p| p.title == "System administrator",
        &[("directory", "server-admins")],
    ),
    extends(
        "service-desk",
        &["it"],
        |p| p.title == "Service desk agent",
        &[("directory", "password-reset")],
    ),
    extends(
        "developer",
        &["it"],
        |p| p.title == "Software developer",
        &[("directory", "git-users"), ("directory", "build-servers"), ("wiki", "engineering")],
    ),
    role(
        "legal",
        |p| in_department(p, &["LEG"]),
        &[("directory", "legal-share"), ("wiki", "legal")],
    ),
    extends(
        "compliance",
        &["legal"],
        |p| p.title == "Compliance officer",
        &[("ledger", "read-audit-trail"), ("crm", "read-audit-trail")],
    ),
    role(
        "management",
        |p| in_department(p, &["EXE"]),
        &[("directory", "board-share"), ("crm", "reports")],
    ),
    // Sales and customer service.
    role(
        "sales",
        |p| in_department(p, &["SAL"]),
        &[
            ("directory", "sales-share"),
            ("crm", "view-accounts"),
            ("crm", "edit-opportunities"),
            ("mail", "sales"),
            ("wiki", "sales-playbook"),
        ],
    ),
    extends(
        "key-account",
        &["sales"],
        |p| p.title == "Key account manager",
        &[("crm", "approve-discount"), ("crm", "export-contacts")],
    ),
    extends(
        "sales-analyst",
        &["sales"],
        |p| p.title == "Sales analyst",
        &[("crm", "reports"), ("directory", "bi-users")],
    ),
    extends(
        "marketing",
        &["sales"],
        |p| p.title == "Marketing manager",
        &[
            ("crm", "campaigns"),
            ("directory", "design-tools"),
            ("mail", "press"),
            ("wiki", "brand"),
        ],
    ),
    role(
        "customer-service",
        |p| in_department(p, &["CUS"]),
        &[
            ("directory", "service-share"),
            ("crm", "view-accounts"),
            ("crm", "view-orders"),
            ("crm", "handle-cases"),
            ("mail", "care"),
            ("wiki", "service-scripts"),
        ],
    ),
    extends(
        "service-lead",
        &["customer-service"],
        |p| p.title == "Team lead",
        &[("crm", "reassign-cases"), ("crm", "reports")],
    ),
    extends(
        "claims",
        &["customer-service"],
        |p| p.title == "Claims handler",
        &[("crm", "handle-claims"), ("ledger", "request-refund")],
    ),
    // Operations.
    role(
        "operations",
        |p| in_department(p, &["OPS"]),
        &[
            ("directory", "operations-share"),
            ("directory", "bi-users"),
            ("fleet", "view-tours"),
            ("fleet", "view-indicators"),
            ("wiki", "operations"),
        ],
    ),
    extends(
        "quality",
        &["operations"],
        |p| p.title == "Quality manager",
        &[("fleet", "report-incident"), ("crm", "view-orders")],
    ),
    role(
        "fleet-team",
        |p| in_department(p, &["FLT"]),
        &[("directory", "fleet-share"), ("fleet", "view-vehicles"), ("wiki", "fleet-manual")],
    ),
    extends(
        "fleet-planner",
        &["fleet-team"],
        |p| p.title == "Fleet planner",
        &[
            ("directory", "fleet-planners"),
            ("fleet", "assign-vehicle"),
            ("fleet", "book-service"),
            ("crm", "view-orders"),
            ("ledger", "report-fleet"),
        ],
    ),
    extends(
        "driver",
        &["fleet-team"],
        |p| p.title == "Driver",
        &[("fleet", "drive"), ("fleet", "tachograph"), ("mail", "drivers")],
    ),
    extends(
        "workshop",
        &["fleet-team"],
        |p| p.title == "Workshop technician",
        &[("directory", "parts-catalogue"), ("fleet", "service-vehicle")],
    ),
    role(
        "warehouse",
        |p| in_department(p, &["WHS"]),
        &[("directory", "warehouse-share"), ("fleet", "dock-scan"), ("wiki", "warehouse-safety")],
    ),
    extends(
        "forklift-operator",
        &["warehouse"],
        |p| p.title == "Forklift operator",
        &[("fleet", "start-forklift")],
    ),
    extends(
        "shift-lead",
        &["warehouse"],
        |p| p.title == "Shift lead",
        &[("directory", "shift-planning"), ("fleet", "plan-docks")],
    ),
    role(
        "dispatch",
        |p| in_department(p, &["DSP"]),
        &[
            ("directory", "dispatch-share"),
            ("fleet", "view-vehicles"),
            ("fleet", "plan-tours"),
            ("mail", "dispatch"),
            ("wiki", "dispatch-desk"),
        ],
    ),
    extends(
        "dispatcher",
        &["dispatch"],
        |p| p.title == "Dispatcher",
        &[("fleet", "assign-driver"), ("crm", "view-orders")],
    ),
    extends(
        "customs-clerk",
        &["dispatch"],
        |p| p.title == "Customs clerk",
        &[("directory", "customs-portal"), ("fleet", "border-papers")],
    ),
];

const fn role(
    name: &'static str,
    when: fn(&Person) -> bool,
    grants: &'static [(&'static str, &'static str)],
) -> Role {
    Role { name, includes: &[], when, grants }
}

const fn extends(
    name: &'static str,
    includes: &'static [&'static str],
    when: fn(&Person) -> bool,
    grants: &'static [(&'static str, &'static str)],
) -> Role {
    Role { name, includes, when, grants }
}

fn in_department(person: &Person, codes: &[&str]) -> bool {
    codes.contains(&person.department.code)
}

fn is_at_port(person: &Person, city: &str) -> bool {
    person.site.city == city && in_department(person, &["FLT", "WHS", "DSP"])
}
