//! Searching: from a base, a scope and a filter to entries, in order and in pages where that is asked for.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use ldap3_proto::{
    control::{LdapControl, ServerSortRequet, ServerSortResult},
    proto::{LdapFilter, LdapMsg, LdapOp, LdapResultCode, LdapSearchRequest, LdapSearchScope},
};
use muster_model::EntityId;
use muster_policy::LdapSyntax;

use crate::{
    answer::{Refusal, result},
    entry::{Attribute, Entry, Subject},
    filter::{Prepared, usual},
    index::compare,
    layout::Target,
    name::Name,
    root,
    select::Selection,
    session::{Session, nearest},
    sight::Sight,
    syntax::{comparable, syntax_of},
    view::View,
    wire::Wire,
};

/// Entities looked at in one step.
const BATCH: usize = 500;
/// Entries that are put in order at most.
const MOST_SORTED: usize = 20_000;
/// Bytes of a page; a page with more ends early.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A search that goes on with the next page.
#[derive(Debug)]
pub(crate) struct Paged {
    cookie: Vec<u8>,
    request: LdapSearchRequest,
    rest: Vec<Item>,
    /// How many entries were sent.
    sent: usize,
}

/// What may be a match: its container, and what it is.
type Item = (Option<usize>, Subject);

/// What the controls ask for.
struct Asked<'c> {
    /// Entries of a page, and where it begins.
    page: Option<(usize, &'c [u8])>,
    sort: &'c [ServerSortRequet],
}

impl<'c> Asked<'c> {
    fn of(controls: &'c [LdapControl]) -> Self {
        let mut asked = Self { page: None, sort: &[] };
        for control in controls {
            if let LdapControl::SimplePagedResults { size, cookie } = control {
                asked.page = Some((usize::try_from(*size).unwrap_or(0), cookie));
            }
            if let LdapControl::ServerSort { sort_requests } = control {
                asked.sort = sort_requests;
            }
        }
        asked
    }
}

/// Where a search ended.
struct Ended {
    code: LdapResultCode,
    rest: Vec<Item>,
    sent: usize,
}

impl Session {
    /// Searches and sends what was found.
    pub(crate) async fn search(
        &mut self,
        wire: &mut Wire,
        msgid: i32,
        request: &LdapSearchRequest,
        controls: &[LdapControl],
    ) {
        let asked = Asked::of(controls);
        let former = self.paged.take();
        let done = self.find(wire, msgid, request, &asked, former).await;
        let sorted = match &done {
            Ok(_) => LdapResultCode::Success,
            Err(refusal) => refusal.code.clone(),
        };
        let mut ctrl = Vec::new();
        if asked.page.is_some() {
            let cookie = self.paged.as_ref().map(|paged| paged.cookie.clone()).unwrap_or_default();
            ctrl.push(LdapControl::SimplePagedResults { size: 0, cookie });
        }
        if !asked.sort.is_empty() {
            let sort_result = ServerSortResult { result_code: sorted, attribute_type: None };
            ctrl.push(LdapControl::ServerSortResult { sort_result });
        }
        let res = done.map_or_else(Into::into, result);
        wire.send(LdapMsg { msgid, op: LdapOp::SearchResultDone(res), ctrl });
    }

