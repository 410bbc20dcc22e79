//! Filters: where matches can be, and whether an entry, as its reader sees it, is one.
//!
//! The tree is that of the codec. It is three-valued (RFC 4511, 4.5.1.7): what a reader does not see, or nobody knows, is
//! neither true nor false, so that a filter tells nothing that the entry would not show.

use std::{cmp::Ordering, sync::Arc};

use ldap3_proto::proto::{LdapFilter, LdapMatchingRuleAssertion};
use muster_app::Error;
use muster_model::EntityId;
use muster_policy::{LdapSyntax, ldap_attribute};

use crate::{
    entry::{Entry, Subject},
    index::{Index, Pieces, compare, contains},
    layout::{Layout, Place, Target},
    name::{Name, fold},
    sight::Seen,
    syntax::{comparable, syntax_of},
    view::View,
};

/// The rule that follows members of members.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";
/// So few candidates need not become fewer.
const FEW: usize = 16;

/// A filter that is ready to be asked.
#[derive(Debug)]
pub(crate) struct Prepared<'f> {
    filter: &'f LdapFilter,
    /// The entries that are looked for among the members of groups, by attribute and value as asked.
    members: Vec<(bool, &'f str, Vec<Arc<Entry>>)>,
}

/// What one part of a filter asks.
enum Ask<'f> {
    Equal(&'f str),
    InChain(&'f str),
    Pieces(Pieces),
    Ordered(&'f str, Ordering),
    Present,
}

impl<'f> Prepared<'f> {
    /// Finds out whom a filter looks for among members.
    pub(crate) async fn new(view: &mut View<'_>, filter: &'f LdapFilter) -> Result<Self, Error> {
        let mut members: Vec<(bool, &str, Vec<Arc<Entry>>)> = Vec::new();
        let mut ahead = vec![filter];
        while let Some(filter) = ahead.pop() {
            match filter {
                LdapFilter::And(parts) | LdapFilter::Or(parts) => ahead.extend(parts),
                LdapFilter::Not(part) => ahead.push(part),
                LdapFilter::Equality(..)
                | LdapFilter::Substring(..)
                | LdapFilter::GreaterOrEqual(..)
                | LdapFilter::LessOrEqual(..)
                | LdapFilter::Present(_)
                | LdapFilter::Approx(..)
                | LdapFilter::Extensible(_) => {
                    let Some((attribute, Ask::Equal(value) | Ask::InChain(value))) = ask(filter)
                    else {
                        continue;
                    };
                    if !is_member(attribute) {
                        continue;
                    }
                    let by_uid = by_uid(attribute);
                    if members.iter().all(|(known, of, _)| (*known, *of) != (by_uid, value)) {
                        members.push((by_uid, value, find_members(view, by_uid, value).await?));
                    }
                }
            }
        }
        Ok(Self { filter, members })
    }

    /// Entities of a container among which all matches are; `None` when that can be any.
    pub(crate) async fn candidates(
        &self,
        view: &mut View<'_>,
        place: usize,
    ) -> Result<Option<Vec<EntityId>>, Error> {
        let found = Box::pin(self.among(view, place, self.filter)).await?;
        Ok(found.map(|mut ids| {
            ids.sort_unstable();
            ids.dedup();
            ids
        }))
    }

    async fn among(
        &self,
        view: &mut View<'_>,
        place: usize,
        filter: &'f LdapFilter,
    ) -> Result<Option<Vec<EntityId>>, Error> {
        match filter {
            LdapFilter::And(parts) => {
                let mut best: Option<Vec<EntityId>> = None;
                for part in parts {
                    if best.as_ref().is_some_and(|best| best.len() <= FEW) {
                        break;
                    }
                    let found = Box::pin(self.among(view, place, part)).await?;
                    let Some(found) = found else { continue };
                    if best.as_ref().is_none_or(|best| found.len() < best.len()) {
                        best = Some(found);
                    }
                }
                Ok(best)
            }
            LdapFilter::Or(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    match Box::pin(self.among(view, place, part)).await? {
                        Some(found) => all.extend(found),
                        None => return Ok(None),
                    }
                }
                Ok(Some(all))
            }
            LdapFilter::Not(_) => Ok(None),
            LdapFilter::Equality(..)
            | LdapFilter::Substring(..)
            | LdapFilter::GreaterOrEqual(..)
            | LdapFilter::LessOrEqual(..)
            | LdapFilter::Present(_)
            | LdapFilter::Approx(..)
            | LdapFilter::Extensible(_) => match ask(filter) {
                Some((attribute, ask)) => self.by_index(view, place, attribute, &ask).await,
                None => Ok(Some(Vec::new())),
            },
        }
    }

    async fn by_index(
        &self,
        view: &mut View<'_>,
        position: usize,
        attribute: &'f str,
        ask: &Ask<'f>,
    ) -> Result<Option<Vec<EntityId>>, Error> {
        let Some(place) = view.layout().places.get(position) else { return Ok(None) };
        let attribute = usual(attribute);
        if is_member(attribute) {
            return Ok(self.groups_with(place, attribute, ask));
        }
        let syntax = syntax_of(attribute);
        match ask {
            Ask::Equal(value) if attribute.eq_ignore_ascii_case("objectClass") => {
                Ok((!place.has_class(value)).then(Vec::new))
            }
            Ask::Equal(value) | Ask::InChain(value)
                if attribute.eq_ignore_ascii_case("memberOf") =>
            {
                Ok(Some(members_of(view, value)))
            }
            _ if is_filled_in(attribute) => Ok(None),
            Ask::Equal(value) => match comparable(syntax, value.as_bytes()) {
                Some(value) => view.equal(position, attribute, &value).await.map(Some),
                None => Ok(Some(Vec::new())),
            },
            Ask::InChain(_) => Ok(Some(Vec::new())),
            Ask::Pieces(_) | Ask::Ordered(..) | Ask::Present => {
                let column = view.index.column(position, attribute);
                Ok(match ask {
                    Ask::Pieces(pieces) if folds(syntax) => Some(column.with(pieces)),
                    Ask::Ordered(value, order) => comparable(syntax, value.as_bytes())
                        .map(|value| column.ordered(syntax, &value, *order)),
                    Ask::Present => Some(column.present()),
                    Ask::Equal(_) | Ask::InChain(_) | Ask::Pieces(_) => None,
                })
            }
        }
    }

    /// The groups of a container that have one of the members that are looked for.
    fn groups_with(&self, place: &Place, attribute: &str, ask: &Ask<'f>) -> Option<Vec<EntityId>> {
        if !place.member_attributes().iter().any(|known| known.eq_ignore_ascii_case(attribute)) {
            return Some(Vec::new());
        }
        let Ask::Equal(value) = ask else { return None };
        let members = self.found(attribute, value)?;
        let groups = members.iter().flat_map(|member| &member.direct);
        Some(
            groups
                .filter_map(|group| if let Subject::Entity(id) = group { Some(*id) } else { None })
                .collect(),
        )
    }

    /// Whether an entry matches as it is seen; `None` when that cannot be said.
    pub(crate) fn matches(&self, view: &View<'_>, entry: &Entry, seen: Seen<'_>) -> Option<bool> {
        self.holds(view, entry, seen, self.filter)
    }

    fn holds(
        &self,
        view: &View<'_>,
        entry: &Entry,
        seen: Seen<'_>,
        filter: &LdapFilter,
    ) -> Option<bool> {
        match filter {
            LdapFilter::And(parts) => {
                let mut all = Some(true);
                for part in parts {
                    match self.holds(view, entry, seen, part) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => all = None,
                    }
                }
                all
            }
            LdapFilter::Or(parts) => {
                let mut any = Some(false);
                for part in parts {
                    match self.holds(view, entry, seen, part) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => any = None,
                    }
                }
                any
            }
            LdapFilter::Not(part) => self.holds(view, entry, seen, part).map(|holds| !holds),
            LdapFilter::Equality(..)
            | LdapFilter::Substring(..)
            | LdapFilter::GreaterOrEqual(..)
            | LdapFilter::LessOrEqual(..)
            | LdapFilter::Present(_)
            | LdapFilter::Approx(..)
            | LdapFilter::Extensible(_) => {
                let (attribute, ask) = ask(filter)?;
                self.fits(view, entry, seen, usual(attribute), &ask)
            }
        }
    }

    fn fits(
        &self,
        view: &View<'_>,
        entry: &Entry,
        seen: Seen<'_>,
        attribute: &str,
        ask: &Ask<'_>,
    ) -> Option<bool> {
        let place = entry.place.and_then(|position| view.layout().places.get(position));
        if !seen.sees(place.map(|place| &*place.naming), attribute) {
            return None;
        }
        if is_member(attribute) {
            return self.has_member(&view.index, entry, place, attribute, ask);
        }
        let syntax = syntax_of(attribute);
        let wanted = match ask {
            Ask::Equal(value) | Ask::Ordered(value, _) => {
                Some(comparable(syntax, value.as_bytes())?)
            }
            Ask::InChain(value) if attribute.eq_ignore_ascii_case("memberOf") => {
                Some(comparable(syntax, value.as_bytes())?)
            }
            Ask::InChain(_) => return None,
            Ask::Pieces(_) if !folds(syntax) && syntax != LdapSyntax::AsciiExact => return None,
            Ask::Pieces(_) | Ask::Present => None,
        };
        let Some(found) = entry.attribute(attribute) else {
            return is_known(view.layout(), attribute).then_some(false);
        };
        let mut values = found.values.iter().filter_map(|value| comparable(syntax, value));
        Some(match (ask, wanted) {
            (Ask::Present, _) => true,
            (Ask::Pieces(pieces), _) if folds(syntax) => {
                values.any(|value| contains(&value, pieces))
            }
            (Ask::Pieces(pieces), _) => values.any(|value| contains(&fold(&value), pieces)),
            (Ask::Ordered(_, order), Some(wanted)) => values.any(|value| {
                let found = compare(syntax, &value, &wanted);
                found == *order || found.is_eq()
            }),
            (_, Some(wanted)) => values.any(|value| value == wanted),
            (_, None) => false,
        })
    }

    /// The entries of this name or value that were looked for.
    fn found(&self, attribute: &str, value: &str) -> Option<&[Arc<Entry>]> {
        let is_it = |(known, of): (bool, &str)| known == by_uid(attribute) && of == value;
        let found = self.members.iter().find(|(known, of, _)| is_it((*known, of)));
        found.map(|(.., entries)| entries.as_slice())
    }

    fn has_member(
        &self,
        index: &Index,
        entry: &Entry,
        place: Option<&Place>,
        attribute: &str,
        ask: &Ask<'_>,
    ) -> Option<bool> {
        let listed = place.map(Place::member_attributes).unwrap_or_default();
        if !listed.iter().any(|known| known.eq_ignore_ascii_case(attribute)) {
            return Some(false);
        }
        match ask {
            Ask::Present => Some(index.has_members(entry.subject)),
            Ask::Equal(value) => Some(
                self.found(attribute, value)?
                    .iter()
                    .any(|member| member.direct.contains(&entry.subject)),
            ),
            Ask::InChain(value) => {
                let is_in = |member: &Arc<Entry>| {
                    let groups = member.attribute("memberOf")?;
                    groups.values.iter().any(|dn| **dn == *entry.dn.as_bytes()).then_some(())
                };
                Some(self.found(attribute, value)?.iter().any(|member| is_in(member).is_some()))
            }
            Ask::Pieces(_) | Ask::Ordered(..) => None,
        }
    }
}

