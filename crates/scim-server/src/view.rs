//! What one request sees: the project, the mapping, who asks, and when.

use std::sync::Arc;

use jiff::Timestamp;
use muster_app::{Ctx, Opened};
use muster_model::Text;

use crate::mapping::Mapping;

/// What one request sees.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) opened: Arc<Opened>,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) ctx: Ctx,
    /// The client in whose world external ids are.
    pub(crate) client: Text,
    /// The address of the service, without a slash at the end.
    pub(crate) base: Text,
    pub(crate) now: Timestamp,
    /// Whether a POST of somebody whom the client's source knows already is a change: the client sends records, and what
    /// each of them does is decided here.
    pub(crate) is_inbox: bool,
}
