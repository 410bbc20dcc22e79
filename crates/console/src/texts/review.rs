//! Texts of access reviews.

use super::texts;

texts! {
    /// Campaigns and items.
    ReviewTexts {
        reviews: "Reviews", "Überprüfungen";
        reviews_help: "Access of others about which you are asked: keep it or take it away.", "Zugriff anderer, zu dem Sie gefragt sind: behalten oder entziehen.";
        campaigns: "Campaigns", "Kampagnen";
        campaigns_help: "How far each campaign is, what was decided and what came of it.", "Wie weit jede Kampagne ist, was entschieden wurde und was daraus wurde.";
        nothing_waits: "Nothing waits for your answer.", "Nichts wartet auf Ihre Antwort.";
        keys: "Choose an item with j and k; a keeps it, r opens the field to take it away, d says that you do not know, u takes an answer back.", "Mit j und k einen Eintrag wählen; a behält ihn, r öffnet das Feld zum Entziehen, d heißt, dass Sie es nicht wissen, u nimmt eine Antwort zurück.";
        waits: "Waiting", "Wartend";
        decided: "Decided", "Entschieden";
        of_nobody: "nobody", "niemand";
        why: "How it came", "Woher es kommt";
        last_used: "Last used", "Zuletzt benutzt";
        unknown: "not known", "nicht bekannt";
        peers: "Peers with it", "Vergleichbare mit ihm";
        peers_of: "{have} of {of} ({percent} %)", "{have} von {of} ({percent} %)";
        change: "Since the last review", "Seit der letzten Überprüfung";
        new: "new", "neu";
        changed: "changed", "geändert";
        same: "unchanged", "unverändert";
        recommend: "Suggestion", "Vorschlag";
        keep: "Keep", "Behalten";
        revoke: "Take it away", "Entziehen";
        shorten: "Keep until", "Behalten bis";
        unsure: "I do not know", "Ich weiß es nicht";
        forward: "Somebody else decides", "Jemand anders entscheidet";
        to_whom: "Who", "Wer";
        undo: "Take the answer back", "Antwort zurücknehmen";
        undo_until: "can be taken back until {at}", "kann bis {at} zurückgenommen werden";
        effect: "Taking it away does", "Entziehen bewirkt";
        live_changed: "It changed since the campaign opened; what you see is how it is now.", "Es hat sich seit Beginn der Kampagne geändert; Sie sehen den jetzigen Stand.";
        live_gone: "It is not there any more.", "Es ist nicht mehr da.";
        disagree: "Reviewers do not agree.", "Die Prüfenden sind sich nicht einig.";
        answers: "Answers", "Antworten";
        forwarded: "forwarded", "weitergegeben";
        taken_back: "taken back", "zurückgenommen";
        by_silence: "no answer came", "es kam keine Antwort";
        shortened: "shortened", "verkürzt";
        kept: "kept", "behalten";
        removed: "taken away", "entzogen";
        over: "gone before anybody decided", "vor der Entscheidung verschwunden";
        outcome: "What came of it", "Was daraus wurde";
        pending: "on its way", "unterwegs";
        gone: "gone", "verschwunden";
        there: "still there", "noch da";
        rule_gives: "A rule still gives it", "Eine Regel gibt es weiterhin";
        alike: "Keep all {n} that are alike", "Alle {n} gleichen behalten";
        evidence: "Signed evidence (zip)", "Signierter Nachweis (zip)";
        because: "Asked because", "Gefragt, weil";
        due: "Due", "Fällig";
        late: "late", "überfällig";
        asked: "Asked", "Gefragt";
        aside: "Set aside", "Zurückgestellt";
        set_aside: "“{title}” asks nobody about {n} more: {why}.", "„{title}“ fragt nach {n} weiteren niemanden: {why}.";
        aside_by_rule: "a role gives them, and is reviewed itself", "eine Rolle gewährt sie und wird selbst überprüft";
        aside_unchanged: "their risk is low, and they are as somebody kept them", "ihr Risiko ist gering, und sie sind, wie sie jemand behalten hat";
        median: "Median time of an answer", "Mittlere Dauer einer Antwort";
        seconds: "{n} s", "{n} s";
        glances: "Answered in under 3 s", "In unter 3 s beantwortet";
        reviewers: "Who still has to answer", "Wer noch antworten muss";
        narrowed: "Shortened", "Verkürzt";
        confirmed: "Seen to be gone", "Als verschwunden bestätigt";
        held: "Silence would take away more than the guard allows. Nothing is done before somebody decides.", "Schweigen würde mehr entziehen, als die Schranke erlaubt. Bis jemand entscheidet, geschieht nichts.";
        revoke_all: "Take it all away", "Alles entziehen";
        keep_all: "Keep it all", "Alles behalten";
        open: "open", "offen";
        held_state: "held", "angehalten";
        closed: "over", "beendet";
        with_closed: "Also those that are over", "Auch beendete";
        items: "Items", "Einträge";
        reviewer: "Reviewer", "Prüfend";
        waiting_one: "access about which you are asked", "Zugriff, zu dem Sie gefragt sind";
        waiting_many: "accesses about which you are asked", "Zugriffe, zu denen Sie gefragt sind";
    }
}
