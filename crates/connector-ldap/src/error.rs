//! Turns LDAP result codes (RFC 4511, appendix A) and broken connections into errors that say what to do.

use ldap3::{LdapError, LdapResult};
use muster_connector::ConnectorError;

use crate::ad::said;

/// Result codes that callers look at.
pub(crate) mod code {
    pub(crate) const SUCCESS: u32 = 0;
    pub(crate) const SIZE_LIMIT: u32 = 4;
    pub(crate) const NO_SUCH_ATTRIBUTE: u32 = 16;
    pub(crate) const VALUE_EXISTS: u32 = 20;
    pub(crate) const NO_SUCH_OBJECT: u32 = 32;
    pub(crate) const UNWILLING: u32 = 53;
    pub(crate) const OBJECT_CLASS_VIOLATION: u32 = 65;
    pub(crate) const ALREADY_EXISTS: u32 = 68;
    pub(crate) const ASSERTION_FAILED: u32 = 122;
}

/// The error for a result that is not success, about the entry `name`.
pub(crate) fn from_result(result: &LdapResult, name: &str) -> ConnectorError {
    let sentence = || sentence(result);
    match result.rc {
        // timeLimitExceeded, busy
        3 | 51 => ConnectorError::Throttled { after: None },
        52 => ConnectorError::Unreachable(sentence()),
        // authentication and rights
        7 | 8 | 13 | 14 | 48 | 49 | 50 | 123 => ConnectorError::Refused(sentence()),
        code::NO_SUCH_OBJECT => ConnectorError::NotFound { name: name.into() },
        code::ALREADY_EXISTS => ConnectorError::AlreadyExists { name: name.into() },
        1 | 2 | 80 => ConnectorError::Malformed(sentence()),
        _ => ConnectorError::Invalid(format!("{} (`{name}`)", sentence())),
    }
}

/// What the code means, with what the server said about it.
pub(crate) fn sentence(result: &LdapResult) -> String {
    let said = result.text.trim();
    let words = said::meaning(said).unwrap_or_else(|| words(result.rc));
    let mut text = if words.is_empty() {
        format!("the directory answered with result code {}", result.rc)
    } else {
        words.to_owned()
    };
    if !said.is_empty() {
        text = format!("{text}: {said}");
    }
    if let Some(to) = result.refs.first() {
        text = format!("{text}: {to}");
    }
    text
}

/// One sentence for each result code that a directory may send.
fn words(code: u32) -> &'static str {
    match code {
        1 => "the directory met an operations error",
        2 => "the directory did not understand the request",
        3 => "the directory's time limit was exceeded",
        4 => "the directory's size limit was exceeded",
        5 => "the comparison was false",
        6 => "the comparison was true",
        7 => "the directory does not support this way to sign in",
        8 => "the directory asks for a stronger way to sign in",
        10 => "the entry lies on another server",
        11 => "an administrative limit of the directory was exceeded",
        12 => "the directory does not support an extension that is needed",
        13 => "the directory asks for TLS; set `starttls: true` or use ldaps://",
        14 => "the directory wants to continue the sign-in",
        16 => "the attribute or value is not there",
        17 => "the directory's schema does not know the attribute",
        18 => "the attribute cannot be compared in this way",
        19 => "the value breaks a constraint of the directory",
        20 => "the attribute or value is there already",
        21 => "the value does not have the attribute's syntax",
        33 => "an alias leads nowhere",
        34 => "the name is not a valid distinguished name",
        36 => "an alias may not be followed",
        48 => "this account cannot sign in with a password",
        49 => "the name or the password is wrong",
        50 => "the account has no right to do this",
        51 => "the directory is busy",
        52 => "the directory is not available",
        53 => "the directory is unwilling to do this",
        54 => "the directory found a loop",
        64 => "the name does not fit the entry or its container",
        65 => "the entry would break its object classes: an attribute is missing or not allowed",
        66 => "the entry has entries below it",
        67 => "the value is part of the entry's name; rename the entry instead",
        69 => "the structural object class cannot be changed",
        71 => "the entry would move to another server",
        80 => "the directory met an error of its own",
        122 => "the entry is not the one it was",
        123 => "the account may not act for another",
        _ => "",
    }
}

/// The error for a call that got no result.
pub(crate) fn from_ldap(error: LdapError) -> ConnectorError {
    match error {
        LdapError::Io { source } => from_io(&source),
        LdapError::OpSend { .. }
        | LdapError::ResultRecv { .. }
        | LdapError::IdScrubSend { .. }
        | LdapError::MiscSend { .. }
        | LdapError::EndOfStream => lost(),
        LdapError::Timeout { .. } => {
            ConnectorError::Unreachable("the directory did not answer in time".to_owned())
        }
        LdapError::Rustls { source } => from_tls(&source),
        LdapError::LdapResult { result } => from_result(&result, ""),
        LdapError::FilterParsing => {
            ConnectorError::Settings("the filter is not a valid LDAP filter (RFC 4515)".to_owned())
        }
        other @ (LdapError::EmptyUnixPath
        | LdapError::PortInUnixPath
        | LdapError::MismatchedStreamType
        | LdapError::UrlParsing { .. }
        | LdapError::UnknownScheme(_)
        | LdapError::DNSName { .. }
        | LdapError::InvalidScopeString(_)
        | LdapError::UnrecognizedCriticalExtension(_)) => {
            ConnectorError::Settings(other.to_string())
        }
        other @ (LdapError::AddNoValues | LdapError::AdapterInit(_)) => {
            ConnectorError::Invalid(other.to_string())
        }
        other @ LdapError::DecodingUTF8 => ConnectorError::Malformed(other.to_string()),
    }
}

/// The error for a connection that broke.
pub(crate) fn lost() -> ConnectorError {
    ConnectorError::Unreachable("the connection broke".to_owned())
}

fn from_io(error: &std::io::Error) -> ConnectorError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => from_tls(inner),
        None => ConnectorError::Unreachable(error.to_string()),
    }
}

/// A certificate that is not believed stays so until somebody does something; other faults may pass.
fn from_tls(error: &rustls::Error) -> ConnectorError {
    let text = format!("TLS failed: {error}");
    if matches!(error, rustls::Error::InvalidCertificate(_)) {
        let help =
            "set `ca` to the file with the authority that signed the directory's certificate";
        return ConnectorError::Settings(format!("{text}; {help}"));
    }
    ConnectorError::Unreachable(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(rc: u32) -> ConnectorError {
        let result = LdapResult {
            rc,
            matched: String::new(),
            text: "said so".to_owned(),
            refs: Vec::new(),
            ctrls: Vec::new(),
        };
        from_result(&result, "uid=ada")
    }

    #[test]
    fn only_busy_unavailable_and_late_answers_are_worth_another_try() {
        let transient: Vec<u32> = (1..=123).filter(|rc| error(*rc).is_transient()).collect();
        assert_eq!(transient, [3, 51, 52]);
    }

    #[test]
    fn a_refusal_says_why_in_words_and_in_the_servers_own() {
        assert_eq!(
            error(49).to_string(),
            "access refused: the name or the password is wrong: said so"
        );
        assert_eq!(
            error(21).to_string(),
            "the system refused the change: the value does not have the attribute's syntax: said so (`uid=ada`)"
        );
        assert_eq!(error(32), ConnectorError::NotFound { name: "uid=ada".into() });
        assert!(error(4711).to_string().contains("result code 4711"));
    }
}
