//! The fixed words of reports in the languages there are: names of columns, and what sources say in cells.
//!
//! What others wrote, names and reasons, is in no list and stays as it is. JSON has the English words in every language.

use muster_model::Language;

/// Columns, totals, measures and filters by their name: in English and in German.
const HEADS: &[(&str, &str, &str)] = &[
    ("system", "system", "System"),
    ("person", "person", "Person"),
    ("people", "people", "Personen"),
    ("account_type", "account type", "Kontoart"),
    ("account", "account", "Konto"),
    ("accounts", "accounts", "Konten"),
    ("usable", "can be used", "benutzbar"),
    ("status", "status", "Status"),
    ("enabled", "can be used", "benutzbar"),
    ("known_since", "known since", "bekannt seit"),
    ("age_days", "days", "Tage"),
    ("last_used", "last used", "zuletzt benutzt"),
    ("orphans", "orphans", "verwaist"),
    ("undecided", "undecided", "unentschieden"),
    ("authorised", "authorised", "erlaubt"),
    ("ownerless", "nobody answers for them", "ohne Verantwortliche"),
    ("outside", "given outside", "außerhalb vergeben"),
    ("display", "name", "Name"),
    ("role", "role", "Rolle"),
    ("roles", "roles", "Rollen"),
    ("risk", "risk", "Risiko"),
    ("from_risk", "from a risk of", "ab einem Risiko von"),
    ("held", "held", "gehalten"),
    ("how", "how", "wie"),
    ("reason", "reason", "Grund"),
    ("kind", "kind", "Art"),
    ("thing", "what", "was"),
    ("wanted", "wanted", "gewollt"),
    ("there", "there", "vorhanden"),
    ("why", "why", "warum"),
    ("section", "section", "Abschnitt"),
    ("item", "item", "Eintrag"),
    ("value", "value", "Wert"),
    ("origin", "origin", "Herkunft"),
    ("at", "at", "am"),
    ("entries", "entries", "Einträge"),
    ("since", "since", "seit"),
    ("until", "until", "bis"),
    ("verified", "confirmed", "bestätigt"),
    ("p95_seconds", "95 of 100 within (s)", "95 von 100 binnen (s)"),
    ("max_seconds", "longest (s)", "längste (s)"),
    ("active", "still active", "noch aktiv"),
    ("active_people", "who", "wer"),
    ("active_accounts", "accounts still active", "noch aktive Konten"),
    ("decision", "decision", "Entscheidung"),
    ("decided_by", "decided by", "entschieden von"),
    ("comment", "comment", "Bemerkung"),
    ("conflict", "conflict", "Konflikt"),
    ("duties", "duties", "Aufgaben"),
    ("state", "state", "Zustand"),
    ("exception_by", "exception by", "Ausnahme von"),
    ("mitigation", "mitigation", "Gegenmaßnahme"),
    ("owner", "answers for it", "verantwortlich"),
    ("open", "open", "offen"),
    ("excepted", "excepted", "ausgenommen"),
    ("campaign", "campaign", "Kampagne"),
    ("review", "review", "Überprüfung"),
    ("opened_at", "opened", "begonnen"),
    ("due_at", "due", "fällig"),
    ("closed_at", "closed", "abgeschlossen"),
    ("asked", "asked", "gefragt"),
    ("set_aside", "set aside", "zurückgestellt"),
    ("decided", "decided", "entschieden"),
    ("decided_percent", "decided (%)", "entschieden (%)"),
    ("kept", "kept", "behalten"),
    ("removed", "removed", "entzogen"),
    ("narrowed", "narrowed", "verkürzt"),
    ("over", "gone before", "vorher weg"),
    ("waiting", "waiting", "wartend"),
    ("late", "late", "verspätet"),
    ("late_decisions", "decided late", "spät entschieden"),
    ("median_seconds", "median (s)", "Median (s)"),
    ("glances_percent", "under 3 s (%)", "unter 3 s (%)"),
    ("disagreed", "disagreed", "uneinig"),
    ("as_of", "as of", "Stand vom"),
];

