//! Ids in blocks: dense, rising, never handed out twice.

use crate::{StoreError, Tx, statement::args, words::words};

words! {
    /// What ids are handed out for.
    Sequence {
        /// Entities.
        Entity = "entity",
        /// Records.
        Record = "record",
        /// Accounts.
        Account = "account",
        /// Entitlements.
        Entitlement = "entitlement",
        /// Assignments.
        Assignment = "assignment",
        /// Plans.
        Plan = "plan",
        /// Runs of a read.
        ReadRun = "read_run",
        /// Cases of correlation.
        MatchCase = "match_case",
        /// Held inbound change sets.
        ChangeSet = "change_set",
        /// Drift.
        Drift = "drift",
        /// Alarms.
        Alarm = "alarm",
        /// Things that happened and may begin workflows.
        WorkflowEvent = "workflow_event",
        /// Runs of workflows.
        WorkflowRun = "workflow_run",
        /// Tickets.
        Ticket = "ticket",
        /// Clients.
        Client = "client",
        /// Tokens of clients.
        ClientToken = "client_token",
        /// Work that takes long, asked for over the API.
        Job = "job",
        /// Secrets of applications.
        ApplicationSecret = "application_secret",
        /// Sessions at applications.
        ApplicationSession = "application_session",
        /// Sessions of people.
        Session = "session",
        /// Tries to sign in.
        SignIn = "sign_in",
        /// Requests for roles.
        Request = "request",
        /// Delegations.
        Delegation = "delegation",
        /// Campaigns.
        Campaign = "campaign",
        /// Items of campaigns.
        ReviewItem = "review_item",
        /// Things that happened and after which a review asks.
        ReviewEvent = "review_event",
        /// Those who ask to be guests.
        GuestApplication = "guest_application",
        /// Drafts of forms.
        FormDraft = "form_draft",
        /// What people are told.
        Notice = "notice",
        /// Passkeys.
        Passkey = "passkey",
    }
}

impl Tx {
    /// Takes `n` ids in a row and returns the first. Ids begin at 1. On PostgreSQL they are gone even when the
    /// transaction is rolled back, so there may be gaps.
    pub async fn take_ids(&mut self, sequence: Sequence, n: usize) -> Result<i64, StoreError> {
        self.take_from(sequence.word(), n).await
    }

    /// Takes `n` numbers in a row from a sequence and returns the first.
    pub(crate) async fn take_from(&mut self, sequence: &str, n: usize) -> Result<i64, StoreError> {
        let sql = "INSERT INTO sequence (name, next_id) VALUES ($1, 1 + CAST($2 AS BIGINT))
                   ON CONFLICT (name) DO UPDATE SET next_id = sequence.next_id + CAST($2 AS BIGINT)
                   RETURNING next_id - CAST($2 AS BIGINT)";
        let first = self.fetch_id(sql, args![sequence, n]).await?;
        first.ok_or_else(|| StoreError::Missing { table: "sequence", row: sequence.to_owned() })
    }
}
