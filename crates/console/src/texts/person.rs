//! Texts of the page of a person.

use super::texts;

texts! {
    /// A person.
    PersonTexts {
        kind: "Type", "Art";
        condition: "Only if", "Nur wenn";
        name: "Name", "Name";
        key: "Key", "Schlüssel";
        state: "State", "Zustand";
        gone_since: "Gone since", "Ausgeschieden seit";
        accounts_none: "no accounts", "keine Konten";
        accounts_one: "one account", "ein Konto";
        accounts_many: "{n} accounts", "{n} Konten";
        surplus_one: "one thing that nothing grants", "eins, das nichts gewährt";
        surplus_many: "{n} things that nothing grants", "{n}, die nichts gewährt";
        lacking_one: "one thing still missing", "eins fehlt noch";
        lacking_many: "{n} things still missing", "{n} fehlen noch";
        conflicts: "conflicts: {names}", "Konflikte: {names}";
        since: "{state} since {at}", "{state} seit {at}";
        next_change: "next change {at}", "nächste Änderung {at}";
        attributes: "Attributes", "Attribute";
        accounts: "Accounts and access", "Konten und Zugriff";
        roles: "Roles", "Rollen";
        role: "Role", "Rolle";
        no_roles: "No roles.", "Keine Rollen.";
        not_there: "wanted, not there yet", "gewollt, noch nicht vorhanden";
        enabled: "enabled", "aktiv";
        made_ready: "made ready, not enabled", "vorbereitet, nicht aktiv";
        gone: "to be removed", "zu entfernen";
        kept: "kept for a time", "eine Zeit lang behalten";
        timeline: "Timeline", "Zeitleiste";
        plan: "What would change now", "Was sich jetzt ändern würde";
        compare: "Compare two moments", "Zwei Zeitpunkte vergleichen";
        one_day: "One day", "Ein Tag";
        other_day: "The other day", "Der andere Tag";
        different: "What is different", "Was anders ist";
        nothing_different: "Nothing is different.", "Nichts ist anders.";
        past: "What happened", "Was geschah";
        future: "What will happen", "Was geschehen wird";
        future_help: "If nothing new is heard.", "Wenn nichts Neues gemeldet wird.";
        no_future: "Nothing changes by the passing of time.", "Nichts ändert sich durch bloßen Zeitablauf.";
        no_past: "Nothing is known.", "Nichts ist bekannt.";
        effective: "Effective", "Wirksam";
        recorded: "Recorded", "Aufgezeichnet";
        event: "Event", "Ereignis";
        by: "By", "Durch";
        first_known: "first known", "zuerst bekannt";
        changed: "{name}: {old} → {new}", "{name}: {old} → {new}";
        no_plan: "Nothing: all accounts are as the model says.", "Nichts: Alle Konten sind, wie das Modell es sagt.";
        blocked: "held back", "zurückgehalten";
        system: "System", "System";
        operation: "Operation", "Operation";
        becomes: "{new} (was {old})", "{new} (vorher {old})";
        gets: "gets role {role}", "erhält die Rolle {role}";
        loses: "loses role {role}", "verliert die Rolle {role}";
        account_gives: "account on {system} comes", "Konto auf {system} kommt";
        account_takes: "account on {system} goes or is disabled", "Konto auf {system} geht oder wird gesperrt";
        from_source: "from {system}, record {record}, line {line}", "aus {system}, Datensatz {record}, Zeile {line}";
        entered: "entered by hand", "von Hand eingetragen";
        computed: "computed", "berechnet";
        generated: "made once and kept", "einmal gebildet und behalten";
        from_lifecycle: "from the lifecycle", "aus dem Lebenszyklus";
        no_origin: "Nothing gives it a value.", "Nichts gibt ihm einen Wert.";
        origin: "Where it comes from", "Woher er kommt";
        used: "Where it goes", "Wohin er geht";
        not_used: "No account of this person reads it.", "Kein Konto dieser Person liest ihn.";
        no_value: "no value", "kein Wert";
    }
}
