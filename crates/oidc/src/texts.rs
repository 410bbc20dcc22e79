//! What the pages say, in the languages there are. A text that a language lacks does not compile.

use muster_model::Language;

/// The texts of a language.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) language: &'static str,
    pub(crate) allow: &'static str,
    pub(crate) deny: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) going_back: &'static str,
    pub(crate) signed_in_as: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) refused_why: &'static str,
    pub(crate) refused_help: &'static str,
    pub(crate) consent: &'static str,
    pub(crate) device: &'static str,
    pub(crate) device_code: &'static str,
    pub(crate) device_unknown: &'static str,
    pub(crate) device_too_many: &'static str,
    pub(crate) device_again: &'static str,
    pub(crate) device_question: &'static str,
    pub(crate) device_warning: &'static str,
    pub(crate) device_connected: &'static str,
    pub(crate) device_not_connected: &'static str,
    pub(crate) close: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) sign_out_question: &'static str,
    pub(crate) sign_out_help: &'static str,
    pub(crate) signed_out: &'static str,
}

const ENGLISH: Texts = Texts {
    language: Language::English.tag(),
    allow: "Allow",
    deny: "Do not allow",
    go_on: "Go on",
    going_back: "Back to the application",
    signed_in_as: "Signed in as",
    refused: "This does not go on",
    refused_why: "The application that sent you here asked for something that cannot be:",
    refused_help: "Go back and try again. If it happens again, tell those who run the application.",
    consent: "This application asks to be told of you:",
    device: "Connect a device",
    device_code: "The code that the device shows",
    device_unknown: "No device shows this code now.",
    device_too_many: "There were too many wrong codes. Wait some minutes.",
    device_again: "That did not arrive. Type the code again.",
    device_question: "Sign in to",
    device_warning: "Allow it only if you began this yourself and the device in front of you shows this code:",
    device_connected: "The device is connected.",
    device_not_connected: "The device was not connected.",
    close: "You can close this page.",
    sign_out: "Sign out",
    sign_out_question: "Sign out?",
    sign_out_help: "You will be signed out here and of every application.",
    signed_out: "You are signed out",
};

const GERMAN: Texts = Texts {
    language: Language::German.tag(),
    allow: "Erlauben",
    deny: "Nicht erlauben",
    go_on: "Weiter",
    going_back: "Zurück zur Anwendung",
    signed_in_as: "Angemeldet als",
    refused: "Hier geht es nicht weiter",
    refused_why: "Die Anwendung, von der Sie kommen, verlangt etwas, das nicht geht:",
    refused_help: "Gehen Sie zurück und versuchen Sie es noch einmal. Wenn es wieder geschieht, sagen Sie es denen, die die \
                   Anwendung betreiben.",
    consent: "Diese Anwendung möchte von Ihnen erfahren:",
    device: "Ein Gerät verbinden",
    device_code: "Der Code, den das Gerät zeigt",
    device_unknown: "Diesen Code zeigt gerade kein Gerät.",
    device_too_many: "Das waren zu viele falsche Codes. Warten Sie einige Minuten.",
    device_again: "Das ist nicht angekommen. Geben Sie den Code noch einmal ein.",
    device_question: "Anmelden bei",
    device_warning: "Erlauben Sie es nur, wenn Sie selbst damit begonnen haben und das Gerät vor Ihnen diesen Code zeigt:",
    device_connected: "Das Gerät ist verbunden.",
    device_not_connected: "Das Gerät wurde nicht verbunden.",
    close: "Sie können diese Seite schließen.",
    sign_out: "Abmelden",
    sign_out_question: "Abmelden?",
    sign_out_help: "Sie werden hier und bei allen Anwendungen abgemeldet.",
    signed_out: "Sie sind abgemeldet",
};

impl Texts {
    /// The texts in a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }
}
