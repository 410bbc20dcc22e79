//! Texts of reports.

use super::texts;

texts! {
    /// Reports.
    ReportTexts {
        reports: "Reports", "Berichte";
        reports_help: "Who has access and how well it is governed, as of now; each also as a file.", "Wer worauf Zugriff hat und wie gut er geregelt ist, Stand jetzt; jeder auch als Datei.";
        leavers: "How fast leavers lost access", "Wie schnell Ausgeschiedene den Zugriff verloren";
        leavers_help: "By system, how long it took until those who left could do nothing any more, and who still can.", "Je System, wie lange es dauerte, bis Ausgeschiedene nichts mehr konnten, und wer es noch kann.";
        orphans: "Accounts that belong to nobody", "Konten, die niemandem gehören";
        orphans_help: "Where they are, for how long they are known, when they were last used and what was decided.", "Wo sie sind, seit wann man sie kennt, wann sie zuletzt benutzt wurden und was entschieden wurde.";
        conflicts: "People whose duties conflict", "Personen mit unvereinbaren Aufgaben";
        conflicts_help: "Who holds duties that nobody may hold together, since when, and what an exception allows.", "Wer unvereinbare Aufgaben hat, seit wann, und was eine Ausnahme erlaubt.";
        reviews: "How access reviews went", "Wie Überprüfungen verliefen";
        reviews_help: "By campaign, what was asked and decided, and how much time reviewers took.", "Je Kampagne, was gefragt und entschieden wurde und wie viel Zeit sich die Prüfenden nahmen.";
        privileged: "Who holds access of high risk", "Wer Zugriff mit hohem Risiko hat";
        privileged_help: "Roles of at least a risk: how they came, since when and until when, who decided and when they were last used.", "Rollen ab einem Risiko: wie sie kamen, seit wann und bis wann, wer entschied und wann sie zuletzt benutzt wurden.";
        access: "Who has access to what", "Wer worauf Zugriff hat";
        access_help: "Each role, account and entitlement: why, since when and until when; at any past day as a file.", "Jede Rolle, jedes Konto, jede Berechtigung: warum, seit wann und bis wann; für jeden vergangenen Tag als Datei.";
        subject: "What is kept about a person", "Was über eine Person gespeichert ist";
        subject_help: "Everything that is kept about one person, for a request of theirs (GDPR, article 15).", "Alles, was über eine Person gespeichert ist, für eine Auskunft nach Artikel 15 DSGVO.";
        files: "As a file", "Als Datei";
        made: "Made of revision {revision} of the model at {at}.", "Aus Revision {revision} des Modells, {at}.";
        others: "others", "weitere";
        cut: "There is more than this page shows; the files have all of it.", "Es gibt mehr, als diese Seite zeigt; die Dateien enthalten alles.";
        past: "The past is given as a file.", "Die Vergangenheit gibt es als Datei.";
        name_somebody: "Name a person.", "Nennen Sie eine Person.";
        yes: "yes", "ja";
        no: "no", "nein";
        since_day: "since", "seit";
        as_of: "as of", "Stand vom";
        risk: "risk", "Risiko";
        system: "system", "System";
        person: "person", "Person";
        people: "people", "Personen";
        verified: "confirmed", "bestätigt";
        p95_seconds: "95 of 100 within (s)", "95 von 100 binnen (s)";
        max_seconds: "longest (s)", "längste (s)";
        active: "still active", "noch aktiv";
        active_people: "who", "wer";
        active_accounts: "accounts still active", "noch aktive Konten";
        account_type: "account type", "Kontoart";
        account: "account", "Konto";
        accounts: "accounts", "Konten";
        usable: "can be used", "benutzbar";
        status: "status", "Status";
        enabled: "can be used", "benutzbar";
        known_since: "known since", "bekannt seit";
        age_days: "days", "Tage";
        last_used: "last used", "zuletzt benutzt";
        decision: "decision", "Entscheidung";
        decided_by: "decided by", "entschieden von";
        until: "until", "bis";
        comment: "comment", "Bemerkung";
        orphaned: "orphans", "verwaist";
        undecided: "undecided", "unentschieden";
        authorised: "authorised", "erlaubt";
        ownerless: "nobody answers for them", "ohne Verantwortliche";
        outside: "given outside", "außerhalb vergeben";
        display: "name", "Name";
        conflict: "conflict", "Konflikt";
        duties: "duties", "Aufgaben";
        state: "state", "Zustand";
        since: "since", "seit";
        exception_by: "exception by", "Ausnahme von";
        mitigation: "mitigation", "Gegenmaßnahme";
        owner: "answers for it", "verantwortlich";
        open: "open", "offen";
        excepted: "excepted", "ausgenommen";
        campaign: "campaign", "Kampagne";
        review: "review", "Überprüfung";
        opened_at: "opened", "begonnen";
        due_at: "due", "fällig";
        closed_at: "closed", "abgeschlossen";
        asked: "asked", "gefragt";
        set_aside: "set aside", "zurückgestellt";
        decided: "decided", "entschieden";
        decided_percent: "decided (%)", "entschieden (%)";
        kept: "kept", "behalten";
        removed: "removed", "entzogen";
        narrowed: "narrowed", "verkürzt";
        over: "gone before", "vorher weg";
        waiting: "waiting", "wartend";
        late: "late", "verspätet";
        late_decisions: "decided late", "spät entschieden";
        median_seconds: "median (s)", "Median (s)";
        glances_percent: "under 3 s (%)", "unter 3 s (%)";
        disagreed: "disagreed", "uneinig";
        role: "role", "Rolle";
        roles: "roles", "Rollen";
        from_risk: "from a risk of", "ab einem Risiko von";
        held: "held", "gehalten";
        how: "how", "wie";
        reason: "reason", "Grund";
        kind: "kind", "Art";
        thing: "what", "was";
        wanted: "wanted", "gewollt";
        there: "there", "vorhanden";
        why: "why", "warum";
        section: "section", "Abschnitt";
        item: "item", "Eintrag";
        value: "value", "Wert";
        origin: "origin", "Herkunft";
        at: "at", "am";
        entries: "entries", "Einträge";
    }
}

