//! Which attributes of an entry are answered, and the members of a group in parts.

use bytes::Bytes;

use crate::{
    entry::{Attribute, Entry, Subject},
    filter::usual,
    layout::Place,
    sight::Seen,
    view::View,
};

/// What of an entry is wanted.
#[derive(Debug)]
pub(crate) struct Selection {
    user: bool,
    operational: bool,
    names: Vec<Wanted>,
    /// Names of attributes without their values.
    types_only: bool,
}

/// An attribute that is asked for by name.
#[derive(Debug)]
struct Wanted {
    name: String,
    /// The part of its values: the first and the last, if there is one.
    range: Option<(usize, Option<usize>)>,
}

impl Selection {
    pub(crate) fn new(attributes: &[String], types_only: bool) -> Self {
        let mut selection =
            Self { user: attributes.is_empty(), operational: false, names: Vec::new(), types_only };
        for asked in attributes {
            match asked.as_str() {
                "*" => selection.user = true,
                "+" => selection.operational = true,
                // No attribute at all.
                "1.1" => {}
                name => selection.names.extend(Wanted::read(name)),
            }
        }
        selection
    }

    fn names(&self, attribute: &str) -> Option<&Wanted> {
        self.names.iter().find(|wanted| wanted.name.eq_ignore_ascii_case(attribute))
    }

    /// What of an entry is answered.
    pub(crate) fn of(
        &self,
        view: &View<'_>,
        entry: &Entry,
        seen: Seen<'_>,
    ) -> Vec<(String, Vec<Bytes>)> {
        let place = entry.place.and_then(|position| view.layout().places.get(position));
        let naming = place.map(|place| &*place.naming);
        let kinds = [(&entry.attributes, self.user), (&entry.operational, self.operational)];
        let mut answered = Vec::new();
        for (attributes, all) in kinds {
            for attribute in attributes {
                let wanted = self.names(&attribute.name);
                if (all || wanted.is_some()) && seen.sees(naming, &attribute.name) {
                    let values = (attribute.name.to_string(), attribute.values.clone());
                    answered.push(wanted.map_or(values.clone(), |wanted| wanted.part(values)));
                }
            }
        }
        for name in place.map(Place::member_attributes).unwrap_or_default() {
            let wanted = self.names(name);
            if (self.user || wanted.is_some()) && seen.sees(naming, name) {
                let values = (name.to_owned(), members(view, entry.subject, name));
                let values = wanted.map_or(values.clone(), |wanted| wanted.part(values));
                if !values.1.is_empty() {
                    answered.push(values);
                }
            }
        }
        self.without_values(answered)
    }

    /// What of an entry that everybody may see is answered.
    pub(crate) fn own(
        &self,
        shown: Vec<Attribute>,
        operational: Vec<Attribute>,
    ) -> Vec<(String, Vec<Bytes>)> {
        let kinds = [(shown, self.user), (operational, self.operational)];
        let all = kinds
            .into_iter()
            .flat_map(|(attributes, all)| attributes.into_iter().map(move |a| (a, all)));
        let wanted = all.filter(|(attribute, all)| *all || self.names(&attribute.name).is_some());
        self.without_values(
            wanted.map(|(attribute, _)| (attribute.name.to_string(), attribute.values)).collect(),
        )
    }

    fn without_values(&self, mut answered: Vec<(String, Vec<Bytes>)>) -> Vec<(String, Vec<Bytes>)> {
        if self.types_only {
            for (_, values) in &mut answered {
                values.clear();
            }
        }
        answered
    }
}

/// The members of a group as one of its attributes has them.
pub(crate) fn members(view: &View<'_>, group: Subject, attribute: &str) -> Vec<Bytes> {
    let members = view.index.members(group).into_iter();
    if attribute == "memberUid" {
        let naming = |member| match member {
            Subject::Entity(id) => {
                view.index.naming(id).map(|(_, naming)| naming.to_string().into())
            }
            Subject::Node(_) | Subject::Role(_) => None,
        };
        return members.filter_map(naming).collect();
    }
    members.filter_map(|member| view.dn(member).map(Bytes::from)).collect()
}

impl Wanted {
    /// `member`, or `member;range=0-999`; `None` for other options, which no attribute has.
    fn read(text: &str) -> Option<Self> {
        let (name, option) = match text.split_once(';') {
            Some((name, option)) => (name, Some(option)),
            None => (text, None),
        };
        let range = match option {
            None => None,
            Some(option) => {
                let (key, range) = option.split_once('=')?;
                let (first, last) =
                    range.split_once('-').filter(|_| key.eq_ignore_ascii_case("range"))?;
                let last = if last == "*" { None } else { Some(last.parse().ok()?) };
                Some((first.parse().ok()?, last))
            }
        };
        Some(Self { name: usual(name).to_owned(), range })
    }

    /// The part of the values that is wanted, under a name that says which part it is.
    fn part(&self, (name, values): (String, Vec<Bytes>)) -> (String, Vec<Bytes>) {
        let Some((first, last)) = self.range else { return (name, values) };
        let end = last.map_or(values.len(), |last| last.saturating_add(1).min(values.len()));
        let part = values.get(first..end).unwrap_or_default().to_vec();
        let name = if end >= values.len() {
            format!("{name};range={first}-*")
        } else {
            format!("{name};range={first}-{}", end.saturating_sub(1))
        };
        (name, part)
    }
}