/// The attribute that a part is about, without its options, and what it asks; `None` for what nobody knows.
fn ask(filter: &LdapFilter) -> Option<(&str, Ask<'_>)> {
    let (attribute, ask) = match filter {
        LdapFilter::Equality(attribute, value) | LdapFilter::Approx(attribute, value) => {
            (attribute, Ask::Equal(value))
        }
        LdapFilter::Substring(attribute, pieces) => (attribute, Ask::Pieces(Pieces::of(pieces))),
        LdapFilter::GreaterOrEqual(attribute, value) => {
            (attribute, Ask::Ordered(value, Ordering::Greater))
        }
        LdapFilter::LessOrEqual(attribute, value) => {
            (attribute, Ask::Ordered(value, Ordering::Less))
        }
        LdapFilter::Present(attribute) => (attribute, Ask::Present),
        LdapFilter::Extensible(LdapMatchingRuleAssertion {
            matching_rule,
            type_: Some(attribute),
            match_value,
            dn_attributes: false,
        }) => match matching_rule.as_deref() {
            None => (attribute, Ask::Equal(match_value)),
            Some(IN_CHAIN) => (attribute, Ask::InChain(match_value)),
            Some(_) => return None,
        },
        LdapFilter::Extensible(_) | LdapFilter::And(_) | LdapFilter::Or(_) | LdapFilter::Not(_) => {
            return None;
        }
    };
    (!attribute.contains(';')).then_some((attribute.as_str(), ask))
}

