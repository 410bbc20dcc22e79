//! What the pages say of passkeys.

/// The texts of a language.
#[derive(Debug)]
pub(crate) struct PasskeyTexts {
    pub(crate) title: &'static str,
    pub(crate) help: &'static str,
    /// How a passkey is called that its owner gave no name.
    pub(crate) one: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) or: &'static str,
    /// Said when less than a passkey is not enough.
    pub(crate) wanted: &'static str,
    pub(crate) refused: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) name: &'static str,
    pub(crate) name_help: &'static str,
    pub(crate) add: &'static str,
    pub(crate) added: &'static str,
    pub(crate) not_added: &'static str,
    /// Said to those whose role needs an authenticator of a certain make.
    pub(crate) unattested: &'static str,
    pub(crate) since: &'static str,
    pub(crate) never_used: &'static str,
    pub(crate) rename: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) last_way: &'static str,
    pub(crate) sign_in_again: &'static str,
    pub(crate) needs_script: &'static str,
}

pub(super) const ENGLISH: PasskeyTexts = PasskeyTexts {
    title: "Passkeys",
    help: "You sign in with your fingerprint, your face or the code of your device, and nobody can ask you for it by a trick.",
    one: "Passkey",
    sign_in: "Sign in with a passkey",
    or: "or",
    wanted: "To go on, sign in with a passkey. If you have none yet, sign in to your account first and add one.",
    refused: "This passkey does not let you in. Use another one, or your password.",
    failed: "Nothing came from your device. Try again.",
    name: "Name of the new passkey",
    name_help: "So that you know it again: the device it is on.",
    add: "Add a passkey",
    added: "The passkey was added.",
    not_added: "The passkey was not added. Try again.",
    unattested: "The passkey was not added: for your role it has to be on a device that proves its make, and on one of those that are accepted. Ask those who look after your account which ones are.",
    since: "Added",
    never_used: "never",
    rename: "Rename",
    remove: "Remove",
    last_way: "This passkey stays: without it you could not sign in any more.",
    sign_in_again: "Sign in again to change your passkeys",
    needs_script: "Adding a passkey needs a browser with scripts, over a secure connection.",
};

pub(super) const GERMAN: PasskeyTexts = PasskeyTexts {
    title: "Passkeys",
    help: "Sie melden sich mit Fingerabdruck, Gesicht oder dem Code Ihres Geräts an, und niemand kann Ihnen das mit einem Trick entlocken.",
    one: "Passkey",
    sign_in: "Mit einem Passkey anmelden",
    or: "oder",
    wanted: "Hier geht es nur mit einem Passkey weiter. Wenn Sie noch keinen haben, melden Sie sich zuerst an Ihrem Konto an und fügen einen hinzu.",
    refused: "Dieser Passkey lässt Sie nicht hinein. Nehmen Sie einen anderen oder Ihr Passwort.",
    failed: "Von Ihrem Gerät kam nichts. Versuchen Sie es noch einmal.",
    name: "Name des neuen Passkeys",
    name_help: "Damit Sie ihn wiedererkennen: das Gerät, auf dem er ist.",
    add: "Passkey hinzufügen",
    added: "Der Passkey wurde hinzugefügt.",
    not_added: "Der Passkey wurde nicht hinzugefügt. Versuchen Sie es noch einmal.",
    unattested: "Der Passkey wurde nicht hinzugefügt: Für Ihre Rolle muss er auf einem Gerät sein, das seine Bauart nachweist, und auf einem von denen, die angenommen werden. Fragen Sie die, die Ihr Konto verwalten, welche das sind.",
    since: "Hinzugefügt",
    never_used: "nie",
    rename: "Umbenennen",
    remove: "Entfernen",
    last_way: "Dieser Passkey bleibt: Ohne ihn könnten Sie sich nicht mehr anmelden.",
    sign_in_again: "Melden Sie sich noch einmal an, um Ihre Passkeys zu ändern",
    needs_script: "Einen Passkey hinzuzufügen, braucht einen Browser mit Skripten und eine sichere Verbindung.",
};
