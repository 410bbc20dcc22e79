//! Texts of the page on which people choose how they are told.

use super::texts;

texts! {
    /// How somebody is told what waits for them.
    NoticeTexts {
        notices: "Notices", "Benachrichtigungen";
        notices_help: "Choose when and how you are told what waits for you.", "Wählen, wann und wie Sie erfahren, was auf Sie wartet.";
        approvals: "Requests that wait for your decision", "Anfragen, die auf Ihre Entscheidung warten";
        requests: "What becomes of your requests, and that something ends", "Was aus Ihren Anfragen wird, und dass etwas endet";
        reviews: "Access reviews that wait for your decision", "Überprüfungen, die auf Ihre Entscheidung warten";
        forms: "Drafts that wait for you or that you began", "Entwürfe, die auf Sie warten oder die Sie begonnen haben";
        guests: "Guests for whom you answer", "Gäste, für die Sie einstehen";
        at_once: "at once", "sofort";
        daily: "once a day, at {time}", "einmal am Tag, um {time}";
        never: "never", "nie";
        usual: "as usual here ({what})", "wie hier üblich ({what})";
        by: "By", "Über";
        mail: "mail", "Mail";
        chat: "chat", "Chat";
        no_way: "There is no address under which you can be told.", "Es gibt keine Adresse, unter der Sie etwas erfahren können.";
        language: "Language", "Sprache";
        english: "English", "Englisch";
        german: "German", "Deutsch";
        save: "Save", "Speichern";
        guests_first: "What somebody needs to sign in is always sent at once.", "Was jemand zum Anmelden braucht, kommt immer sofort.";
    }
}
