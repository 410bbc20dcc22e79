//! Guests (`guests:`): which organisations are connected, from which domains their people come, how long they stay.

use jiff::SignedDuration;
use muster_model::{Slot, Text, TypeId};

/// What the model says of guests.
#[derive(Debug, Clone)]
pub struct Guests {
    /// The identity type that guests are; it has `local:`.
    pub type_id: TypeId,
    /// The unique attribute with the address of a guest.
    pub mail: Slot,
    /// The attribute with the name of a guest.
    pub name: Option<Slot>,
    /// The attribute with the name of the organisation.
    pub organisation: Option<Slot>,
    /// How long an invitation can be accepted.
    pub link: SignedDuration,
    /// The connected organisations, in order of name.
    pub organisations: Vec<Organisation>,
}

/// A connected organisation.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Its name in the model.
    pub name: Text,
    /// How it is shown to people; its name where nothing is said.
    pub title: Text,
    /// The domains from which its people come, in lower case; `*.` at the start stands for everything below.
    pub domains: Vec<Text>,
    /// Domains among them from which nobody is let in.
    pub except: Vec<Text>,
    /// The role, by position, whose holders answer for guests.
    pub sponsors: usize,
    /// Who answers for guests whose sponsor left and for those who name none: a key or unique value.
    pub fallback: Text,
    /// How long a guest stays when no end is named.
    pub usual: SignedDuration,
    /// How long a guest stays at most.
    pub longest: SignedDuration,
    /// What its guests may ask for: roles by position.
    pub roles: Vec<usize>,
    /// How long whoever has lost the last role stays blocked before they are removed.
    pub blocked: SignedDuration,
}

/// Why an address is no guest's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// It does not look like one.
    #[error("`{0}` is no mail address")]
    Malformed(Text),
    /// Its domain has signs that can look like others.
    #[error("the domain of `{0}` has signs outside of ASCII")]
    Foreign(Text),
    /// The domain is blocked.
    #[error("nobody is invited from `{domain}`: it is blocked for {organisation}")]
    Blocked {
        /// The domain.
        domain: Text,
        /// The organisation to which it would belong.
        organisation: Text,
    },
    /// No connected organisation has the domain.
    #[error("no connected organisation has the domain `{0}`")]
    Unknown(Text),
}

impl Guests {
    /// The address in the form in which it is kept, with the organisation from which it comes.
    ///
    /// A blocked domain wins over every one that is let in, whichever organisation names it.
    pub fn organisation_of(&self, mail: &str) -> Result<(Text, &Organisation), AddressProblem> {
        let mail = mail.trim();
        let malformed = || AddressProblem::Malformed(mail.into());
        let (name, domain) = mail.rsplit_once('@').ok_or_else(malformed)?;
        if !domain.is_ascii() {
            return Err(AddressProblem::Foreign(mail.into()));
        }
        if !is_local_part(name) || !is_domain(domain) {
            return Err(malformed());
        }
        let domain = domain.to_ascii_lowercase();
        let names = |list: &[Text]| list.iter().any(|pattern| covers(pattern, &domain));
        if let Some(of) = self.organisations.iter().find(|of| names(&of.except)) {
            let organisation = of.title.clone();
            return Err(AddressProblem::Blocked { domain: domain.into(), organisation });
        }
        match self.organisations.iter().find(|of| names(&of.domains)) {
            // Whoever writes it in another case is the same person.
            Some(of) => Ok((format!("{}@{domain}", name.to_lowercase()).into(), of)),
            None => Err(AddressProblem::Unknown(domain.into())),
        }
    }

    /// The organisation with this name.
    pub fn named(&self, name: &str) -> Option<&Organisation> {
        self.organisations.iter().find(|of| &*of.name == name)
    }
}

/// Letters, digits and what `atext` of RFC 5322 has besides; quoted ones are nobody's.
fn is_local_part(name: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    name.len() <= 64 && name.split('.').all(|part| !part.is_empty() && part.chars().all(is_sign))
}

/// Whether this is a domain in ASCII, as `xn--` names are too.
pub fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let is_sign = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(is_sign)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label)
}

fn covers(pattern: &str, domain: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(above) => domain.strip_suffix(above).is_some_and(|below| below.ends_with('.')),
        None => domain == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organisation(name: &str, domains: &[&str], except: &[&str]) -> Organisation {
        let texts = |list: &[&str]| list.iter().map(|text| Text::from(*text)).collect();
        Organisation {
            name: name.into(),
            title: name.into(),
            domains: texts(domains),
            except: texts(except),
            sponsors: 0,
            fallback: "mia".into(),
            usual: SignedDuration::from_hours(24),
            longest: SignedDuration::from_hours(48),
            roles: Vec::new(),
            blocked: SignedDuration::ZERO,
        }
    }

    fn found(mail: &str) -> String {
        let organisations = vec![
            organisation("nord", &["nord.example", "*.nord.example"], &["labs.nord.example"]),
            organisation("sud", &["sud.example", "labs.nord.example"], &["*.bad.example"]),
        ];
        let guests = Guests {
            type_id: TypeId(0),
            mail: Slot(0),
            name: None,
            organisation: None,
            link: SignedDuration::from_hours(1),
            organisations,
        };
        match guests.organisation_of(mail) {
            Ok((mail, of)) => format!("{mail} of {}", of.name),
            Err(problem) => problem.to_string(),
        }
    }

    #[test]
    fn the_domain_says_from_which_organisation_somebody_comes() {
        assert_eq!(found(" Kari@Nord.example "), "kari@nord.example of nord");
        assert_eq!(found("kari@sea.nord.example"), "kari@sea.nord.example of nord");
        assert_eq!(found("kari@sud.example"), "kari@sud.example of sud");
    }

    #[test]
    fn a_blocked_domain_wins_over_every_other() {
        let blocked = "nobody is invited from `labs.nord.example`: it is blocked for nord";
        assert_eq!(found("kari@labs.nord.example"), blocked);
        assert!(found("kari@very.bad.example").contains("blocked"));
    }

    #[test]
    fn what_only_looks_like_a_domain_is_none() {
        for mail in ["kari@evilnord.example", "kari@nord.example.evil.example", "kari@bad.example"]
        {
            assert!(found(mail).starts_with("no connected organisation"), "{mail}");
        }
        assert!(found("kari@n\u{43e}rd.example").contains("outside of ASCII"));
        for mail in [
            "kari",
            "@nord.example",
            "a b@nord.example",
            "a@b@nord.example",
            "a..b@nord.example",
            "\"a\"@nord.example",
            "a@-nord.example",
            "a@nord",
            "a\r\nBcc:x@nord.example",
        ] {
            assert!(found(mail).contains("is no mail address"), "{mail}");
        }
    }
}
