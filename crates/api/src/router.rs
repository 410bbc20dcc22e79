//! The routes, made from the table.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Request, State},
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};
use muster_web::{Router, Service};

use crate::{Operation, call, docs, jobs::Jobs, operations};

/// Everything below `/api/v1`.
pub fn router() -> Router {
    let jobs = Jobs::default();
    let operations: Vec<Arc<Operation>> = operations().into_iter().map(Arc::new).collect();
    let mut routes: BTreeMap<&str, MethodRouter<Service>> = BTreeMap::new();
    for operation in &operations {
        let route = routes.remove(operation.path).unwrap_or_default();
        let Some(filter) = filter(&operation.method) else { continue };
        let (operation, seen) = (Arc::clone(operation), shows(&operations, operation));
        let jobs = jobs.clone();
        let path = operation.path;
        let handler = move |State(service): State<Service>, request: Request| {
            call::answer(Arc::clone(&operation), seen.clone(), service, jobs.clone(), request)
        };
        routes.insert(path, route.merge(on(filter, handler)));
    }
    let mut router = docs::router();
    for (path, route) in routes {
        router = router.route(&format!("/api/v1{path}"), route);
    }
    router
}

/// The operation that shows what `of` changes: the tagged one at the longest address.
fn shows(operations: &[Arc<Operation>], of: &Operation) -> Option<Arc<Operation>> {
    let shown = operations.iter().filter(|operation| operation.shows(of));
    shown.max_by_key(|operation| operation.path.len()).cloned()
}

fn filter(method: &Method) -> Option<MethodFilter> {
    MethodFilter::try_from(method.clone()).ok()
}
