//! Texts around every page.

use super::texts;

texts! {
    /// Navigation and search.
    FrameTexts {
        skip: "Skip to the page", "Zum Inhalt";
        navigation: "Places", "Bereiche";
        home: "Home", "Übersicht";
        people: "People", "Personen";
        leavers: "Leavers", "Ausgeschiedene";
        conflicts: "Conflicts", "Konflikte";
        orphans: "Orphans", "Verwaiste Konten";
        drift: "Drift", "Abweichungen";
        systems: "Systems", "Systeme";
        plans: "Plans", "Pläne";
        held: "Held", "Angehalten";
        queue: "Queue", "Warteschlange";
        roles: "Roles", "Rollen";
        model: "Model", "Modell";
        journal: "Journal", "Journal";
        search: "Search", "Suchen";
        search_help: "People, roles, entitlements, systems", "Personen, Rollen, Berechtigungen, Systeme";
        sign_out: "Sign out", "Abmelden";
        view_as: "View as", "Ansehen als";
        seen_as: "You see this as", "Sie sehen dies als";
        be_oneself: "Be yourself again", "Wieder man selbst sein";
        keys: "Keys", "Tasten";
        more: "Next page", "Nächste Seite";
        first: "First page", "Erste Seite";
        none: "There is nothing here.", "Hier ist nichts.";
        show: "Show", "Anzeigen";
        all: "All", "Alle";
        yes: "yes", "ja";
        no: "no", "nein";
    }
}

texts! {
    /// What was done right before.
    SaidTexts {
        retried: "It is tried again.", "Es wird noch einmal versucht.";
        cancelled: "It was cancelled.", "Es wurde abgebrochen.";
        approved: "It may go out now.", "Es darf jetzt ausgeführt werden.";
        refused: "It stays back.", "Es bleibt zurück.";
        paused: "The system is paused.", "Das System ruht.";
        resumed: "The system is worked with again.", "Mit dem System wird wieder gearbeitet.";
        decided: "The decision was written down. The next plan follows it.", "Die Entscheidung ist festgehalten. Der nächste Plan folgt ihr.";
        given: "The account has its owner.", "Das Konto ist zugeordnet.";
        ended: "It was ended.", "Es wurde beendet.";
        made: "The plan was made. Nothing was changed yet.", "Der Plan ist gemacht. Noch wurde nichts geändert.";
        nothing: "There is nothing to do: every system is as the model says.", "Es ist nichts zu tun: Jedes System ist, wie das Modell es sagt.";
        applied: "The plan was applied.", "Der Plan wurde ausgeführt.";
        running: "It is under way and goes on while you do something else.", "Es läuft und geht weiter, während Sie anderes tun.";
        released: "The change set was released.", "Die Änderungen wurden freigegeben.";
        lifecycle: "It was said. Nothing was changed in a system yet.", "Es ist gesagt. In einem System ist noch nichts geändert.";
        linked: "They were linked.", "Sie wurden verknüpft.";
        adopted: "It was adopted.", "Es wurde übernommen.";
        assigned: "The role is assigned. Nothing was changed in a system yet.", "Die Rolle ist zugewiesen. In einem System ist noch nichts geändert.";
        published: "The draft is the model now. The next plan follows it.", "Der Entwurf ist jetzt das Modell. Der nächste Plan folgt ihm.";
        invited: "The invitation is on its way.", "Die Einladung ist unterwegs.";
        answered: "Your answer was written down.", "Ihre Antwort ist festgehalten.";
        taken_back: "The answer was taken back.", "Die Antwort ist zurückgenommen.";
        asked: "Your request was sent.", "Ihre Anfrage ist gestellt.";
        changed: "The request was changed. Whoever agreed before is asked again.", "Die Anfrage ist geändert. Wer schon zugestimmt hatte, wird noch einmal gefragt.";
        withdrawn: "The request was taken back.", "Die Anfrage ist zurückgezogen.";
        begun: "The draft was begun.", "Der Entwurf ist begonnen.";
        saved: "The draft is saved.", "Der Entwurf ist gesichert.";
        chosen: "Your choice is saved.", "Ihre Wahl ist gesichert.";
        submitted: "Your step is done.", "Ihr Schritt ist getan.";
        returned: "It was given back.", "Es ist zurückgegeben.";
        draft_taken_back: "The draft was taken back.", "Der Entwurf ist zurückgezogen.";
        workflow_ran: "The workflow ran. What it did stands below.", "Der Ablauf lief. Was er tat, steht unten.";
        agreed: "You approved it.", "Sie haben zugestimmt.";
        declined: "You refused it.", "Sie haben abgelehnt.";
        delegated: "The delegation was written down.", "Die Vertretung ist eingetragen.";
        rejected: "The change set was thrown away. The source is read again next time.", "Die Änderungen wurden verworfen. Die Quelle wird beim nächsten Mal wieder gelesen.";
    }
}

texts! {
    /// What went wrong, and what helps.
    ProblemTexts {
        not_found: "There is nothing here", "Hier ist nichts";
        not_found_help: "It does not exist, or you may not see it.", "Es existiert nicht, oder Sie dürfen es nicht sehen.";
        denied: "You may not do this", "Das dürfen Sie nicht";
        denied_help: "Somebody else with the right has to do it.", "Das muss jemand anders mit dem Recht dazu tun.";
        changed: "It is no longer as you saw it", "Es ist nicht mehr, wie Sie es sahen";
        changed_help: "Go back, look again, and decide anew. Nothing was changed.", "Gehen Sie zurück, sehen Sie noch einmal hin und entscheiden Sie neu. Nichts wurde geändert.";
        held: "It is held", "Es ist angehalten";
        held_help: "The number that was typed is not the number of changes. Nothing was changed.", "Die eingegebene Zahl ist nicht die Zahl der Änderungen. Nichts wurde geändert.";
        later: "Not now", "Gerade nicht";
        later_help: "Try again in a while.", "Versuchen Sie es bald noch einmal.";
        bug: "A mistake of ours", "Ein Fehler von uns";
        bug_help: "The log of the server has more.", "Im Protokoll des Servers steht mehr.";
        invalid: "This does not fit", "Das passt nicht";
        invalid_help: "Go back and change what was entered.", "Gehen Sie zurück und ändern Sie die Eingabe.";
        back: "Go to the beginning", "Zum Anfang";
    }
}
