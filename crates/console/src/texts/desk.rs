//! Texts about what people do beside the plan: cases, tickets, alarms, workflows, assignments.

use super::texts;

texts! {
    /// Cases, tickets, alarms, workflows, assignments.
    DeskTexts {
        matches: "Cases", "Fälle";
        matches_help: "Records and accounts of which no rule can say whose they are.", "Datensätze und Konten, bei denen keine Regel sagt, wem sie gehören.";
        tickets: "Tickets", "Aufgaben";
        tickets_help: "What people do by hand, because no call can do it.", "Was Menschen von Hand tun, weil kein Aufruf es kann.";
        alarms: "Alarms", "Alarme";
        alarms_help: "What went wrong and does not go right by itself.", "Was schiefging und nicht von selbst wieder gut wird.";
        workflows: "Workflows", "Abläufe";
        workflows_help: "What is done for people at dates and changes, and how far it is.", "Was für Menschen an Terminen und bei Änderungen getan wird, und wie weit es ist.";
        whose: "Whose it is", "Wem es gehört";
        of_person: "This person's", "Dieser Person";
        of_new: "A new person's", "Einer neuen Person";
        of_nobody: "Nobody's", "Niemandem";
        person: "Person", "Person";
        ticket: "Ticket", "Aufgabe";
        opened: "Opened", "Eröffnet";
        open: "open", "offen";
        closed: "done", "erledigt";
        refused: "will not be done", "wird nicht getan";
        attested: "confirmed by {who}", "bestätigt von {who}";
        done: "It is done", "Es ist erledigt";
        not_done: "It will not be done", "Es wird nicht getan";
        attest: "Confirm that it was done", "Bestätigen, dass es getan wurde";
        open_only: "Open ones only", "Nur offene";
        with_all: "Also those that are over", "Auch beendete";
        happened: "What happened", "Was geschah";
        times: "Times", "Mal";
        last: "Last", "Zuletzt";
        acknowledge: "I look after it", "Ich kümmere mich";
        acknowledged: "Looked after", "In Arbeit";
        cleared: "Over", "Vorbei";
        begins: "Begins", "Beginnt";
        for_whom: "For whom", "Für wen";
        tasks: "Tasks", "Schritte";
        runs: "What was done", "Was getan wurde";
        skipped: "skipped", "übersprungen";
        failed: "failed", "gescheitert";
        answer: "Say what became of it", "Sagen, was daraus wurde";
        exceptions: "Exceptions", "Ausnahmen";
        exception: "Exception", "Ausnahme";
        exceptions_help: "Conflicts that somebody is allowed for a time, why, and what keeps the harm small.", "Konflikte, die jemandem für eine Zeit erlaubt sind, warum, und was den Schaden klein hält.";
        excepted: "An exception allows it now.", "Eine Ausnahme erlaubt ihn jetzt.";
        least: "The least that would end it", "Das Wenigste, das ihn beenden würde";
        removal: "Take back", "Zurücknehmen";
        lost: "What is lost with it", "Was damit wegfällt";
        no_removal: "No assignment: rules give what it is made of.", "Keine Zuweisung: Regeln geben, woraus er besteht.";
        by_rule: "Roles that a rule gives", "Rollen, die eine Regel gibt";
        except: "Allow it for a time", "Für eine Zeit erlauben";
        answers_for_it: "Who answers for it", "Wer dafür einsteht";
        mitigation: "What keeps the harm small", "Was den Schaden klein hält";
        risk_help: "How much harm people could do with what they hold, from 0 to 100, and what that comes from.", "Wie viel Schaden Personen mit dem anrichten könnten, was sie haben, von 0 bis 100, und woher das kommt.";
        score: "Score", "Wert";
        comes_from: "What it comes from", "Woher es kommt";
        guests: "Guests", "Gäste";
        guests_help: "People of other organisations for whom you answer, and inviting one.", "Menschen anderer Organisationen, für die Sie einstehen, und jemanden einladen.";
        my_guests: "For whom I answer", "Für die ich einstehe";
        organisation: "Organisation", "Organisation";
        sponsor: "Who answers for them", "Wer für sie einsteht";
        nobody_answers: "nobody any more", "niemand mehr";
        invited: "invited", "eingeladen";
        let_in: "let in", "eingelassen";
        blocked: "blocked", "gesperrt";
        removed: "removed", "entfernt";
        removed_at: "removed at", "entfernt am";
        invite: "Invite somebody", "Jemanden einladen";
        address: "Mail address", "Mailadresse";
        despite: "Also though somebody has nearly the same name", "Auch wenn jemand fast gleich heißt";
        assignments: "Assignments", "Zuweisungen";
        assign: "Assign a role", "Eine Rolle zuweisen";
        assign_help: "It becomes part of what is wanted; what it would change is shown next, before anything is changed.", "Sie wird Teil des Gewollten; was sie ändern würde, wird danach gezeigt, bevor etwas geändert wird.";
        over: "over", "beendet";
        end: "Take it back", "Zurücknehmen";
        alarms_one: "alarm that nobody looks after", "Alarm, um den sich niemand kümmert";
        alarms_many: "alarms that nobody looks after", "Alarme, um die sich niemand kümmert";
        tickets_one: "ticket that is open", "offene Aufgabe";
        tickets_many: "tickets that are open", "offene Aufgaben";
        matches_one: "case of which no rule says whose it is", "Fall, bei dem keine Regel sagt, wem er gehört";
        matches_many: "cases of which no rule says whose they are", "Fälle, bei denen keine Regel sagt, wem sie gehören";
    }
}
