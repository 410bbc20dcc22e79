//! Texts about forms: what people enter step by step, and how far it is.

use super::texts;

texts! {
    /// Forms and drafts.
    FormTexts {
        forms: "Forms", "Formulare";
        forms_help: "Enter somebody new or change what is kept by hand, step by step, and see what waits for you.", "Jemanden neu eintragen oder von Hand Geführtes ändern, Schritt für Schritt, und sehen, was auf Sie wartet.";
        form: "Form", "Formular";
        begin: "Begin", "Beginnen";
        about: "Which one, by key", "Wen oder was, mit Schlüssel";
        waiting: "Waits for you", "Wartet auf Sie";
        mine: "Begun by you", "Von Ihnen begonnen";
        no_forms: "There is no form that you may begin.", "Es gibt kein Formular, das Sie beginnen können.";
        step: "Step", "Schritt";
        begun_by: "Begun by", "Begonnen von";
        waits_on: "Waits for", "Wartet auf";
        changed: "Changed", "Geändert";
        ends: "Ends if nobody works on it", "Endet, wenn niemand daran arbeitet";
        whom: "About", "Betrifft";
        in_place_of: "You work on it in the place of", "Sie bearbeiten es in Vertretung von";
        nothing: "nothing", "nichts";
        yes: "yes", "ja";
        no: "no", "nein";
        lines: "One value in each line.", "Ein Wert in jeder Zeile.";
        required: "needed", "nötig";
        look_for: "Name or key of", "Name oder Schlüssel von";
        find: "Find", "Suchen";
        found_none: "Nobody and nothing is found that you may choose.", "Es ist nichts zu finden, das Sie wählen können.";
        save: "Save the draft", "Entwurf sichern";
        submit: "Submit", "Weitergeben";
        enter: "Enter it for good", "Endgültig eintragen";
        preview: "Show what it comes to", "Zeigen, was daraus wird";
        give_back: "Give it back", "Zurückgeben";
        to: "To the step", "An den Schritt";
        refuse: "Refuse", "Ablehnen";
        withdraw: "Take it back", "Zurückziehen";
        note: "What has to be done, or why", "Was zu tun ist, oder warum";
        despite: "Also though somebody has nearly the same name", "Auch wenn jemand fast gleich heißt";
        cannot: "It cannot be done like this", "So geht es nicht";
        look: "Look at the fields.", "Bitte die Felder ansehen.";
        stands: "Meanwhile somebody entered", "Inzwischen hat jemand eingetragen";
        comes_to: "What it comes to", "Was daraus wird";
        would_be: "It would be", "Es wäre";
        missing: "A value is needed.", "Hier ist ein Wert nötig.";
        malformed: "This is not right here; needed is: {wanted}.", "Das passt hier nicht; nötig ist: {wanted}.";
        no_choice: "Choose one of the values.", "Bitte einen der Werte wählen.";
        too_long: "This is too long.", "Das ist zu lang.";
        of_text: "text without control characters", "Text ohne Steuerzeichen";
        of_number: "a number", "eine Zahl";
        of_day: "a day, such as 2026-12-31", "ein Tag wie 2026-12-31";
        of_time: "a day with a time", "ein Tag mit Uhrzeit";
        of_bool: "yes or no", "ja oder nein";
        of_other: "a value of this kind", "ein Wert dieser Art";
        open: "open", "offen";
        entered: "entered", "eingetragen";
        refused: "refused", "abgelehnt";
        withdrawn: "taken back", "zurückgezogen";
        expired: "nobody worked on it", "niemand arbeitete daran";
        event_begun: "begun", "begonnen";
        event_saved: "saved", "gesichert";
        event_submitted: "submitted", "weitergegeben";
        event_returned: "given back", "zurückgegeben";
        try_run: "For whom it would run", "Für wen er liefe";
        try_help: "Nothing is done yet. It runs for exactly those who are named here.", "Noch wird nichts getan. Er läuft für genau die, die hier stehen.";
        people: "Only for these people, separated by commas", "Nur für diese Personen, durch Kommas getrennt";
        run: "Run it", "Ausführen";
        nobody: "It would run for nobody.", "Er liefe für niemanden.";
    }
}
