//! Texts about access: reasons, conflicts, leavers.

use super::texts;

texts! {
    /// Why somebody has something.
    AccessTexts {
        picture: "As a picture", "Als Bild";
        picture_of: "From {who} by cause and roles to {what}", "Von {who} über Anlass und Rollen zu {what}";
        as_table: "As a table", "Als Tabelle";
        by_rule: "rule", "Regel";
        by_somebody: "assigned by {by}", "zugewiesen von {by}";
        why: "Why", "Warum";
        has: "{who} has {what}.", "{who} hat {what}.";
        has_without_reason: "{who} has {what}, and nothing grants it.", "{who} hat {what}, und nichts gewährt es.";
        has_against_state: "{who} has {what}, though the lifecycle state takes it away.", "{who} hat {what}, obwohl der Zustand es entzieht.";
        should_have: "{who} should have {what}, and has it not yet.", "{who} sollte {what} haben und hat es noch nicht.";
        has_not: "{who} does not have {what}.", "{who} hat {what} nicht.";
        next_takes: "The next plan takes or disables it, where the mode of the system allows that.", "Der nächste Plan entzieht oder sperrt es, wo der Modus des Systems das zulässt.";
        next_gives: "The next plan gives it.", "Der nächste Plan gibt es.";
        as_it_should: "This is as it should be.", "Das ist, wie es sein soll.";
        reasons: "Reasons", "Gründe";
        no_reasons: "No role of this person gives it.", "Keine Rolle dieser Person gewährt es.";
        would: "What would give it", "Was es geben würde";
        nothing_would: "No role of the model gives it.", "Keine Rolle des Modells gewährt es.";
        because_role: "because of role {role}", "wegen der Rolle {role}";
        and_more: "and {n} more", "und {n} weiteren";
        no_reason: "nothing grants it", "nichts gewährt es";
        role_gives: "Role {role} gives it.", "Die Rolle {role} gewährt es.";
        rule_holds: "The rule of the role holds.", "Die Regel der Rolle trifft zu.";
        included: "Role {role} is included in role {outer}.", "Die Rolle {role} ist in der Rolle {outer} enthalten.";
        assigned: "Assigned by {by}: “{reason}”", "Zugewiesen von {by}: „{reason}“";
        from: " from {at}", " ab {at}";
        until: " until {at}", " bis {at}";
        no_end: ", without an end", ", ohne Ende";
        holds: "It holds that {condition}", "Es gilt: {condition}";
        fails: "It does not hold that {condition}", "Es gilt nicht: {condition}";
        reads: "{path} is {value}", "{path} ist {value}";
        nothing: "nothing", "nichts";
        would_give: "Role {role} would give it.", "Die Rolle {role} würde es gewähren.";
        by_assignment: "It is given by assignment only.", "Sie wird nur durch Zuweisung gegeben.";
        goes: "If this reason goes, the access goes: nothing else gives it.", "Fällt dieser Grund weg, geht der Zugriff: Nichts anderes gewährt ihn.";
        stays: "If this reason goes, it is still held through {roles}.", "Fällt dieser Grund weg, bleibt der Zugriff durch {roles}.";
        state: "State {state} since {since}.", "Zustand {state} seit {since}.";
        account: "Account", "Konto";
        last_change: "Last change seen", "Letzte gesehene Änderung";
        disabled: "disabled", "gesperrt";
        entitlement: "Entitlement", "Berechtigung";
        there: "There", "Vorhanden";
        wanted: "Wanted", "Gewollt";
        command: "The same on the command line", "Dasselbe auf der Kommandozeile";
        leavers_help: "Who is gone by their lifecycle and still has an account that can be used. The next plan disables it, where the mode of the system allows that.", "Wer laut Lebenszyklus ausgeschieden ist und noch ein nutzbares Konto hat. Der nächste Plan sperrt es, wo der Modus des Systems das zulässt.";
        active_on: "Can still be used on", "Noch nutzbar auf";
        conflicts_help: "Who has duties that nobody may have together. Each access leads to its reasons.", "Wer Aufgaben hat, die niemand zusammen haben darf. Jeder Zugriff führt zu seinen Gründen.";
        conflict: "Conflict", "Konflikt";
        outside: "held, and nothing gives it", "vorhanden, ohne dass etwas ihn gibt";
        outside_help: "A system holds this, and nothing gives it. Reverting it ends the conflict:", "Ein System hat dies, ohne dass etwas es gibt. Es zurückzunehmen beendet den Konflikt:";
        duties: "Duties held", "Aufgaben";
        blocks: "grants that complete it are held back", "Was ihn vollendet, wird zurückgehalten";
        warns: "it is reported only", "er wird nur gemeldet";
        conflict_map: "Conflicts by place", "Konflikte nach Ort";
        conflict_map_help: "How many people of each place are in each conflict. A number leads to them; the denser the pattern, the more they are.", "Wie viele Menschen jedes Ortes in jedem Konflikt sind. Eine Zahl führt zu ihnen; je dichter das Muster, desto mehr sind es.";
        used_help: "Used: accounts of at least two of the duties were used in the last 90 days, where systems tell.", "Genutzt: Konten von mindestens zwei der Aufgaben wurden in den letzten 90 Tagen benutzt, soweit Systeme das sagen.";
        used_unknown: "For so many people it is not looked at who used what.", "Bei so vielen Menschen wird nicht angesehen, wer was genutzt hat.";
        n_used: "{n} used", "{n} genutzt";
        n_excepted: "{n} excepted", "{n} ausgenommen";
        other_places: "all others", "alle anderen";
        no_place: "none", "keiner";
    }
}
