//! Texts of the first page, the search and the keys.

use super::texts;

texts! {
    /// The first page, the search and the keys.
    HomeTexts {
        title: "What needs attention", "Was Aufmerksamkeit braucht";
        all_well: "Nothing needs attention.", "Nichts braucht Aufmerksamkeit.";
        leavers_one: "leaver with an active account", "Ausgeschiedener mit aktivem Konto";
        leavers_many: "leavers with an active account", "Ausgeschiedene mit aktivem Konto";
        conflicts_one: "person with duties that do not go together", "Person mit unvereinbaren Aufgaben";
        conflicts_many: "people with duties that do not go together", "Personen mit unvereinbaren Aufgaben";
        orphans_one: "account of nobody", "Konto ohne Besitzer";
        orphans_many: "accounts of nobody", "Konten ohne Besitzer";
        drift_one: "change made outside", "Änderung von außen";
        drift_many: "changes made outside", "Änderungen von außen";
        held_one: "plan or change set that is held", "angehaltener Plan oder Änderungssatz";
        held_many: "plans and change sets that are held", "angehaltene Pläne und Änderungssätze";
        failed_one: "order that failed", "gescheiterter Auftrag";
        failed_many: "orders that failed", "gescheiterte Aufträge";
        reviews_one: "order that waits for a second person", "Auftrag, der auf eine zweite Person wartet";
        reviews_many: "orders that wait for a second person", "Aufträge, die auf eine zweite Person warten";
        unwell_one: "system that is not well", "System, dem es nicht gut geht";
        unwell_many: "systems that are not well", "Systeme, denen es nicht gut geht";
        at_least: "at least", "mindestens";
        own_page: "Your own page", "Ihre eigene Seite";
        search_title: "Search", "Suche";
        search_none: "Nothing was found for", "Nichts gefunden für";
        search_begin: "Type a part of a name.", "Geben Sie einen Teil eines Namens ein.";
        search_more: "There is more than is shown here. Type more of the name.", "Es gibt mehr, als hier steht. Geben Sie mehr vom Namen ein.";
        entitlements: "Entitlements", "Berechtigungen";
        keys_title: "Keys", "Tasten";
        keys_help: "Single keys work outside of fields. Everything is also reached with Tab and Enter.", "Einzelne Tasten gelten außerhalb von Feldern. Alles ist auch mit Tab und Enter erreichbar.";
        key_search: "to the search", "zur Suche";
        key_why: "why: the access of a person, or the reasons of the chosen line", "warum: der Zugriff einer Person, oder die Gründe der gewählten Zeile";
        key_timeline: "timeline of a person", "Zeitleiste einer Person";
        key_plan: "what would change now for a person", "was sich für eine Person jetzt ändern würde";
        key_next: "next line", "nächste Zeile";
        key_previous: "line before", "vorige Zeile";
        key_help: "this page", "diese Seite";
        keys_on: "Switch single keys on", "Einzelne Tasten einschalten";
        keys_off: "Switch single keys off", "Einzelne Tasten ausschalten";
    }
}