/// What stands in cells and around them, in German; `{}` stands for what is filled in.
const SAID: &[(&str, &str)] = &[
    ("How fast leavers lost access", "Wie schnell Ausgeschiedene den Zugriff verloren"),
    (
        "By system, how long it took until those who left could do nothing any more, and who still can",
        "Je System, wie lange es dauerte, bis Ausgeschiedene nichts mehr konnten, und wer es noch kann",
    ),
    ("Accounts that belong to nobody", "Konten, die niemandem gehören"),
    (
        "Accounts without an identity, and those for which nobody answers: where, of which type, for how long they are known, when they were last used, and what was decided",
        "Konten ohne Person und solche ohne Verantwortliche: wo, seit wann man sie kennt, wann sie zuletzt benutzt wurden und was entschieden wurde",
    ),
    ("People whose duties conflict", "Personen mit unvereinbaren Aufgaben"),
    (
        "Who holds duties that nobody may hold together, since when, and which of them an exception allows",
        "Wer unvereinbare Aufgaben hat, seit wann, und was eine Ausnahme erlaubt",
    ),
    ("How access reviews went", "Wie Überprüfungen verliefen"),
    (
        "By campaign, how much was asked, set aside and decided, what came of it, and how much time reviewers took",
        "Je Kampagne, was gefragt und entschieden wurde und wie viel Zeit sich die Prüfenden nahmen",
    ),
    ("Who holds access of high risk", "Wer Zugriff mit hohem Risiko hat"),
    (
        "Who holds roles of at least a risk, or was given outside what such roles grant, how, since when and until when, who decided, and when it was last used",
        "Rollen ab einem Risiko, und was sie gewähren und von außen vergeben wurde: wie, seit wann und bis wann, wer entschied und wann es zuletzt benutzt wurde",
    ),
    ("Who has access to what", "Wer worauf Zugriff hat"),
    (
        "Each role, account and entitlement of everybody: why, since when and until when; at any past time too",
        "Jede Rolle, jedes Konto, jede Berechtigung: warum, seit wann und bis wann; für jeden vergangenen Tag als Datei",
    ),
    ("What is kept about a person", "Was über eine Person gespeichert ist"),
    (
        "Everything that is kept about one person, for a request of theirs (GDPR, article 15)",
        "Alles, was über eine Person gespeichert ist, für eine Auskunft nach Artikel 15 DSGVO",
    ),
    ("orphan", "verwaist"),
    ("undecided", "unentschieden"),
    ("authorised", "erlaubt"),
    ("ownerless", "ohne Verantwortliche"),
    ("linked", "zugeordnet"),
    ("ignored", "erlaubt"),
    ("authorise", "erlauben"),
    ("delete", "löschen"),
    ("open", "offen"),
    ("excepted", "ausgenommen"),
    ("outside", "von außen"),
    ("held back", "zurückgehalten"),
    ("held", "angehalten"),
    ("closed", "abgeschlossen"),
    ("rule", "Regel"),
    ("included", "enthalten"),
    ("assigned", "zugewiesen"),
    ("role", "Rolle"),
    ("account", "Konto"),
    ("entitlement", "Berechtigung"),
    ("its rule", "ihre Regel"),
    ("included in `{}`", "enthalten in `{}`"),
    ("assigned by {}: {}", "zugewiesen von {}: {}"),
    ("no role grants it", "keine Rolle gewährt es"),
    ("role {}", "Rolle {}"),
    ("roles {}", "Rollen {}"),
    ("{} since {}", "{} seit {}"),
    ("{} more", "{} weitere"),
    ("{}, {}", "{}, {}"),
    ("person", "Person"),
    ("fact", "Angabe"),
    ("former fact", "frühere Angabe"),
    ("record", "Datensatz"),
    ("assignment", "Zuweisung"),
    ("request", "Anfrage"),
    ("review", "Überprüfung"),
    ("delegation", "Vertretung"),
    ("proof", "Nachweis"),
    ("session", "Sitzung"),
    ("browser", "Browser"),
    ("sign-in", "Anmeldung"),
    ("journal", "Journal"),
    ("type", "Art"),
    ("key", "Schlüssel"),
    ("name", "Name"),
    ("{}: state", "{}: Zustand"),
    ("usable", "benutzbar"),
    ("not usable", "nicht benutzbar"),
    ("said by hand: {}", "von Hand gesagt: {}"),
    ("withheld: {}", "vorenthalten: {}"),
    ("{}; ended: {}", "{}; beendet: {}"),
    ("{} by {}", "{} von {}"),
    ("by {}", "von {}"),
    ("asked by {}", "angefragt von {}"),
    ("campaign {}", "Kampagne {}"),
    ("request {}: role {}", "Anfrage {}: Rolle {}"),
    ("request {}: role {} for {}", "Anfrage {}: Rolle {} für {}"),
    ("request {}: {}", "Anfrage {}: {}"),
    ("{}: {}", "{}: {}"),
    ("{} {}", "{} {}"),
    ("waiting", "wartet"),
    ("approved", "genehmigt"),
    ("refused", "abgelehnt"),
    ("withdrawn", "zurückgenommen"),
    ("expired", "abgelaufen"),
    ("allowed", "zugelassen"),
    ("continued", "fortgesetzt"),
    ("made", "gestellt"),
    ("given", "gegeben"),
    ("changed", "geändert"),
    ("shortened", "verkürzt"),
    ("undo", "zurückgenommen"),
    ("keep", "behalten"),
    ("revoke", "entziehen"),
    ("shorten", "verkürzen"),
    ("extra", "ohne Rolle"),
    ("nested", "verschachtelt"),
    ("{} decides in their place", "{} entscheidet an ihrer Stelle"),
    ("decides in the place of {}", "entscheidet an Stelle von {}"),
    ("from {}, on {}", "von {}, auf {}"),
    ("{} at {}", "{} an {}"),
    ("{}, from {}, on {}", "{}, von {}, auf {}"),
    ("password", "Passwort"),
    ("authenticator app", "Authenticator-App"),
    ("recovery codes", "Wiederherstellungscodes"),
    ("passkey", "Passkey"),
    ("is set", "ist gesetzt"),
    ("{}, record {}", "{}, Datensatz {}"),
    ("entered by hand", "von Hand eingegeben"),
    ("computed: {}", "berechnet: {}"),
    ("generated once and kept", "einmal erzeugt und behalten"),
    ("the lifecycle of the model", "der Lebenslauf des Modells"),
    ("yes", "ja"),
    ("no", "nein"),
    ("made at", "erstellt am"),
    ("made by", "erstellt von"),
    ("revision of the model", "Revision des Modells"),
    ("report", "Bericht"),
    ("about", "Inhalt"),
    ("page {} of {}", "Seite {} von {}"),
    ("{}, filled: {}", "{}, gefüllt: {}"),
    ("and {} more", "und {} weitere"),
    ("others", "weitere"),
    ("nothing found", "nichts gefunden"),
];