/// An attribute by its usual name.
pub(crate) fn usual(attribute: &str) -> &str {
    ldap_attribute(attribute).and_then(|known| known.names.first()).map_or(attribute, |usual| usual)
}

fn is_member(attribute: &str) -> bool {
    ["member", "uniqueMember", "memberUid"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(attribute))
}

/// Whether members are named by one value of theirs.
fn by_uid(attribute: &str) -> bool {
    attribute.eq_ignore_ascii_case("memberUid")
}

/// Attributes that no column holds.
fn is_filled_in(attribute: &str) -> bool {
    let known = [
        "objectClass",
        "memberOf",
        "entryDN",
        "entryUUID",
        "modifyTimestamp",
        "structuralObjectClass",
        "subschemaSubentry",
        "hasSubordinates",
    ];
    known.iter().any(|known| known.eq_ignore_ascii_case(attribute))
}

/// Whether the comparable form is one in which pieces can be looked for.
fn folds(syntax: LdapSyntax) -> bool {
    matches!(syntax, LdapSyntax::Text | LdapSyntax::Ascii)
}

/// Whether an attribute is one that LDAP or a container knows.
pub(crate) fn is_known(layout: &Layout, attribute: &str) -> bool {
    ldap_attribute(attribute).is_some()
        || layout
            .places
            .iter()
            .filter_map(Place::entities)
            .any(|of| of.attributes.iter().any(|known| known.name.eq_ignore_ascii_case(attribute)))
}

