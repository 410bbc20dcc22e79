//! Proving who somebody is: passwords, second factors, passkeys, lockout, sessions.
//!
//! The person who signs in is the identity of the repository. Whether they may is asked of their lifecycle, in one place
//! ([`Authenticator::is_alive`]) and each time anew: the fact that makes somebody a leaver ends their sessions, and no flag
//! has to follow.
//!
//! An [`Authenticator`] lives as long as the process and is cheap to clone. What it decides on is in its arguments: the
//! project as it is now, the time, and where somebody comes from. What every door shows to whoever is refused is the same
//! ([`Refused::shown`]), and so is the work that was done before.

mod attempt;
mod authenticator;
mod browser;
mod certificate;
mod enrol;
mod find;
mod flow;
mod guest;
mod hash;
mod held_factor;
mod journal;
mod link;
mod listing;
mod lockout;
mod log;
mod mail;
mod mailed_code;
mod need;
mod pass;
mod passkey;
mod password;
mod pool;
mod proof;
mod recovery;
mod second;
mod session;
mod set_password;
mod standing;
mod strength;
mod throttle;
mod totp;
mod watch;

pub use attempt::{Attempt, Door, Refused, Shown, Verified};
pub use authenticator::Authenticator;
pub use browser::{BROWSER_COOKIE, BROWSER_KEPT, KnownBrowser, browser_name};
pub use enrol::{Confirmation, Enrolment, Holder, RecoveryCodes};
pub use flow::{FLOW_COOKIE, Flow, Purpose, Step};
pub use hash::{HashError, StoredHash};
pub use held_factor::{HeldFactor, factor_json};
pub use link::OneTimeLink;
pub use listing::{SignInQuery, session_json, sign_in_json};
pub use mail::Letter;
pub use muster_connector::Secret;
pub use need::{Factors, Need};
pub use passkey::{NotAdded, Passkey, Question};
pub use pool::Busy;
pub use proof::{Acr, Amr};
pub use recovery::{RECOVERY_COOKIE, Recovery, RecoveryNeed};
pub use session::{Opening, SESSION_COOKIE, Session};
pub use set_password::NotSet;
pub use standing::Name;
pub use strength::Weak;
pub use watch::{Caretaker, forget, watch_sprays};