/// How a column, a total, a measure or a filter is called.
pub fn head_word(language: Language, name: &'static str) -> &'static str {
    let Some((_, english, german)) = HEADS.iter().find(|(known, ..)| *known == name) else {
        return name;
    };
    match language {
        Language::English => english,
        Language::German => german,
    }
}

/// A fixed text in a language; `with` is filled in for each `{}`.
pub(crate) fn said(language: Language, text: &'static str, with: &[&str]) -> String {
    let parts = spoken(language, text).split("{}");
    let filled = with.iter().copied().chain(std::iter::repeat(""));
    let mut whole = String::new();
    for (place, (part, value)) in parts.zip(std::iter::once("").chain(filled)).enumerate() {
        if place > 0 {
            whole.push_str(value);
        }
        whole.push_str(part);
    }
    whole
}

/// A fixed text in a language.
pub(crate) fn spoken(language: Language, text: &'static str) -> &'static str {
    match language {
        Language::English => text,
        Language::German => {
            SAID.iter().find(|(known, _)| *known == text).map_or(text, |(_, german)| german)
        }
    }
}

/// The fixed word that a text is.
pub(crate) fn known(text: &str) -> Option<&'static str> {
    SAID.iter().find(|(known, _)| *known == text).map(|(known, _)| *known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::REPORTS;

    #[test]
    fn every_column_and_filter_has_its_words_and_every_report_its_german() {
        for report in REPORTS {
            let filters = report.filters.iter().map(|filter| filter.word());
            for name in report.columns.iter().map(|column| column.name).chain(filters) {
                assert!(HEADS.iter().any(|(known, ..)| *known == name), "{name}");
            }
            for text in [report.title, report.about] {
                assert_ne!(spoken(Language::German, text), text);
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_never_taken_for_a_place_to_fill() {
        let said = |language| said(language, "assigned by {}: {}", &["{}", "so {} be it"]);
        assert_eq!(said(Language::English), "assigned by {}: so {} be it");
        assert_eq!(said(Language::German), "zugewiesen von {}: so {} be it");
    }

    /// Each text that a source says stands in the list.
    #[test]
    fn nothing_is_said_that_has_no_german() {
        let sources = [
            include_str!("held.rs"),
            include_str!("table.rs"),
            include_str!("render/pdf.rs"),
            include_str!("render/xlsx.rs"),
            include_str!("sources/access/rows.rs"),
            include_str!("sources/conflicts.rs"),
            include_str!("sources/leavers.rs"),
            include_str!("sources/orphans.rs"),
            include_str!("sources/privileged.rs"),
            include_str!("sources/subject.rs"),
            include_str!("sources/subject/access.rs"),
            include_str!("sources/subject/facts.rs"),
            include_str!("sources/subject/sign_ins.rs"),
        ];
        let mut n = 0;
        for text in sources {
            let calls = ["Cell::said(\"", "Cell::word(\"", "said(language, \"", "told.add((\""];
            for call in calls {
                for rest in text.split(call).skip(1) {
                    let said = rest.split('"').next().unwrap();
                    assert!(known(said).is_some(), "{said}");
                    n += 1;
                }
            }
        }
        assert!(n > 40, "{n} texts were found");
    }
}
