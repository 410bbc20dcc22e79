//! What pages and mails say of a forgotten password.

/// The texts of a language.
#[derive(Debug)]
pub(crate) struct RecoveryTexts {
    pub(crate) forgotten: &'static str,
    pub(crate) help: &'static str,
    pub(crate) send: &'static str,
    pub(crate) sent: &'static str,
    pub(crate) code: &'static str,
    pub(crate) code_help: &'static str,
    pub(crate) proof: &'static str,
    pub(crate) proof_help: &'static str,
    pub(crate) by_passkey: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) password_help: &'static str,
    pub(crate) done: &'static str,
    pub(crate) code_subject: &'static str,
    pub(crate) code_letter: &'static str,
    pub(crate) done_subject: &'static str,
    pub(crate) done_letter: &'static str,
}

pub(super) const ENGLISH: RecoveryTexts = RecoveryTexts {
    forgotten: "Forgotten your password?",
    help: "Whoever has this name gets a mail with a code. You need it and one more proof: your authenticator app, a recovery code, a passkey, or a temporary pass.",
    send: "Send a code",
    sent: "If somebody has this name and an address is known, a mail with a code is on its way. It is right for ten minutes.",
    code: "Code from the mail",
    code_help: "The eight digits of the mail.",
    proof: "Second proof",
    proof_help: "The six digits that your authenticator app shows, a recovery code, or a temporary pass. Who has none of them asks those who give out passes.",
    by_passkey: "Use a passkey",
    wrong: "This is not right, or it was used before.",
    password_help: "Give yourself a new password. All your sessions end.",
    done: "You have a new password. Sign in with it.",
    code_subject: "Code for a new password",
    code_letter: "Somebody asked for a new password for your account, and this is the code:\n\n    {code}\n\nIt is right for ten minutes. Nobody will ever ask you for it but the page on which you asked for it.\n\nIf that was not you, there is nothing to do: without the code and a second proof nobody gets a new password.\n",
    done_subject: "Your password was changed",
    done_letter: "Your account has a new password, given after a code from a mail to you and a second proof. All your sessions ended.\n\nIf that was not you, tell those who look after your account at once.\n",
};

pub(super) const GERMAN: RecoveryTexts = RecoveryTexts {
    forgotten: "Passwort vergessen?",
    help: "Wer diesen Namen hat, bekommt eine Mail mit einem Code. Sie brauchen ihn und noch einen Nachweis: Ihre Authenticator-App, einen Wiederherstellungscode, einen Passkey oder einen vorläufigen Zugang.",
    send: "Code senden",
    sent: "Wenn jemand diesen Namen hat und eine Adresse bekannt ist, ist eine Mail mit einem Code unterwegs. Er gilt zehn Minuten.",
    code: "Code aus der Mail",
    code_help: "Die acht Ziffern aus der Mail.",
    proof: "Zweiter Nachweis",
    proof_help: "Die sechs Ziffern aus Ihrer Authenticator-App, ein Wiederherstellungscode oder ein vorläufiger Zugang. Wer nichts davon hat, fragt die, die Zugänge ausgeben.",
    by_passkey: "Passkey benutzen",
    wrong: "Das stimmt nicht oder wurde schon benutzt.",
    password_help: "Geben Sie sich ein neues Passwort. Alle Ihre Sitzungen enden.",
    done: "Sie haben ein neues Passwort. Melden Sie sich damit an.",
    code_subject: "Code für ein neues Passwort",
    code_letter: "Jemand hat für Ihr Konto ein neues Passwort angefordert, und dies ist der Code:\n\n    {code}\n\nEr gilt zehn Minuten. Niemand wird Sie je danach fragen, außer der Seite, auf der Sie ihn angefordert haben.\n\nWenn Sie das nicht waren, ist nichts zu tun: Ohne den Code und einen zweiten Nachweis bekommt niemand ein neues Passwort.\n",
    done_subject: "Ihr Passwort wurde geändert",
    done_letter: "Ihr Konto hat ein neues Passwort, vergeben nach einem Code aus einer Mail an Sie und einem zweiten Nachweis. Alle Ihre Sitzungen sind beendet.\n\nWenn Sie das nicht waren, sagen Sie sofort denen Bescheid, die Ihr Konto verwalten.\n",
};
