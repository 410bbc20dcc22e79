//! The keys of signing in.

use super::{Group, Shape, key};

/// `types.NAME.sign_in`
pub(crate) const TYPE_SIGN_IN: Group = Group {
    what: "how identities of a type sign in",
    path: "types.NAME.sign_in",
    doc: "Who of the type may sign in, and under which name. Whoever is in another state is refused at once, at every door, and \
          their sessions with them.",
    keys: &[
        key(
            "name",
            Shape::Many(&Shape::Text),
            "every unique text attribute",
            "The unique attributes by whose value somebody may name themselves. Case does not count.",
            "[userName, mail]",
        ),
        key(
            "states",
            Shape::Many(&Shape::Text),
            "those in which people work",
            "The lifecycle states in which they may. An empty list: nobody of the type signs in.",
            "[active]",
        ),
        key(
            "mail",
            Shape::Text,
            "nobody gets a new password by themselves",
            "The attribute with the address to which codes for a new password go. It should be one that people reach without that password.",
            "privateMail",
        ),
    ],
};

/// `sign_in:`
pub(crate) const SIGN_IN: Group = Group {
    what: "signing in",
    path: "sign_in",
    doc: "What holds for all sign-ins, at every door. Who may sign in is said at each type.",
    keys: &[
        key(
            "hashing",
            Shape::Group(&HASHING),
            "",
            "How passwords are hashed: argon2id with one lane. Older hashes are made anew when their owners sign in.",
            "{ memory: 47104, parallel: 2 }",
        ),
        key(
            "passwords",
            Shape::Group(&PASSWORDS),
            "",
            "What a new password has to be. There are no rules about digits and signs, and none expires: both make passwords worse.",
            "{ shortest: 15, history: 5 }",
        ),
        key(
            "lockout",
            Shape::Group(&LOCKOUT),
            "",
            "What wrong tries lead to. There is no way around it for administrators.",
            "{ tries: 5, base: 1m, factor: 2 }",
        ),
        key(
            "throttle",
            Shape::Group(&THROTTLE),
            "",
            "How many wrong tries may come from one network, under whatever names.",
            "{ tries: 100, per: 10m }",
        ),
        key(
            "spray",
            Shape::Group(&SPRAY),
            "",
            "From when on wrong tries under many names raise an alarm.",
            "{ names: 30, within: 10m }",
        ),
        key("log", Shape::Group(&LOG), "", "The log of sign-ins.", "{ keep: 180d }"),
        key(
            "sessions",
            Shape::Group(&SESSIONS),
            "",
            "How long sessions last.",
            "{ idle: 1h, longest: 12h }",
        ),
        key(
            "second_factor",
            Shape::Choice(&["enrolled", "required"]),
            "enrolled",
            "Who shows a second factor: whoever has one, or everybody; then whoever has none gets one before they are let in. Applications may ask for more.",
            "required",
        ),
        key(
            "passkeys",
            Shape::Group(&PASSKEYS),
            "",
            "Which passkeys are taken. Of most people every one is.",
            "{ attested_for: [admin], authorities: authenticators.pem }",
        ),
        key(
            "mailed_codes",
            Shape::Bool,
            "false",
            "Whether a code that is mailed can be a second factor, for people who have no app and no passkey. It is the weakest one: whoever reads the              mail has it. The address is the one of `types.NAME.sign_in.mail`.",
            "true",
        ),
        key(
            "certificates",
            Shape::Group(&CERTIFICATES),
            "",
            "What a certificate says of whoever shows it. Nobody is asked for one without `server.tls.client_ca`.",
            "{ name: mail, key: card }",
        ),
        key(
            "directory",
            Shape::Choice(&["refuse", "password"]),
            "refuse",
            "What a bind to the directory comes to for somebody who has to show a second factor, which the directory cannot ask for: it is refused, or the password is enough.",
            "password",
        ),
    ],
};

const PASSKEYS: Group = Group {
    what: "which passkeys are taken",
    path: "sign_in.passkeys",
    doc: "Of people with certain roles, passkeys are added only on authenticators that prove which make they are (attestation), and that \
          keep the key for themselves.",
    keys: &[
        key(
            "attested_for",
            Shape::Many(&Shape::Text),
            "nobody",
            "The roles whose holders need that.",
            "[admin, security]",
        ),
        key(
            "authorities",
            Shape::Text,
            "nobody is believed",
            "A file with the certificates of the makers that are believed, in PEM. A relative path starts at the project folder.",
            "authenticators.pem",
        ),
        key(
            "models",
            Shape::Many(&Shape::Text),
            "all that these makers stand for",
            "The makes that are taken, by their AAGUIDs.",
            "[cb69481e-8ff7-4039-93ec-0a2729a154a8]",
        ),
    ],
};

