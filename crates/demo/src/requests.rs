//! What people of the sample company ask for, so that requests wait for somebody.

/// A request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoRequest {
    /// Who asks, as a condition that fits at least one person; the first one does.
    pub by: &'static str,
    /// The role.
    pub role: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Question and answer.
    pub answers: &'static [(&'static str, &'static str)],
}

/// The requests, in the order in which they are made. None of them gives anything before somebody approves it.
pub const REQUESTS: &[DemoRequest] = &[
    DemoRequest {
        by: "title == 'Software developer'",
        role: "server-access",
        reason: "The build servers need a new certificate",
        answers: &[("Which ticket is it about?", "T-2041")],
    },
    DemoRequest {
        by: "title == 'Service desk agent'",
        role: "business-figures",
        reason: "Monthly report about calls at the service desk",
        answers: &[],
    },
    DemoRequest {
        by: "title == 'Head of IT'",
        role: "business-figures",
        reason: "The budget of next year",
        answers: &[],
    },
];