/// Everybody in the group of this name.
fn members_of(view: &View<'_>, dn: &str) -> Vec<EntityId> {
    let Some(name) = Name::read(dn) else { return Vec::new() };
    let group = match view.layout().find(&name) {
        Target::Entry(place, naming) => {
            let roles = &view.opened().model.roles;
            match view.layout().places.get(place) {
                Some(of) if of.entities().is_some() => {
                    let found = view.index.column(place, &of.naming).equal(&naming);
                    found.first().copied().map(Subject::Entity)
                }
                Some(_) | None => {
                    roles.iter().position(|role| fold(&role.name) == naming).map(Subject::Role)
                }
            }
        }
        Target::Root
        | Target::Schema
        | Target::Node(_)
        | Target::Client(_)
        | Target::Nothing(_) => None,
    };
    let members = group.map(|group| view.index.all_members(group)).unwrap_or_default();
    members
        .iter()
        .filter_map(|member| if let Subject::Entity(id) = member { Some(*id) } else { None })
        .collect()
}

/// The entries that a filter looks for among members.
async fn find_members(
    view: &mut View<'_>,
    by_uid: bool,
    value: &str,
) -> Result<Vec<Arc<Entry>>, Error> {
    if !by_uid {
        let Some(name) = Name::read(value) else { return Ok(Vec::new()) };
        let target = view.layout().find(&name);
        return Ok(view.entry(&target).await?.into_iter().collect());
    }
    let mut found = Vec::new();
    for position in 0..view.layout().places.len() {
        found.extend(view.entry(&Target::Entry(position, fold(value))).await?);
    }
    Ok(found)
}
