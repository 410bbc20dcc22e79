//! What pages and mails say of codes by mail as a second factor.

/// The texts of a language.
#[derive(Debug)]
pub(crate) struct MailedTexts {
    pub(crate) title: &'static str,
    pub(crate) help: &'static str,
    /// Said of whoever has it.
    pub(crate) there: &'static str,
    pub(crate) send: &'static str,
    pub(crate) send_again: &'static str,
    pub(crate) instead: &'static str,
    pub(crate) sent: &'static str,
    pub(crate) code_help: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) add: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) letter: &'static str,
}

pub(super) const ENGLISH: MailedTexts = MailedTexts {
    title: "Codes by mail",
    help: "A code that is mailed to you each time, which you enter after your password. An app or a passkey is better: whoever reads your mail has the code.",
    there: "You enter a code from a mail after your password, as long as you have no app and no passkey.",
    send: "Send a code by mail",
    send_again: "Send another code",
    instead: "Without a phone: a code is mailed to you each time.",
    sent: "A code is on its way to your mail address. It is right for ten minutes. A few are sent in an hour at most.",
    code_help: "The eight digits of the last mail.",
    wrong: "The code is not right, was used before, or is too old.",
    add: "Use codes by mail",
    remove: "Stop codes by mail and end all sessions",
    subject: "Code to sign in",
    letter: "This is the code for your account:\n\n    {code}\n\nIt is right for ten minutes, once. Nobody will ever ask you for it but the page on which you asked for it.\n\nIf that was not you, somebody knows your password: change it at once.\n",
};

pub(super) const GERMAN: MailedTexts = MailedTexts {
    title: "Codes per Mail",
    help: "Ein Code, den Sie jedes Mal per Mail bekommen und nach dem Passwort eingeben. Eine App oder ein Passkey ist besser: Wer Ihre Mail liest, hat den Code.",
    there: "Sie geben nach dem Passwort einen Code aus einer Mail ein, solange Sie weder App noch Passkey haben.",
    send: "Code per Mail senden",
    send_again: "Noch einen Code senden",
    instead: "Ohne Telefon: Sie bekommen jedes Mal einen Code per Mail.",
    sent: "Ein Code ist an Ihre Mailadresse unterwegs. Er gilt zehn Minuten. In einer Stunde werden nur wenige gesendet.",
    code_help: "Die acht Ziffern aus der letzten Mail.",
    wrong: "Der Code stimmt nicht, wurde schon benutzt oder ist zu alt.",
    add: "Codes per Mail benutzen",
    remove: "Codes per Mail abstellen und alle Sitzungen beenden",
    subject: "Code zum Anmelden",
    letter: "Dies ist der Code für Ihr Konto:\n\n    {code}\n\nEr gilt zehn Minuten und einmal. Niemand wird Sie je danach fragen, außer der Seite, auf der Sie ihn angefordert haben.\n\nWenn Sie das nicht waren, kennt jemand Ihr Passwort: Ändern Sie es sofort.\n",
};