    async fn find(
        &mut self,
        wire: &mut Wire,
        msgid: i32,
        request: &LdapSearchRequest,
        asked: &Asked<'_>,
        former: Option<Paged>,
    ) -> Result<LdapResultCode, Refusal> {
        let name = Name::read(&request.base).ok_or_else(Refusal::no_name)?;
        let state = self.state().await?;
        let layout = &state.served.layout;
        let target = layout.find(&name);
        if let Some((shown, operational)) = match (&target, &request.scope) {
            (Target::Root, LdapSearchScope::Base) => {
                Some(root::root(layout, self.server.certificate.is_some() && !self.encrypted))
            }
            (Target::Schema, LdapSearchScope::Base | LdapSearchScope::Subtree) => {
                Some(root::schema(layout))
            }
            _ => None,
        } {
            let dn = if target == Target::Schema { crate::layout::SCHEMA } else { "" };
            send_own(wire, msgid, dn, request, shown, operational);
            return Ok(LdapResultCode::Success);
        }
        let mut view = self.view(&state).await?;
        let sight = self.sight(&mut view).await?;
        let prepared = Prepared::new(&mut view, &request.filter).await?;
        let mut looking = Looking {
            session: self,
            request,
            sight: &sight,
            prepared: &prepared,
            roles: BTreeMap::new(),
        };
        let (items, sent) = match asked.page {
            Some((size, cookie)) if !cookie.is_empty() => {
                let fits =
                    |paged: &Paged| paged.cookie == cookie && is_same(&paged.request, request);
                let Some(paged) = former.filter(fits) else {
                    let text = "the cookie is not that of the last page of this search";
                    return Err(Refusal::new(LdapResultCode::UnwillingToPerform, text));
                };
                if size == 0 {
                    return Ok(LdapResultCode::Success);
                }
                (paged.rest, paged.sent)
            }
            _ => {
                let items = looking.items(&mut view, &name, &target).await?;
                let items = looking.in_order(&mut view, items, asked.sort).await?;
                (items, 0)
            }
        };
        let ended = looking.send(&mut view, wire, msgid, items, (sent, asked.page)).await?;
        if asked.page.is_some() && !ended.rest.is_empty() {
            // It only has to differ from that of the page before; nothing is found by it but on this connection.
            let cookie = (ended.sent as u64).to_be_bytes().to_vec();
            let (request, rest, sent) = (request.clone(), ended.rest, ended.sent);
            self.paged = Some(Paged { cookie, request, rest, sent });
        }
        Ok(ended.code)
    }
}

/// Whether two requests are pages of one search.
fn is_same(one: &LdapSearchRequest, other: &LdapSearchRequest) -> bool {
    one.base == other.base
        && one.scope == other.scope
        && one.filter == other.filter
        && one.attrs == other.attrs
}

/// Sends an entry that everybody may see.
fn send_own(
    wire: &mut Wire,
    msgid: i32,
    dn: &str,
    request: &LdapSearchRequest,
    shown: Vec<Attribute>,
    operational: Vec<Attribute>,
) {
    let is_wanted = match &request.filter {
        LdapFilter::Present(attribute) => attribute.eq_ignore_ascii_case("objectClass"),
        LdapFilter::Equality(attribute, value) => {
            let known = shown.first().map(|classes| classes.values.as_slice()).unwrap_or_default();
            attribute.eq_ignore_ascii_case("objectClass")
                && known.iter().any(|class| class.eq_ignore_ascii_case(value.as_bytes()))
        }
        LdapFilter::And(_)
        | LdapFilter::Or(_)
        | LdapFilter::Not(_)
        | LdapFilter::Substring(..)
        | LdapFilter::GreaterOrEqual(..)
        | LdapFilter::LessOrEqual(..)
        | LdapFilter::Approx(..)
        | LdapFilter::Extensible(_) => false,
    };
    if is_wanted {
        let selection = Selection::new(&request.attrs, request.typesonly);
        wire.send_entry(msgid, dn, &selection.own(shown, operational));
    }
}

/// A search that is under way.
struct Looking<'a, 'f> {
    session: &'a Session,
    request: &'a LdapSearchRequest,
    sight: &'a Sight,
    prepared: &'a Prepared<'f>,
    /// The groups of roles by container, once one was looked at.
    roles: BTreeMap<usize, Vec<Arc<Entry>>>,
}

