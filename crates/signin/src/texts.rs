//! What the pages say, in the languages there are. A text that a language lacks does not compile.

mod browsers;
mod guest;
mod mailed;
mod passkeys;
mod recovery;

use muster_auth::Weak;

use self::{
    browsers::BrowserTexts, guest::GuestTexts, mailed::MailedTexts, passkeys::PasskeyTexts,
    recovery::RecoveryTexts,
};

/// The texts of a language.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) language: &'static str,
    pub(crate) sign_in: &'static str,
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) by_certificate: &'static str,
    pub(crate) no_certificate: &'static str,
    pub(crate) later: &'static str,
    pub(crate) trouble: &'static str,
    pub(crate) again: &'static str,
    pub(crate) over: &'static str,
    pub(crate) second_step: &'static str,
    pub(crate) code: &'static str,
    pub(crate) code_help: &'static str,
    pub(crate) wrong_code: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) begin_anew: &'static str,
    pub(crate) app: &'static str,
    pub(crate) app_help: &'static str,
    pub(crate) app_there: &'static str,
    pub(crate) add_app: &'static str,
    pub(crate) replace_app: &'static str,
    pub(crate) remove_app: &'static str,
    pub(crate) app_enrol_help: &'static str,
    pub(crate) app_picture: &'static str,
    pub(crate) app_by_hand: &'static str,
    pub(crate) first_code_help: &'static str,
    pub(crate) recovery_codes: &'static str,
    pub(crate) recovery_codes_help: &'static str,
    pub(crate) codes_left: &'static str,
    pub(crate) new_codes: &'static str,
    pub(crate) came_by_pass: &'static str,
    pub(crate) first_password_help: &'static str,
    pub(crate) account: &'static str,
    pub(crate) signed_in_as: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) change_password: &'static str,
    pub(crate) present_password: &'static str,
    pub(crate) new_password: &'static str,
    pub(crate) new_password_help: &'static str,
    pub(crate) password_changed: &'static str,
    pub(crate) short: &'static str,
    pub(crate) long: &'static str,
    pub(crate) common: &'static str,
    pub(crate) repeats: &'static str,
    pub(crate) only_a_name: &'static str,
    pub(crate) former: &'static str,
    pub(crate) sessions: &'static str,
    pub(crate) sessions_help: &'static str,
    pub(crate) this_session: &'static str,
    pub(crate) since: &'static str,
    pub(crate) last_used: &'static str,
    pub(crate) network: &'static str,
    pub(crate) device: &'static str,
    pub(crate) end: &'static str,
    pub(crate) end_others: &'static str,
    pub(crate) unknown_device: &'static str,
    pub(crate) browsers: BrowserTexts,
    pub(crate) mailed: MailedTexts,
    pub(crate) passkeys: PasskeyTexts,
    pub(crate) recovery: RecoveryTexts,
    pub(crate) guest: GuestTexts,
}

const ENGLISH: Texts = Texts {
    language: Language::English.tag(),
    sign_in: "Sign in",
    name: "Name",
    password: "Password",
    by_certificate: "Sign in with your certificate",
    no_certificate: "Your certificate does not let you in. Use another way.",
    wrong: "The name or the password is not right.",
    later: "This cannot be tried at the moment. Try again in a while.",
    trouble: "Something went wrong on our side. Try again in a while.",
    again: "Sign in again to go on.",
    over: "This sign-in is over. Begin anew.",
    second_step: "One more proof",
    code: "Code",
    code_help: "The six digits that your authenticator app shows, or a recovery code.",
    wrong_code: "The code is not right, or it was used before. The app shows a new one soon.",
    go_on: "Go on",
    begin_anew: "Begin anew",
    app: "Authenticator app",
    app_help: "An app on your phone that shows a code, which you enter after your password.",
    app_there: "An app is set up. You enter its code after your password.",
    add_app: "Set up an app",
    replace_app: "Set up another app",
    remove_app: "Remove the app and end all sessions",
    app_enrol_help: "Let your app read this picture, then enter the code that it shows.",
    app_picture: "Picture for your app",
    app_by_hand: "Or enter this by hand:",
    first_code_help: "The six digits that the app shows now. What is above is not shown again.",
    recovery_codes: "Recovery codes",
    recovery_codes_help: "Each of these stands in once for a code of your app. Keep them where you find them without your phone: they are not shown again.",
    codes_left: "Recovery codes left",
    new_codes: "New recovery codes",
    came_by_pass: "You came with a temporary pass. Give yourself a password to go on.",
    first_password_help: "A sentence is good.",
    account: "Your account",
    signed_in_as: "Signed in as",
    sign_out: "Sign out",
    change_password: "Change password",
    present_password: "Present password",
    new_password: "New password",
    new_password_help: "A sentence is good. Your other sessions end.",
    password_changed: "The password was changed.",
    short: "A new password needs more letters than that, at least",
    long: "A password this long cannot be taken.",
    common: "This password is one of those that are tried first.",
    repeats: "This password repeats itself.",
    only_a_name: "This password is little more than your name.",
    former: "This password was used before.",
    sessions: "Sessions",
    sessions_help: "Where you are signed in. End what you do not know.",
    this_session: "this one",
    since: "Since",
    last_used: "Last used",
    network: "From",
    device: "On",
    end: "End",
    end_others: "End all others",
    unknown_device: "unknown",
    browsers: browsers::ENGLISH,
    mailed: mailed::ENGLISH,
    passkeys: passkeys::ENGLISH,
    recovery: recovery::ENGLISH,
    guest: guest::ENGLISH,
};

