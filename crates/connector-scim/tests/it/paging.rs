//! Pages that shift, lie or end early; reads of what changed.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use muster_model::{Change, Value};
use muster_testkit::{HttpStub, Received, Reply, ScimOptions, ScimServer};

use crate::{
    double::{Dialect, Double, refuse},
    support::{create, field, list, many, one, open, read, read_since, text, update, user},
};

/// A service with 30 users in pages of 10 that calls `before` with the number of each list request.
fn service(
    before: impl Fn(&Double, usize, &Received) -> Option<Reply> + Send + Sync + 'static,
) -> HttpStub {
    let double = Double::new(Dialect { page: 10, ..Dialect::default() });
    double.fill(30);
    let lists = AtomicUsize::new(0);
    HttpStub::start(move |request| {
        if request.path == "/Users" {
            let number = lists.fetch_add(1, Ordering::SeqCst) + 1;
            if let Some(reply) = before(&double, number, request) {
                return reply;
            }
        }
        double.answer(request)
    })
    .unwrap()
}

#[tokio::test]
async fn what_a_shifting_page_hides_is_found_in_a_second_pass() {
    // The removal of the first user moves the eleventh from the second page to the first, which has been read.
    let stub = service(|double, number, _| {
        if number == 2 {
            double.remove("Users", "u0001");
        }
        None
    });
    let (kept, end) = read(&*open(&stub.url(), &[]), "User", vec![]).await.unwrap();
    assert!(end.complete, "{end:?}");
    let names = kept.names();
    assert_eq!(names.len(), 30, "{names:?}");
    assert!(names.contains(&"u0011"));
    assert_eq!(names.windows(2).filter(|pair| pair[0] == pair[1]).count(), 0);
}

#[tokio::test]
async fn a_server_that_counts_wrongly_or_repeats_itself_is_not_believed() {
    let lies = [
        // Says that there are more than it gives.
        |request: &Received| {
            let first = request.parameter("startIndex").as_deref() == Some("1");
            let body = if first {
                r#"{"totalResults":3,"Resources":[{"id":"1","userName":"a"}]}"#
            } else {
                r#"{"totalResults":3,"Resources":[]}"#
            };
            Reply::json(200, body)
        },
        // Gives the first page for each.
        |_: &Received| {
            Reply::json(200, r#"{"totalResults":2,"Resources":[{"id":"1","userName":"a"}]}"#)
        },
    ];
    for lie in lies {
        let stub = HttpStub::start(move |request| {
            if request.path == "/Users" { lie(request) } else { refuse(404, None) }
        })
        .unwrap();
        let (kept, end) = read(&*open(&stub.url(), &[]), "User", vec![]).await.unwrap();
        assert_eq!(kept.names(), ["a"]);
        assert!(!end.complete && end.problem.is_some() && end.cursor.is_none(), "{end:?}");
    }
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_waited_for_and_one_that_fails_makes_the_read_incomplete() {
    let stub =
        service(|_, number, _| (number == 2).then(|| Reply::empty(429).with("Retry-After", "0")));
    let (kept, end) = read(&*open(&stub.url(), &[]), "User", vec![]).await.unwrap();
    assert!(end.complete && kept.objects.len() == 30, "{end:?}");
    let stub = service(|_, number, _| (number == 2).then(|| refuse(500, None)));
    let (kept, end) = read(&*open(&stub.url(), &[]), "User", vec![]).await.unwrap();
    assert_eq!(kept.objects.len(), 10);
    assert!(!end.complete && end.problem.unwrap().contains("the double says 500"));
    let stub = service(|_, _, _| Some(Reply::empty(429).with("Retry-After", "3600")));
    assert!(read(&*open(&stub.url(), &[]), "User", vec![]).await.is_err());
}

#[tokio::test]
async fn an_object_without_a_name_is_reported_and_the_others_are_read() {
    let stub = HttpStub::start(|request| match request.path.as_str() {
        "/Users" => {
            let body = r#"{"totalResults":2,"Resources":[{"id":"1"},{"id":"2","userName":"b","active":"False"}]}"#;
            Reply::json(200, body)
        }
        _ => refuse(404, None),
    })
    .unwrap();
    let (kept, end) = read(&*open(&stub.url(), &[]), "User", vec![]).await.unwrap();
    assert!(end.complete);
    assert_eq!((kept.names(), kept.objects[0].enabled), (vec!["b"], Some(false)));
    assert_eq!(
        (kept.bad[0].place.as_str(), kept.bad[0].problem.as_str()),
        ("1", "it has no `userName`")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_read_and_what_is_gone_is_told() {
    let server = ScimServer::start(&ScimOptions::default()).unwrap();
    let settings = [("incremental", text("true"))];
    let service = open(&server.url("a"), &settings);
    for name in ["ada", "bob", "cy"] {
        one(&*service, create(user(name), &[])).await.unwrap();
    }
    let fields = || vec![field("title")];
    let (kept, end) = read(&*service, "User", fields()).await.unwrap();
    assert!(!end.incremental);
    let cy = kept.objects.iter().find(|object| &*object.name == "cy").unwrap().id.clone();
    let since = end.cursor.unwrap();
    let (kept, end) = read_since(&*service, "User", fields(), Some(since.clone())).await.unwrap();
    assert!(end.incremental && end.complete && kept.objects.is_empty(), "{end:?}");
    one(&*service, update(user("bob"), &[("title", Value::text("x"))])).await.unwrap();
    one(&*service, Change::Delete { object: user("cy") }).await.unwrap();
    one(&*service, create(user("dee"), &[])).await.unwrap();
    let (kept, end) = read_since(&*service, "User", fields(), end.cursor).await.unwrap();
    assert_eq!(kept.names(), ["bob", "dee"]);
    assert_eq!(end.deleted, [cy]);
    // A new process remembers nobody, so it reads everything rather than miss a deletion.
    let other = open(&server.url("a"), &settings);
    let (kept, end) = read_since(&*other, "User", fields(), Some(since)).await.unwrap();
    assert_eq!((end.incremental, kept.objects.len()), (false, 3));
}

#[tokio::test]
async fn members_of_groups_are_left_out_where_nobody_asks_for_them() {
    let double = Arc::new(Double::new(Dialect::default()));
    let stub = HttpStub::start(move |request| double.answer(request)).unwrap();
    let service = open(&stub.url(), &[]);
    read(&*service, "Group", vec![field("displayName")]).await.unwrap();
    let asked = stub.received().pop().unwrap();
    assert_eq!(asked.parameter("excludedAttributes").as_deref(), Some("members"));
}

#[tokio::test]
async fn groups_in_groups_do_not_make_every_page_list_all_users_again() {
    let double = Arc::new(Double::new(Dialect { page: 1, ..Dialect::default() }));
    double.fill(3);
    for number in 0..4 {
        double.group(&format!("g{number}"), &["00000002", "another-group"]);
    }
    let stub = HttpStub::start(move |request| double.answer(request)).unwrap();
    let service = open(&stub.url(), &[]);
    let (kept, end) = read(&*service, "Group", vec![many("members")]).await.unwrap();
    assert!(end.complete && kept.objects.len() == 4, "{end:?}");
    assert_eq!(kept.objects[3].values, [list(&["another-group", "u0002"])]);
    let lists = stub.received().into_iter().filter(|request| request.path == "/Users").count();
    assert_eq!(lists, 3, "three pages of one user, once");
}
