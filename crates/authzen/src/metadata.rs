//! Where decisions are made, for whoever looks.

use axum::{Json, extract::State};
use muster_governance::ACCESS_REQUESTS;
use muster_web::{Answer, Problem, Service};
use serde_json::{Value, json};

use crate::requests::CAPABILITY;

/// Where the document is.
pub(crate) const WELL_KNOWN: &str = "/.well-known/authzen-configuration";

/// The document. Its addresses are those of the project's `url:`; what the request says of the host does not count.
pub(crate) async fn configuration(State(service): State<Service>) -> Answer<Json<Value>> {
    let opened = service.opened();
    let Some(url) = &opened.model.url else {
        return Err(Problem::not_found("this service does not say where it is reached")
            .hint("set `url:` in the project"));
    };
    Ok(Json(json!({
        "policy_decision_point": &**url,
        "access_evaluation_endpoint": format!("{url}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{url}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{url}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{url}/access/v1/search/resource"),
        "search_action_endpoint": format!("{url}/access/v1/search/action"),
        "access_request_endpoint": format!("{url}{ACCESS_REQUESTS}"),
        "capabilities": [CAPABILITY],
    })))
}
