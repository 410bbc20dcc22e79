//! Who holds which certificate, and so is in which `cert-` group of the directory.

use crate::{company::Fate, people::Person, random::Random};

/// Certificates that anybody may have.
const GENERAL: [&str; 3] = ["first-aid", "fire-warden", "data-basics"];

/// Certificates that go with the work of a department.
fn of_department(code: &str) -> &'static [&'static str] {
    match code {
        "FLT" => &["driver-cpc", "adr", "tail-lift"],
        "WHS" => &["forklift", "crane", "adr"],
        "DSP" => &["customs-agent", "adr"],
        "ITS" => &["it-security"],
        "OPS" => &["adr", "crane"],
        _ => &[],
    }
}

/// Hands out `count` certificates, never one twice to the same person; less when nobody can take one more.
pub(crate) fn hand_out(people: &mut [Person], count: usize) {
    let mut random = Random::new(0xce27);
    let mut open: Vec<(usize, &'static str)> = Vec::new();
    for (place, person) in people.iter().enumerate() {
        if person.fate == Fate::Works {
            let own = of_department(person.department.code);
            open.extend(own.iter().chain(&GENERAL).map(|certificate| (place, *certificate)));
        }
    }
    random.shuffle(&mut open);
    for (place, certificate) in open.into_iter().take(count) {
        if let Some(person) = people.get_mut(place) {
            person.certificates.insert(certificate);
        }
    }
}

/// All certificates that are held.
#[cfg(test)]
pub(crate) fn held(people: &[Person]) -> std::collections::BTreeSet<&'static str> {
    people.iter().flat_map(|person| person.certificates.iter().copied()).collect()
}