impl Looking<'_, '_> {
    /// What may be a match, in the order in which it is answered.
    async fn items(
        &mut self,
        view: &mut View<'_>,
        name: &Name,
        target: &Target,
    ) -> Result<Vec<Item>, Refusal> {
        let found = view.entry(target).await?;
        let found = found.filter(|entry| self.sight.of(view, entry).is_some());
        let Some(base) = found else {
            return Err(Refusal::no_such_object(nearest(view, name, target)));
        };
        let (request, own) = (self.request, (base.place, base.subject));
        match request.scope {
            LdapSearchScope::Base => return Ok(vec![own]),
            LdapSearchScope::Subtree if base.place.is_some() => return Ok(vec![own]),
            LdapSearchScope::OneLevel | LdapSearchScope::Children if base.place.is_some() => {
                return Ok(Vec::new());
            }
            LdapSearchScope::OneLevel | LdapSearchScope::Subtree | LdapSearchScope::Children => {}
        }
        let one_level = request.scope == LdapSearchScope::OneLevel;
        let layout = view.layout();
        let mut items: Vec<Item> = Vec::new();
        for (position, node) in layout.nodes.iter().enumerate() {
            let is_base = node.name == *name;
            let is_wanted = match request.scope {
                LdapSearchScope::Base => is_base,
                LdapSearchScope::OneLevel => node.name.above().is_some_and(|above| above == *name),
                LdapSearchScope::Subtree => node.name.is_within(name),
                LdapSearchScope::Children => !is_base && node.name.is_within(name),
            };
            if is_wanted {
                items.push((None, Subject::Node(position)));
            }
        }
        for (position, place) in layout.places.iter().enumerate() {
            let is_wanted =
                if one_level { place.name == *name } else { place.name.is_within(name) };
            if !is_wanted {
                continue;
            }
            let place = Some(position);
            if layout.places.get(position).is_some_and(|of| of.entities().is_none()) {
                items.extend(view.roles(position).iter().map(|entry| (place, entry.subject)));
                continue;
            }
            let entities = |ids: &[EntityId]| -> Vec<Item> {
                ids.iter().map(|id| (place, Subject::Entity(*id))).collect()
            };
            match self.prepared.candidates(view, position).await? {
                Some(ids) => items.extend(entities(&ids)),
                None => items.extend(entities(&view.index.all(position))),
            }
        }
        Ok(items)
    }

    /// Puts matches in order, where an order is asked for.
    async fn in_order(
        &mut self,
        view: &mut View<'_>,
        items: Vec<Item>,
        sort: &[ServerSortRequet],
    ) -> Result<Vec<Item>, Refusal> {
        if sort.is_empty() {
            return Ok(items);
        }
        if items.len() > MOST_SORTED {
            let text = "so many entries are not put in order; narrow the filter";
            return Err(Refusal::new(LdapResultCode::AdminLimitExceeded, text));
        }
        let keys: Vec<(&str, LdapSyntax, bool)> = sort
            .iter()
            .map(|key| {
                (usual(&key.attribute_name), syntax_of(&key.attribute_name), key.reverse_order)
            })
            .collect();
        let mut found: Vec<(Vec<Option<String>>, Item)> = Vec::with_capacity(items.len());
        for batch in batches(&items) {
            self.in_time(view)?;
            for entry in self.entries(view, batch).await? {
                let Some(seen) = self.sight.of(view, &entry) else { continue };
                if self.prepared.matches(view, &entry, seen) != Some(true) {
                    continue;
                }
                let place = entry.place.and_then(|position| view.layout().places.get(position));
                let naming = place.map(|place| &*place.naming);
                let values = keys.iter().map(|(attribute, syntax, _)| {
                    let values = &entry
                        .attribute(attribute)
                        .filter(|_| seen.sees(naming, attribute))?
                        .values;
                    let values = values.iter().filter_map(|value| comparable(*syntax, value));
                    values.min_by(|a, b| compare(*syntax, a, b)).map(String::from)
                });
                found.push((values.collect(), (entry.place, entry.subject)));
            }
        }
        found.sort_by(|(a, one), (b, other)| {
            let order = a.iter().zip(b).zip(&keys).map(|((a, b), (_, syntax, reverse))| {
                let order = match (a, b) {
                    (Some(a), Some(b)) => compare(*syntax, a, b),
                    // Whoever has no value comes last in rising order (RFC 2891, 2.2).
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => Ordering::Equal,
                };
                if *reverse { order.reverse() } else { order }
            });
            order.reduce(Ordering::then).unwrap_or(Ordering::Equal).then(one.cmp(other))
        });
        Ok(found.into_iter().map(|(_, item)| item).collect())
    }