const GERMAN: Texts = Texts {
    language: Language::German.tag(),
    sign_in: "Anmelden",
    name: "Name",
    password: "Passwort",
    by_certificate: "Mit dem Zertifikat anmelden",
    no_certificate: "Ihr Zertifikat lässt Sie nicht ein. Nehmen Sie einen anderen Weg.",
    wrong: "Der Name oder das Passwort stimmt nicht.",
    later: "Das geht im Moment nicht. Versuchen Sie es später noch einmal.",
    trouble: "Bei uns ist etwas schiefgegangen. Versuchen Sie es später noch einmal.",
    again: "Melden Sie sich noch einmal an, um fortzufahren.",
    over: "Diese Anmeldung ist vorbei. Beginnen Sie von vorn.",
    second_step: "Noch ein Nachweis",
    code: "Code",
    code_help: "Die sechs Ziffern aus Ihrer Authenticator-App oder ein Wiederherstellungscode.",
    wrong_code: "Der Code stimmt nicht oder wurde schon benutzt. Die App zeigt bald einen neuen.",
    go_on: "Weiter",
    begin_anew: "Von vorn beginnen",
    app: "Authenticator-App",
    app_help: "Eine App auf Ihrem Telefon, die einen Code zeigt. Sie geben ihn nach dem Passwort ein.",
    app_there: "Eine App ist eingerichtet. Sie geben ihren Code nach dem Passwort ein.",
    add_app: "App einrichten",
    replace_app: "Andere App einrichten",
    remove_app: "App entfernen und alle Sitzungen beenden",
    app_enrol_help: "Lesen Sie das Bild mit Ihrer App ein und geben Sie dann den Code ein, den sie zeigt.",
    app_picture: "Bild für Ihre App",
    app_by_hand: "Oder geben Sie dies von Hand ein:",
    first_code_help: "Die sechs Ziffern, die die App jetzt zeigt. Was oben steht, wird nicht noch einmal gezeigt.",
    recovery_codes: "Wiederherstellungscodes",
    recovery_codes_help: "Jeder davon ersetzt einmal den Code Ihrer App. Bewahren Sie sie dort auf, wo Sie sie ohne Ihr Telefon finden: Sie werden nicht noch einmal gezeigt.",
    codes_left: "Verbliebene Wiederherstellungscodes",
    new_codes: "Neue Wiederherstellungscodes",
    came_by_pass: "Sie sind mit einem vorläufigen Zugang hier. Geben Sie sich ein Passwort, um fortzufahren.",
    first_password_help: "Ein ganzer Satz ist gut.",
    account: "Ihr Konto",
    signed_in_as: "Angemeldet als",
    sign_out: "Abmelden",
    change_password: "Passwort ändern",
    present_password: "Bisheriges Passwort",
    new_password: "Neues Passwort",
    new_password_help: "Ein ganzer Satz ist gut. Ihre anderen Sitzungen enden.",
    password_changed: "Das Passwort wurde geändert.",
    short: "Ein neues Passwort braucht mehr Zeichen, mindestens",
    long: "Ein so langes Passwort geht nicht.",
    common: "Dieses Passwort gehört zu denen, die zuerst versucht werden.",
    repeats: "Dieses Passwort wiederholt sich.",
    only_a_name: "Dieses Passwort ist kaum mehr als Ihr Name.",
    former: "Dieses Passwort wurde schon einmal benutzt.",
    sessions: "Sitzungen",
    sessions_help: "Wo Sie angemeldet sind. Beenden Sie, was Sie nicht kennen.",
    this_session: "diese hier",
    since: "Seit",
    last_used: "Zuletzt benutzt",
    network: "Von",
    device: "Auf",
    end: "Beenden",
    end_others: "Alle anderen beenden",
    unknown_device: "unbekannt",
    browsers: browsers::GERMAN,
    mailed: mailed::GERMAN,
    passkeys: passkeys::GERMAN,
    recovery: recovery::GERMAN,
    guest: guest::GERMAN,
};

impl Texts {
    /// Why a new password cannot be taken.
    pub(crate) fn weak(&self, weak: Weak) -> String {
        match weak {
            Weak::Short(least) => format!("{} {least}.", self.short),
            Weak::Long => self.long.to_owned(),
            Weak::Common => self.common.to_owned(),
            Weak::Repeats => self.repeats.to_owned(),
            Weak::Name => self.only_a_name.to_owned(),
            Weak::Former => self.former.to_owned(),
            Weak::Guest => self.guest.help.to_owned(),
        }
    }

    /// The texts in a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }
}

/// A language in which pages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
}

impl Language {
    /// Its tag, as HTML has it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The one that the reader likes best, by the header `Accept-Language`; English when there is none of theirs.
    pub fn of_reader(accept_language: Option<&str>) -> Self {
        let liked = accept_language.unwrap_or_default().split(',').map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let language = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
            (language.split('-').next().unwrap_or_default(), weight.unwrap_or(1.0))
        });
        let mut best = (Self::English, 0.0);
        for (language, weight) in liked {
            let known = [Self::English, Self::German];
            let known = known.into_iter().find(|known| known.tag().eq_ignore_ascii_case(language));
            if let Some(known) = known.filter(|_| weight > best.1) {
                best = (known, weight);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_is_spoken() {
        let language = |accept| Language::of_reader(accept).tag();
        assert_eq!(language(None), "en");
        assert_eq!(language(Some("de-AT, en;q=0.8")), "de");
        assert_eq!(language(Some("fr, en;q=0.5, de;q=0.7")), "de");
        assert_eq!(language(Some("en-GB,DE;q=0.9")), "en");
        assert_eq!(language(Some("de;q=0, ;;q=x,,")), "en");
    }
}
