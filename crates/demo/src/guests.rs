//! Guests of the sample company: people of the organisations in `policy/guests.yaml`, and who answers for them.

/// A guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoGuest {
    /// The name.
    pub name: &'static str,
    /// The address, whose domain is that of a connected organisation.
    pub mail: &'static str,
    /// Who answers for them, as a condition that fits at least one person; the first one does.
    pub sponsor: &'static str,
    /// The role that they are invited to.
    pub role: &'static str,
    /// Why they come.
    pub reason: &'static str,
    /// How many days ago they were invited.
    pub days_ago: i64,
    /// Whether they opened the link that was mailed to them.
    pub came: bool,
}

/// The guests in the order in which they were invited. Ines Prieto left since; the last one has not answered yet.
pub const GUESTS: &[DemoGuest] = &[
    DemoGuest {
        name: "Mette Strand",
        mail: "mette.strand@nordlys.example",
        sponsor: "userName == 'ines.prieto'",
        role: "freight-portal",
        reason: "Plans the line to Bergen with us",
        days_ago: 20,
        came: true,
    },
    DemoGuest {
        name: "Kari Nord",
        mail: "kari.nord@nordlys.example",
        sponsor: "title == 'Key account manager'",
        role: "freight-portal",
        reason: "Follows the containers of Nordlys",
        days_ago: 14,
        came: true,
    },
    DemoGuest {
        name: "Enno Harms",
        mail: "enno.harms@hafenlicht.example",
        sponsor: "title == 'Customs clerk'",
        role: "customs-desk",
        reason: "Clears our freight at night",
        days_ago: 9,
        came: true,
    },
    DemoGuest {
        name: "Birte Classen",
        mail: "birte.classen@hafenlicht.example",
        sponsor: "title == 'Customs clerk'",
        role: "customs-desk",
        reason: "Stands in for Enno Harms in December",
        days_ago: 1,
        came: false,
    },
];