impl ReportTexts {
    /// The title of a report and what it says, by its name.
    pub(crate) fn report(&self, name: &str) -> Option<(&'static str, &'static str)> {
        Some(match name {
            "leavers" => (self.leavers, self.leavers_help),
            "orphans" => (self.orphans, self.orphans_help),
            "conflicts" => (self.conflicts, self.conflicts_help),
            "reviews" => (self.reviews, self.reviews_help),
            "privileged" => (self.privileged, self.privileged_help),
            "access" => (self.access, self.access_help),
            "subject" => (self.subject, self.subject_help),
            _ => return None,
        })
    }

    /// A column, a total, a measure or a part, by its name.
    pub(crate) fn word(&self, name: &str) -> Option<&'static str> {
        self.about_access(name).or_else(|| self.about_work(name))
    }

    fn about_access(&self, name: &str) -> Option<&'static str> {
        Some(match name {
            "system" => self.system,
            "person" => self.person,
            "people" => self.people,
            "account_type" => self.account_type,
            "account" => self.account,
            "accounts" => self.accounts,
            "usable" => self.usable,
            "status" => self.status,
            "enabled" => self.enabled,
            "known_since" => self.known_since,
            "age_days" => self.age_days,
            "last_used" => self.last_used,
            "orphans" => self.orphaned,
            "undecided" => self.undecided,
            "authorised" => self.authorised,
            "ownerless" => self.ownerless,
            "outside" => self.outside,
            "display" => self.display,
            "role" => self.role,
            "roles" => self.roles,
            "risk" => self.risk,
            "from_risk" => self.from_risk,
            "held" => self.held,
            "how" => self.how,
            "reason" => self.reason,
            "kind" => self.kind,
            "thing" => self.thing,
            "wanted" => self.wanted,
            "there" => self.there,
            "why" => self.why,
            "section" => self.section,
            "item" => self.item,
            "value" => self.value,
            "origin" => self.origin,
            "at" => self.at,
            "entries" => self.entries,
            "since" => self.since,
            "until" => self.until,
            _ => return None,
        })
    }

    fn about_work(&self, name: &str) -> Option<&'static str> {
        Some(match name {
            "verified" => self.verified,
            "p95_seconds" => self.p95_seconds,
            "max_seconds" => self.max_seconds,
            "active" => self.active,
            "active_people" => self.active_people,
            "active_accounts" => self.active_accounts,
            "decision" => self.decision,
            "decided_by" => self.decided_by,
            "comment" => self.comment,
            "conflict" => self.conflict,
            "duties" => self.duties,
            "state" => self.state,
            "exception_by" => self.exception_by,
            "mitigation" => self.mitigation,
            "owner" => self.owner,
            "open" => self.open,
            "excepted" => self.excepted,
            "campaign" => self.campaign,
            "review" => self.review,
            "opened_at" => self.opened_at,
            "due_at" => self.due_at,
            "closed_at" => self.closed_at,
            "asked" => self.asked,
            "set_aside" => self.set_aside,
            "decided" => self.decided,
            "decided_percent" => self.decided_percent,
            "kept" => self.kept,
            "removed" => self.removed,
            "narrowed" => self.narrowed,
            "over" => self.over,
            "waiting" => self.waiting,
            "late" => self.late,
            "late_decisions" => self.late_decisions,
            "median_seconds" => self.median_seconds,
            "glances_percent" => self.glances_percent,
            "disagreed" => self.disagreed,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_and_column_has_a_text() {
        let texts = ReportTexts::GERMAN;
        for report in muster_report::REPORTS {
            assert!(texts.report(report.name).is_some(), "{}", report.name);
            for column in report.columns {
                assert!(texts.word(column.name).is_some(), "{}", column.name);
            }
        }
    }
}
