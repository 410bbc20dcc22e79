//! Who may sign in, and what is asked of them (`types.NAME.sign_in`, `sign_in:`).

use jiff::SignedDuration;
use muster_model::{Network, Slot, Text};

/// How identities of a type sign in (`sign_in: { name: [userName, mail], states: [active] }`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeSignIn {
    /// The unique attributes by whose value somebody may name themselves. Empty: nobody of the type signs in.
    pub names: Vec<Slot>,
    /// The lifecycle states, by position, in which they may.
    pub states: Vec<usize>,
    /// The attribute with the address to which mail about signing in goes.
    pub mail: Option<Slot>,
}

/// What holds for all sign-ins (`sign_in:`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignIn {
    /// How passwords are hashed.
    pub hashing: Hashing,
    /// What a new password has to be.
    pub passwords: PasswordPolicy,
    /// What wrong tries lead to.
    pub lockout: LockoutPolicy,
    /// How many wrong tries may come from one network.
    pub throttle: ThrottlePolicy,
    /// From when on wrong tries under many names are a spray.
    pub spray: SprayPolicy,
    /// How long sessions last.
    pub sessions: SessionLimits,
    /// How long the log of sign-ins is kept.
    pub log: LogPolicy,
    /// Who shows a second factor.
    pub second_factor: SecondFactor,
    /// Which passkeys are taken.
    pub passkeys: PasskeyPolicy,
    /// A code that is mailed can be a second factor of whoever has no better one.
    pub mailed_codes: bool,
    /// What a certificate says of whoever shows it.
    pub certificates: CertificatePolicy,
    /// The directory takes the password alone of people who have to show a second factor, which it cannot ask for.
    pub directory_takes_password: bool,
}

/// Which passkeys are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PasskeyPolicy {
    /// The roles, by position, whose holders add only passkeys of authenticators that prove their make.
    pub attested_for: Vec<usize>,
    /// The file with the certificates of the makers that are believed.
    pub authorities: Option<Text>,
    /// The makes that are taken (AAGUIDs, lower case); empty: every one that a maker stands for.
    pub models: Vec<Text>,
}

/// What a certificate says of whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CertificatePolicy {
    /// Where the name stands under which they sign in.
    pub name: CertificateName,
    /// The key is on a card that asks its owner for a number, or somewhere as safe.
    pub on_card: bool,
}

/// Where in a certificate a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CertificateName {
    /// The one mail address among the alternative names.
    #[default]
    Mail,
    /// The one URI among the alternative names.
    Uri,
    /// The one common name of the subject.
    CommonName,
}

/// Who shows a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SecondFactor {
    /// Whoever has one.
    #[default]
    Enrolled,
    /// Everybody; whoever has none gets one first.
    Required,
}

/// How passwords are hashed: argon2id with one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashing {
    /// Memory of one hash in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Hashes at the same time; `None`: as many as there are cores.
    pub parallel: Option<usize>,
    /// How long somebody may wait for their turn.
    pub wait: SignedDuration,
}

impl Hashing {
    /// The least memory in KiB, with [`Hashing::FLOOR_PASSES`]: the floor that OWASP gives.
    pub const FLOOR_MEMORY: u32 = 19_456;
    /// The fewest passes.
    pub const FLOOR_PASSES: u32 = 2;
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            memory: Self::FLOOR_MEMORY,
            passes: Self::FLOOR_PASSES,
            parallel: None,
            wait: SignedDuration::from_secs(3),
        }
    }
}

/// What a new password has to be. There are no rules about sorts of letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Its letters at least.
    pub shortest: usize,
    /// How many former passwords it must not be.
    pub history: usize,
    /// A file with more passwords that are too common, one on each line.
    pub blocklist: Option<Text>,
}

impl PasswordPolicy {
    /// The least that `shortest` may be; NIST SP 800-63B allows it only beside a second factor.
    pub const FLOOR: usize = 8;
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { shortest: 15, history: 5, blocklist: None }
    }
}

/// What wrong tries lead to: after `tries` of them the account is locked for `base` × `factor`^(locks in a row).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutPolicy {
    /// Wrong tries before a lock.
    pub tries: u32,
    /// The first lock.
    pub base: SignedDuration,
    /// How many times longer the next one is.
    pub factor: u32,
    /// The longest one.
    pub longest: SignedDuration,
    /// After so long without a try everything is forgotten.
    pub forget: SignedDuration,
}

impl LockoutPolicy {
    /// How long the lock is that follows after so many in a row.
    pub fn wait(&self, cycles: u32) -> SignedDuration {
        let factor = i32::try_from(self.factor.saturating_pow(cycles)).unwrap_or(i32::MAX);
        self.base.checked_mul(factor).map_or(self.longest, |wait| wait.min(self.longest))
    }
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self {
            tries: 5,
            base: SignedDuration::from_mins(1),
            factor: 2,
            longest: SignedDuration::from_hours(4),
            forget: SignedDuration::from_hours(24),
        }
    }
}

/// How many wrong tries may come from one network, under whatever names: `tries` at once, and as many again within each `per`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// Wrong tries.
    pub tries: u32,
    /// In which time so many may come, over a long time.
    pub per: SignedDuration,
    /// Networks for which this does not hold.
    pub except: Vec<Network>,
}

impl ThrottlePolicy {
    /// After how long one more wrong try may come.
    pub fn pause(&self) -> SignedDuration {
        let tries = i32::try_from(self.tries).unwrap_or(i32::MAX).max(1);
        self.per.checked_div(tries).unwrap_or(self.per)
    }
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self { tries: 100, per: SignedDuration::from_mins(10), except: Vec::new() }
    }
}

/// From when on wrong tries under many names are a spray: one that tries a few passwords on everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SprayPolicy {
    /// Names with a wrong try and no right one after it.
    pub names: u32,
    /// Within which time.
    pub within: SignedDuration,
}

impl Default for SprayPolicy {
    fn default() -> Self {
        Self { names: 30, within: SignedDuration::from_mins(10) }
    }
}

/// How long the log of sign-ins is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPolicy {
    /// So long.
    pub keep: SignedDuration,
}

impl Default for LogPolicy {
    fn default() -> Self {
        Self { keep: SignedDuration::from_hours(180 * 24) }
    }
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without being used.
    pub idle: SignedDuration,
    /// However much they are used.
    pub longest: SignedDuration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: SignedDuration::from_hours(1), longest: SignedDuration::from_hours(12) }
    }
}
