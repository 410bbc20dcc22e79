//! What a handler is given: who calls, the project, and what was sent, checked.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::http::{header, request::Parts};
use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, resolve_person};
use muster_model::EntityId;
use muster_policy::Right;
use muster_web::{Caller, Origin, Problem, Service};
use serde_json::{Map, Value as Json};

use crate::{form, instant, jobs::Jobs};

/// A request that may be carried out.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Who does it, when, and whom it can concern.
    pub(crate) ctx: Ctx,
    /// The project.
    pub(crate) opened: Arc<Opened>,
    /// Who calls.
    pub(crate) caller: Caller,
    /// Work that takes long.
    pub(crate) jobs: Jobs,
    /// What serves the project, for whoever puts another one in its place.
    pub(crate) service: Service,
    /// What path, query and body hold, by name.
    pub(crate) values: Map<String, Json>,
    /// `If-Match`, when it does not fit every state.
    pub(crate) if_match: Option<String>,
    /// Where the call comes from.
    pub(crate) from: Whence,
}

/// Where a call comes from.
#[derive(Debug, Clone)]
pub(crate) struct Whence {
    /// The address.
    pub(crate) network: IpAddr,
    /// What the program says of itself.
    pub(crate) device: String,
}

impl Whence {
    pub(crate) fn of(parts: &Parts) -> Self {
        let origin = parts.extensions.get::<Origin>();
        let device = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            network: origin.map_or(Ipv4Addr::UNSPECIFIED.into(), |origin| origin.address),
            device: device.unwrap_or_default().to_owned(),
        }
    }
}

impl Asked {
    /// A text that has to be there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.maybe(name).unwrap_or_default()
    }

    /// A text that may be left out.
    pub(crate) fn maybe(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Json::as_str)
    }

    /// As [`Asked::maybe`], to keep.
    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.maybe(name).map(str::to_owned)
    }

    /// A whole number that may be left out.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(form::whole)
    }

    /// A whole number that has to be there.
    pub(crate) fn id(&self, name: &str) -> i64 {
        self.int(name).unwrap_or_default()
    }

    /// The number that confirms something.
    pub(crate) fn confirm(&self) -> Option<u64> {
        self.int("confirm").and_then(|n| u64::try_from(n).ok())
    }

    /// True when a flag is set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.values.get(name).and_then(Json::as_bool).unwrap_or_default()
    }

    /// An instant that may be left out.
    pub(crate) fn instant(&self, name: &str) -> Option<Timestamp> {
        self.maybe(name).and_then(instant::read)
    }

    /// Texts of a list that may be left out.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.values.get(name).and_then(Json::as_array);
        let texts = items.into_iter().flatten().filter_map(Json::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Whole numbers of a list that may be left out.
    pub(crate) fn ints(&self, name: &str) -> Vec<i64> {
        let items = self.values.get(name).and_then(Json::as_array);
        items.into_iter().flatten().filter_map(form::whole).collect()
    }

    /// The files of a model: texts by path.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        self.pairs("files")
    }

    /// Texts by name, which may be left out.
    pub(crate) fn pairs(&self, name: &str) -> BTreeMap<String, String> {
        let pairs = self.values.get(name).and_then(Json::as_object).into_iter().flatten();
        let text = |text: &Json| text.as_str().unwrap_or_default().to_owned();
        pairs.map(|(name, json)| (name.clone(), text(json))).collect()
    }

    /// A person who is named, when the caller may know of them.
    pub(crate) async fn person(&self, name: &str) -> Result<EntityId, Error> {
        let mut tx = self.opened.store.read().await?;
        Ok(resolve_person(&self.ctx, &self.opened, &mut tx, name).await?.row.id)
    }

    /// The person for whom the caller acts; there is nothing of a program's own here.
    pub(crate) fn me(&self) -> Result<EntityId, Problem> {
        let person = self.caller.authority.as_ref().map(|authority| authority.person());
        person.ok_or_else(|| {
            // Not a matter of rights.
            Problem::not_found("people ask and decide, and this token acts for nobody")
                .hint("muster token create NAME --as PERSON makes one that does")
        })
    }

    /// Goes on with those whom a right reaches.
    pub(crate) fn within(&mut self, right: Right) -> Result<(), Problem> {
        let Some(authority) = &self.caller.authority else { return Ok(()) };
        let denied = || Problem::denied(format!("no role of yours allows `{}`", right.word()));
        self.ctx.reach = authority.reach(right).ok_or_else(denied)?;
        Ok(())
    }

    /// How many are wanted at most.
    pub(crate) fn limit(&self) -> usize {
        self.int("limit").and_then(|n| usize::try_from(n).ok()).unwrap_or(100)
    }

    /// Where the list goes on: a cursor that a page before gave.
    pub(crate) fn after(&self) -> Option<i64> {
        self.maybe("after").and_then(form::place)
    }
}

/// The cursor of a place in a list.
pub(crate) fn cursor(place: i64) -> String {
    format!("c{place}")
}
