//! What pages and mails say of browsers that are known again.

/// The texts of a language.
#[derive(Debug)]
pub(crate) struct BrowserTexts {
    pub(crate) title: &'static str,
    pub(crate) help: &'static str,
    pub(crate) first: &'static str,
    pub(crate) this: &'static str,
    pub(crate) forget: &'static str,
    pub(crate) subject: &'static str,
    /// `{when}`, `{from}` and `{on}` stand for the sign-in.
    pub(crate) letter: &'static str,
}

pub(super) const ENGLISH: BrowserTexts = BrowserTexts {
    title: "Known browsers",
    help: "Where you signed in before. A sign-in anywhere else is told to you by mail.",
    first: "First",
    this: "this one",
    forget: "Forget",
    subject: "Sign-in in a new browser",
    letter: "Somebody signed in to your account in a browser that is not known yet.\n\n    When: {when}\n    From: {from}\n    On:   {on}\n\nIf that was you, there is nothing to do.\n\nIf that was not you, somebody knows how you sign in: go to your account as you always do, end all sessions and change your password, or tell those who look after your account at once.\n",
};

pub(super) const GERMAN: BrowserTexts = BrowserTexts {
    title: "Bekannte Browser",
    help: "Wo Sie sich schon angemeldet haben. Eine Anmeldung anderswo wird Ihnen per Mail gemeldet.",
    first: "Zuerst",
    this: "dieser hier",
    forget: "Vergessen",
    subject: "Anmeldung in einem neuen Browser",
    letter: "Jemand hat sich an Ihrem Konto in einem Browser angemeldet, der noch nicht bekannt ist.\n\n    Wann: {when}\n    Von:  {from}\n    Auf:  {on}\n\nWenn Sie das waren, ist nichts zu tun.\n\nWenn Sie das nicht waren, weiß jemand, wie Sie sich anmelden: Gehen Sie wie immer zu Ihrem Konto, beenden Sie alle Sitzungen und ändern Sie Ihr Passwort, oder sagen Sie sofort denen Bescheid, die Ihr Konto verwalten.\n",
};
