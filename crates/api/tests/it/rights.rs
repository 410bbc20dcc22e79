//! Every operation of the table, as everybody who may call: an operation that is not there cannot be forgotten here.

use axum::http::{Method, StatusCode};
use muster_api::{Operation, operations};
use muster_app::Scope;

use crate::support::{Caller, Reply, Served};

/// An address of the operation, of something that is not there.
fn address(operation: &Operation) -> String {
    let parts = operation.path.split('/').map(|part| match part {
        "{id}" | "{revision}" => "4711",
        part if part.starts_with('{') => "nobody",
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// All but those for whoever comes.
fn closed() -> impl Iterator<Item = Operation> {
    operations().into_iter().filter(|operation| !operation.is_open)
}

#[test]
fn whoever_comes_may_ask_to_be_a_guest_and_nothing_else() {
    let open = operations().into_iter().filter(|operation| operation.is_open);
    let open: Vec<_> = open.map(|operation| (operation.id, operation.right.is_none())).collect();
    assert_eq!(open, [("guest-applications.offer", true), ("guest-applications.create", true)]);
}

async fn call(caller: &Caller<'_>, operation: &Operation) -> Reply {
    caller.send(operation.method.clone(), &address(operation), &[], None).await
}

#[tokio::test]
async fn nobody_gets_anything_without_a_token() {
    let served = Served::start().await;
    for operation in closed() {
        let reply = call(&served.anonymous(), &operation).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{}", operation.id);
        assert_eq!(reply.code(), "unauthenticated", "{}", operation.id);
    }
}

#[tokio::test]
async fn a_token_for_something_else_opens_nothing() {
    let served = Served::start().await;
    let scim = served.program(Scope::Scim).await;
    for operation in closed() {
        let reply = call(&scim, &operation).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::FORBIDDEN, "denied"),
            "{}",
            operation.id
        );
    }
}

#[tokio::test]
async fn a_stranger_without_rights_is_told_the_same_about_everything() {
    let served = Served::start().await;
    let stranger = served.acting_for("3").await;
    for operation in operations().iter().filter(|operation| operation.right.is_some()) {
        let reply = call(&stranger, operation).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::FORBIDDEN, "denied"),
            "{}",
            operation.id
        );
        assert_eq!(reply.body.get("hints"), None, "{}", operation.id);
    }
}

#[tokio::test]
async fn scopes_open_what_the_matrix_says() {
    let served = Served::start().await;
    for scope in [Scope::ApiRead, Scope::ApiWrite, Scope::Admin] {
        let caller = served.program(scope).await;
        for operation in closed() {
            let needed = operation.scope();
            // What is not needed here is to carry it out.
            if scope.covers(needed) && operation.method != Method::GET {
                continue;
            }
            let reply = call(&caller, &operation).await;
            let is_denied = reply.status == StatusCode::FORBIDDEN;
            assert_eq!(is_denied, !scope.covers(needed), "{scope} {} {reply:?}", operation.id);
        }
    }
}

#[test]
fn an_operation_has_one_name_one_address_and_a_right_that_fits_its_method() {
    let mut names = std::collections::BTreeSet::new();
    let mut addresses = std::collections::BTreeSet::new();
    for operation in operations() {
        assert!(names.insert(operation.id), "{}", operation.id);
        assert!(
            addresses.insert(format!("{} {}", operation.method, operation.path)),
            "{}",
            operation.id
        );
        let sees = operation.method == Method::GET;
        let is_read =
            operation.right.is_none_or(|right| right.is_read() || right.word() == "journal.export");
        assert!(!sees || is_read, "{} only shows and needs a right to change", operation.id);
        let fields: Vec<&str> = operation.path_names().collect();
        let body = operation.body.iter().flat_map(|body| &body.0).chain(&operation.query.0);
        body.for_each(|field| assert!(!fields.contains(&field.name), "{}", operation.id));
    }
}

#[test]
fn the_matrix_that_is_checked_in_is_the_one_that_is_made() {
    let kept = include_str!("../../../../docs/book/src/reference/rights.md");
    assert!(
        kept.trim_end() == muster_api::rights_matrix().trim_end(),
        "run `cargo xtask generate`"
    );
}
