//! Texts of reports.

use super::texts;

texts! {
    /// Reports.
    ReportTexts {
        reports: "Reports", "Berichte";
        reports_help: "Who has access and how well it is governed, as of now; each also as a file.", "Wer worauf Zugriff hat und wie gut er geregelt ist, Stand jetzt; jeder auch als Datei.";
        files: "As a file", "Als Datei";
        made: "Made of revision {revision} of the model at {at}.", "Aus Revision {revision} des Modells, {at}.";
        others: "others", "weitere";
        cut: "There is more than this page shows; the files have all of it.", "Es gibt mehr, als diese Seite zeigt; die Dateien enthalten alles.";
        past: "The past is given as a file.", "Die Vergangenheit gibt es als Datei.";
        name_somebody: "Name a person.", "Nennen Sie eine Person.";
    }
}
