//! What pages and mails say to guests.

/// The texts of a language.
#[derive(Debug)]
pub(crate) struct GuestTexts {
    pub(crate) sign_in: &'static str,
    pub(crate) title: &'static str,
    pub(crate) address: &'static str,
    pub(crate) help: &'static str,
    pub(crate) invited: &'static str,
    pub(crate) accept: &'static str,
    pub(crate) waits: &'static str,
    pub(crate) dead: &'static str,
    pub(crate) code_subject: &'static str,
    pub(crate) code_letter: &'static str,
}

pub(super) const ENGLISH: GuestTexts = GuestTexts {
    sign_in: "Sign in as a guest",
    title: "Guests",
    address: "Mail address",
    help: "Guests have no password. A code is mailed to them each time.",
    invited: "You are about to accept an invitation, or to show that a mail address is yours.",
    accept: "Accept",
    waits: "Thank you. Somebody has to agree first; you get a mail then.",
    dead: "This link opens nothing, or nothing any more. Ask whoever invited you for another one.",
    code_subject: "Code to sign in",
    code_letter: "Somebody wants to sign in with your address, and this is the code:\n\n    {code}\n\nIt is right for ten minutes. Nobody will ever ask you for it but the page on which you asked for it.\n\nIf that was not you, there is nothing to do.\n",
};

pub(super) const GERMAN: GuestTexts = GuestTexts {
    sign_in: "Als Gast anmelden",
    title: "Gäste",
    address: "Mailadresse",
    help: "Gäste haben kein Passwort. Sie bekommen jedes Mal einen Code per Mail.",
    invited: "Sie nehmen eine Einladung an oder zeigen, dass eine Mailadresse Ihre ist.",
    accept: "Annehmen",
    waits: "Danke. Jemand muss noch zustimmen; dann bekommen Sie eine Mail.",
    dead: "Dieser Link öffnet nichts oder nichts mehr. Bitten Sie, wer Sie eingeladen hat, um einen anderen.",
    code_subject: "Code für die Anmeldung",
    code_letter: "Jemand möchte sich mit Ihrer Adresse anmelden, und dies ist der Code:\n\n    {code}\n\nEr gilt zehn Minuten. Niemand wird Sie je danach fragen, außer der Seite, auf der Sie ihn angefordert haben.\n\nWenn Sie das nicht waren, ist nichts zu tun.\n",
};