    /// Sends matches, as many as there may be.
    async fn send(
        &mut self,
        view: &mut View<'_>,
        wire: &mut Wire,
        msgid: i32,
        items: Vec<Item>,
        (before, page): (usize, Option<(usize, &[u8])>),
    ) -> Result<Ended, Refusal> {
        let request = self.request;
        let selection = Selection::new(&request.attrs, request.typesonly);
        let results = self.session.server.limits.results;
        let wanted = usize::try_from(request.sizelimit).ok().filter(|n| *n > 0);
        let wanted = wanted.map_or(usize::MAX, |wanted| wanted.saturating_sub(before));
        let page_size = page.map(|(size, _)| size.min(results));
        let most = page_size.unwrap_or(results).min(wanted);
        let (mut sent, mut looked_at) = (0, 0);
        for batch in batches(&items) {
            self.in_time(view)?;
            let entries = self.entries(view, batch).await?;
            for entry in &entries {
                let Some(seen) = self.sight.of(view, entry) else { continue };
                if self.prepared.matches(view, entry, seen) != Some(true) {
                    continue;
                }
                let is_full = wire.waiting() > MOST_BYTES && sent > 0;
                if sent >= most || is_full {
                    let item = (entry.place, entry.subject);
                    let at = batch.iter().position(|known| *known == item).unwrap_or(0);
                    let rest = items.get(looked_at + at..).unwrap_or_default().to_vec();
                    let code = match page_size {
                        Some(size) if is_full || sent >= size => LdapResultCode::Success,
                        Some(_) | None => LdapResultCode::SizeLimitExceeded,
                    };
                    let rest = if code == LdapResultCode::Success { rest } else { Vec::new() };
                    return Ok(Ended { code, rest, sent: before + sent });
                }
                wire.send_entry(msgid, &entry.dn, &selection.of(view, entry, seen));
                sent += 1;
            }
            looked_at += batch.len();
        }
        Ok(Ended { code: LdapResultCode::Success, rest: Vec::new(), sent: before + sent })
    }

    /// Entries of one container, or of none, in the order of the items.
    async fn entries(
        &mut self,
        view: &mut View<'_>,
        batch: &[Item],
    ) -> Result<Vec<Arc<Entry>>, Refusal> {
        let Some((place, _)) = batch.first() else { return Ok(Vec::new()) };
        let Some(place) = *place else {
            let mut found = Vec::with_capacity(batch.len());
            for (_, subject) in batch {
                if let Subject::Node(position) = subject {
                    found.extend(view.entry(&Target::Node(*position)).await?);
                }
            }
            return Ok(found);
        };
        if view.layout().places.get(place).is_some_and(|of| of.entities().is_none()) {
            let roles = self.roles.entry(place).or_insert_with(|| view.roles(place));
            let find =
                |subject: &Subject| roles.iter().find(|entry| entry.subject == *subject).cloned();
            return Ok(batch.iter().filter_map(|(_, subject)| find(subject)).collect());
        }
        let ids = batch.iter().filter_map(|(_, subject)| match subject {
            Subject::Entity(id) => Some(*id),
            Subject::Node(_) | Subject::Role(_) => None,
        });
        let ids: Vec<EntityId> = ids.collect();
        let found = view.entities(place, &ids).await?;
        // A long search must not keep others from being answered.
        tokio::task::yield_now().await;
        Ok(found)
    }

    /// Fails when the time for the search is over.
    fn in_time(&self, view: &View<'_>) -> Result<(), Refusal> {
        let now = self.session.server.service.clock().now();
        if now.duration_since(view.now).unsigned_abs() > self.session.server.limits.time {
            return Err(Refusal::new(
                LdapResultCode::TimeLimitExceeded,
                "the search took too long",
            ));
        }
        Ok(())
    }
}

/// Items of one container each, some at a time.
fn batches(items: &[Item]) -> impl Iterator<Item = &[Item]> {
    items.chunk_by(|one, other| one.0 == other.0).flat_map(|same| same.chunks(BATCH))
}
