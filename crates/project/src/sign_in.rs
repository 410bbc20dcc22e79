//! Signing in: from `sign_in:` to what is asked of everybody.

use muster_policy::{
    CertificateName, CertificatePolicy, Hashing, LockoutPolicy, LogPolicy, PasskeyPolicy,
    PasswordPolicy, SecondFactor, SessionLimits, SignIn, SprayPolicy, ThrottlePolicy,
};

use crate::{
    context::Context,
    duration::parse_duration,
    roles::{RoleNames, find_role},
    server::networks,
    yaml::Node,
};

const ATTESTED: &str = "E0524";

/// Builds what is said of signing in. `can_mail`: mail can be sent, and there is somebody whose address is known.
pub(crate) fn sign_in(
    context: &mut Context<'_>,
    node: Option<&Node>,
    roles: &RoleNames,
    can_mail: bool,
) -> SignIn {
    let Some(node) = node else { return SignIn::default() };
    let part = |key: &str| node.get(key);
    SignIn {
        hashing: part("hashing").map(hashing).unwrap_or_default(),
        passwords: part("passwords").map(passwords).unwrap_or_default(),
        lockout: part("lockout").map(lockout).unwrap_or_default(),
        throttle: part("throttle").map(|node| throttle(context, node)).unwrap_or_default(),
        spray: part("spray").map(spray).unwrap_or_default(),
        log: part("log").map(log).unwrap_or_default(),
        sessions: part("sessions").map(sessions).unwrap_or_default(),
        second_factor: match node.get_text("second_factor").map(|word| &**word) {
            Some("required") => SecondFactor::Required,
            Some(_) | None => SecondFactor::Enrolled,
        },
        passkeys: part("passkeys").map(|node| passkeys(context, node, roles)).unwrap_or_default(),
        mailed_codes: mailed_codes(context, node, can_mail),
        certificates: part("certificates").map(certificates).unwrap_or_default(),
        directory_takes_password: node
            .get_text("directory")
            .is_some_and(|word| &**word == "password"),
    }
}

fn mailed_codes(context: &mut Context<'_>, node: &Node, can_mail: bool) -> bool {
    let is_on = node.flag("mailed_codes");
    if let Some(written) = node.get("mailed_codes").filter(|_| is_on && !can_mail) {
        context.error(
            "E0523",
            written.span,
            "codes cannot be mailed: nobody's address is known, or there is no server for mail",
            "name the attribute with the address under `sign_in.mail` of a type, and set `mail:`",
        );
    }
    is_on
}

fn passkeys(context: &mut Context<'_>, node: &Node, known: &RoleNames) -> PasskeyPolicy {
    let named = node.get("attested_for").map_or(&[][..], Node::several);
    let attested_for: Vec<usize> =
        named.iter().filter_map(|role| find_role(context, known, role)).collect();
    let authorities = node.get_text("authorities").cloned();
    if authorities.is_none() && !named.is_empty() {
        context.error(
            ATTESTED,
            node.span,
            "nobody is believed about the make of an authenticator",
            "name the file with the certificates of the makers under `authorities`",
        );
    }
    let mut models = Vec::new();
    for model in node.get("models").map_or(&[][..], Node::several) {
        let Some(text) = model.text() else { continue };
        if is_aaguid(text) {
            models.push(text.to_lowercase().into());
        } else {
            context.error(
                ATTESTED,
                model.span,
                format!("`{text}` is no make of authenticators"),
                "write its AAGUID, such as `cb69481e-8ff7-4039-93ec-0a2729a154a8`",
            );
        }
    }
    PasskeyPolicy { attested_for, authorities, models }
}

/// Whether a text is 32 hexadecimal digits in five groups.
fn is_aaguid(text: &str) -> bool {
    let groups = text.split('-').map(|group| {
        Some(group.len()).filter(|_| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    groups.eq([8, 4, 4, 4, 12].map(Some))
}

fn hashing(node: &Node) -> Hashing {
    let usual = Hashing::default();
    Hashing {
        memory: number(node, "memory").unwrap_or(usual.memory),
        passes: number(node, "passes").unwrap_or(usual.passes),
        parallel: number(node, "parallel"),
        wait: length(node, "wait").unwrap_or(usual.wait),
    }
}

fn passwords(node: &Node) -> PasswordPolicy {
    let usual = PasswordPolicy::default();
    PasswordPolicy {
        shortest: number(node, "shortest").unwrap_or(usual.shortest),
        history: number(node, "history").unwrap_or(usual.history),
        blocklist: node.get_text("blocklist").cloned(),
    }
}

fn certificates(node: &Node) -> CertificatePolicy {
    let word = |key: &str| node.get_text(key).map(|word| &**word);
    CertificatePolicy {
        name: match word("name") {
            Some("uri") => CertificateName::Uri,
            Some("common_name") => CertificateName::CommonName,
            Some(_) | None => CertificateName::Mail,
        },
        on_card: word("key") == Some("card"),
    }
}

fn lockout(node: &Node) -> LockoutPolicy {
    let usual = LockoutPolicy::default();
    LockoutPolicy {
        tries: number(node, "tries").unwrap_or(usual.tries),
        base: length(node, "base").unwrap_or(usual.base),
        factor: number(node, "factor").unwrap_or(usual.factor),
        longest: length(node, "longest").unwrap_or(usual.longest),
        forget: length(node, "forget").unwrap_or(usual.forget),
    }
}

fn throttle(context: &mut Context<'_>, node: &Node) -> ThrottlePolicy {
    let usual = ThrottlePolicy::default();
    ThrottlePolicy {
        tries: number(node, "tries").unwrap_or(usual.tries),
        per: length(node, "per").unwrap_or(usual.per),
        except: networks(context, node.get("except")),
    }
}

fn spray(node: &Node) -> SprayPolicy {
    let usual = SprayPolicy::default();
    SprayPolicy {
        names: number(node, "names").unwrap_or(usual.names),
        within: length(node, "within").unwrap_or(usual.within),
    }
}

fn log(node: &Node) -> LogPolicy {
    LogPolicy { keep: length(node, "keep").unwrap_or(LogPolicy::default().keep) }
}

fn sessions(node: &Node) -> SessionLimits {
    let usual = SessionLimits::default();
    SessionLimits {
        idle: length(node, "idle").unwrap_or(usual.idle),
        longest: length(node, "longest").unwrap_or(usual.longest),
    }
}

fn number<T: std::str::FromStr>(node: &Node, key: &str) -> Option<T> {
    node.get_text(key)?.parse().ok()
}

fn length(node: &Node, key: &str) -> Option<jiff::SignedDuration> {
    parse_duration(node.get_text(key)?)
}
