//! What somebody still has to show before they are in. Pure.

use muster_policy::SecondFactor;

use crate::{Acr, Amr};

/// What somebody could show besides a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Factors {
    /// They have an authenticator app.
    pub totp: bool,
    /// The passkeys they have.
    pub passkeys: usize,
    /// They can have a code mailed to them.
    pub mail: bool,
    /// The recovery codes they have left.
    pub recovery_codes: usize,
}

impl Factors {
    /// Whether there is any second factor. Recovery codes alone are none: they stand in for one.
    pub fn any(self) -> bool {
        self.is_strong() || self.mail
    }

    /// Whether a mailed code is taken: by whoever has nothing better.
    pub fn takes_mail(self) -> bool {
        self.mail && !self.is_strong()
    }

    fn is_strong(self) -> bool {
        self.totp || self.passkeys > 0
    }
}

/// What comes next in a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A second factor that they have: a code of the authenticator app, a mailed one or a recovery code, or a passkey, which is a whole
    /// sign-in by itself.
    Factor,
    /// A passkey: less is not enough. It is a whole sign-in by itself. Whoever has only mailed codes is not asked for one instead.
    Passkey,
    /// They came with a pass and give themselves a password first.
    Password,
    /// They have no second factor, and get one first.
    Enrol,
}

/// What is needed after these proofs; `None` when they are enough.
pub(crate) fn need(
    proofs: &[Amr],
    factors: Factors,
    policy: SecondFactor,
    wanted: Option<Acr>,
) -> Option<Need> {
    let usual = match policy {
        SecondFactor::Required => Acr::Two,
        SecondFactor::Enrolled if factors.any() => Acr::Two,
        SecondFactor::Enrolled => Acr::One,
    };
    // Nobody can be led to a passkey that they do not have.
    let most = if factors.passkeys > 0 { Acr::Resistant } else { Acr::Two };
    let least = usual.max(wanted.map_or(Acr::One, |wanted| wanted.min(most)));
    let lacks = Acr::of(proofs) < least;
    let came_by_pass = proofs.contains(&Amr::Pass) && !proofs.contains(&Amr::Password);
    let is_too_weak = wanted == Some(Acr::Resistant) && factors.takes_mail();
    if lacks && (least == Acr::Resistant || is_too_weak) {
        Some(Need::Passkey)
    } else if lacks && factors.any() {
        Some(Need::Factor)
    } else if came_by_pass {
        Some(Need::Password)
    } else if lacks {
        Some(Need::Enrol)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Factors = Factors { totp: false, passkeys: 0, mail: false, recovery_codes: 0 };
    const APP: Factors = Factors { totp: true, ..NONE };

    #[test]
    fn a_second_factor_is_shown_by_whoever_has_one_or_has_to() {
        use SecondFactor::{Enrolled, Required};
        let password = [Amr::Password];
        assert_eq!(need(&password, NONE, Enrolled, None), None);
        assert_eq!(need(&password, APP, Enrolled, None), Some(Need::Factor));
        assert_eq!(need(&password, NONE, Required, None), Some(Need::Enrol));
        assert_eq!(need(&password, APP, Required, None), Some(Need::Factor));
        assert_eq!(need(&password, NONE, Enrolled, Some(Acr::Two)), Some(Need::Enrol));
        assert_eq!(need(&password, APP, Enrolled, Some(Acr::One)), Some(Need::Factor));
        for second in [Amr::Otp, Amr::Recovery] {
            assert_eq!(need(&[Amr::Password, second], APP, Required, Some(Acr::Two)), None);
        }
        assert_eq!(need(&[Amr::Passkey], APP, Required, Some(Acr::Resistant)), None);
        // Who has a passkey does not get an app for a password that somebody guessed.
        let passkey = Factors { passkeys: 1, ..NONE };
        assert_eq!(need(&password, passkey, Required, None), Some(Need::Factor));
        // What only a passkey is sure enough for is asked of those who have one, whatever else they show.
        let both = Factors { passkeys: 1, ..APP };
        for proofs in [&password[..], &[Amr::Password, Amr::Otp], &[Amr::Pass]] {
            assert_eq!(need(proofs, both, Enrolled, Some(Acr::Resistant)), Some(Need::Passkey));
        }
        assert_eq!(need(&password, APP, Enrolled, Some(Acr::Resistant)), Some(Need::Factor));
        assert_eq!(need(&[Amr::Password, Amr::Otp], APP, Required, Some(Acr::Resistant)), None);
        // Codes are left over of an app that is gone.
        let codes = Factors { recovery_codes: 3, ..NONE };
        assert_eq!(need(&password, codes, Enrolled, None), None);
    }

    #[test]
    fn a_mailed_code_is_for_whoever_has_nothing_better_and_for_nothing_that_wants_more() {
        use SecondFactor::{Enrolled, Required};
        let (password, mailed) = ([Amr::Password], [Amr::Password, Amr::Mail]);
        let mail = Factors { mail: true, ..NONE };
        assert!(mail.any() && mail.takes_mail());
        for policy in [Enrolled, Required] {
            assert_eq!(need(&password, mail, policy, None), Some(Need::Factor));
            assert_eq!(need(&mailed, mail, policy, Some(Acr::Two)), None);
            assert_eq!(need(&password, mail, policy, Some(Acr::Resistant)), Some(Need::Passkey));
        }
        for better in [Factors { mail: true, ..APP }, Factors { passkeys: 1, ..mail }] {
            assert!(!better.takes_mail());
            assert_eq!(need(&password, better, Enrolled, None), Some(Need::Factor));
        }
        assert_eq!(Acr::of(&[Amr::Mail]), Acr::One);
        assert_eq!(Acr::of(&[Amr::Mail, Amr::Otp]), Acr::One, "both are something one has");
    }

    #[test]
    fn a_pass_leads_to_a_password_and_by_no_way_around_a_second_factor() {
        use SecondFactor::{Enrolled, Required};
        let pass = [Amr::Pass];
        assert_eq!(need(&pass, NONE, Enrolled, None), Some(Need::Password));
        assert_eq!(need(&pass, NONE, Required, None), Some(Need::Password));
        assert_eq!(need(&pass, APP, Enrolled, None), Some(Need::Factor));
        assert_eq!(need(&[Amr::Pass, Amr::Otp], APP, Enrolled, None), Some(Need::Password));
        let after = [Amr::Pass, Amr::Password];
        assert_eq!(need(&after, NONE, Enrolled, None), None);
        assert_eq!(need(&after, NONE, Required, None), Some(Need::Enrol));
    }
}