const HASHING: Group = Group {
    what: "how passwords are hashed",
    path: "sign_in.hashing",
    doc: "The cost of a hash, and how many are made at the same time. `parallel` × `memory` is what hashing ever takes.",
    keys: &[
        key(
            "memory",
            Shape::Number(19_456, 1 << 21),
            "19456",
            "Memory of one hash in KiB.",
            "47104",
        ),
        key("passes", Shape::Number(2, 100), "2", "Passes over it.", "2"),
        key(
            "parallel",
            Shape::Number(1, 1_024),
            "the number of cores",
            "Hashes at the same time.",
            "2",
        ),
        key(
            "wait",
            Shape::Duration,
            "3s",
            "How long somebody may wait for their turn; then they are told to come again.",
            "3s",
        ),
    ],
};

const PASSWORDS: Group = Group {
    what: "what a new password has to be",
    path: "sign_in.passwords",
    doc: "What is asked of a new password, after NIST SP 800-63B. The most common passwords are refused without being told.",
    keys: &[
        key(
            "shortest",
            Shape::Number(8, 64),
            "15",
            "Its letters at least. Less than 15 is for those who always show a second factor.",
            "15",
        ),
        key(
            "history",
            Shape::Number(0, 100),
            "5",
            "How many former passwords it must not be.",
            "5",
        ),
        key(
            "blocklist",
            Shape::Text,
            "the most common ones only",
            "A file with more passwords that are refused, one on each line. A relative path starts at the project folder.",
            "blocked-passwords.txt",
        ),
    ],
};

const LOCKOUT: Group = Group {
    what: "what wrong tries lead to",
    path: "sign_in.lockout",
    doc: "After so many wrong tries the name is locked for `base`, and then each time `factor` times as long. The same tries count at \
          every door; a right sign-in forgets them.",
    keys: &[
        key("tries", Shape::Number(1, 100), "5", "Wrong tries before a lock.", "5"),
        key("base", Shape::Duration, "1m", "The first lock.", "1m"),
        key("factor", Shape::Number(1, 100), "2", "How many times longer the next one is.", "2"),
        key("longest", Shape::Duration, "4h", "The longest one.", "4h"),
        key(
            "forget",
            Shape::Duration,
            "24h",
            "After so long without a try all is forgotten.",
            "24h",
        ),
    ],
};

const THROTTLE: Group = Group {
    what: "what wrong tries from one network lead to",
    path: "sign_in.throttle",
    doc: "A network is an IPv4 address, or the first 64 bits of an IPv6 address. It has so many wrong tries at once, and as many again within each \
          `per`; then it is told to come again later, whatever it shows. Right tries cost nothing.",
    keys: &[
        key("tries", Shape::Number(1, 1_000_000), "100", "Wrong tries.", "100"),
        key("per", Shape::Duration, "10m", "In which time so many may come.", "10m"),
        key(
            "except",
            Shape::Many(&Shape::Text),
            "none",
            "Addresses and networks for which this does not hold: of an application that binds to the directory for many people.",
            "[10.0.0.0/8]",
        ),
    ],
};

const SPRAY: Group = Group {
    what: "from when on many names with a wrong try are a spray",
    path: "sign_in.spray",
    doc: "Somebody who tries one password on everybody stays below every lock. So many names with a wrong try and no right one after it raise an \
          alarm, from whatever networks; it is cleared when they are fewer again. Nobody is locked for it.",
    keys: &[
        key("names", Shape::Number(2, 1_000_000), "30", "Names.", "30"),
        key("within", Shape::Duration, "10m", "Within which time.", "10m"),
    ],
};

const LOG: Group = Group {
    what: "the log of sign-ins",
    path: "sign_in.log",
    doc: "What is kept of tries to sign in.",
    keys: &[key("keep", Shape::Duration, "180d", "How long a try is kept.", "90d")],
};

const CERTIFICATES: Group = Group {
    what: "what a certificate says of whoever shows it",
    path: "sign_in.certificates",
    doc: "Somebody whose certificate names them signs in with it instead of a password.",
    keys: &[
        key(
            "name",
            Shape::Choice(&["mail", "uri", "common_name"]),
            "mail",
            "Where the name stands under which they sign in: the mail address or the URI among the alternative names, or the common name of the \
             subject. A certificate with several of them, or without one, names nobody.",
            "common_name",
        ),
        key(
            "key",
            Shape::Choice(&["software", "card"]),
            "software",
            "Where the key is. One in `software` is one proof, as a password is. One on a `card`, which asks its owner for a number, is as \
             much as a passkey.",
            "card",
        ),
    ],
};

const SESSIONS: Group = Group {
    what: "how long sessions last",
    path: "sign_in.sessions",
    doc: "When a session ends by itself.",
    keys: &[
        key("idle", Shape::Duration, "1h", "So long without being used.", "30m"),
        key("longest", Shape::Duration, "12h", "However much it is used.", "8h"),
    ],
};
