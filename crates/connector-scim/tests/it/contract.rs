//! The promises of every connector, kept on a real server and on doubles of other kinds.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use muster_connector::{
    Chaos, ChaosSettings, Connector,
    contract::{self, GroupSubject, Subject},
};
use muster_model::Setting;
use muster_testkit::{HttpStub, Reply, ScimOptions, ScimServer};

use crate::{
    double::{Dialect, Double},
    support::{open, settings, text},
};

fn subject(connector: Arc<dyn Connector>) -> Subject {
    Subject {
        class: "User".into(),
        texts: ["title".into(), "name.givenName".into()],
        many: Some("entitlements".into()),
        group: Some(GroupSubject {
            class: "Group".into(),
            name: Arc::new(|word| word.into()),
            required: Arc::new(|_| Vec::new()),
            members: "members".into(),
        }),
        ..Subject::new(connector, "")
    }
}

/// Runs all promises, each with a tenant of its own of one server.
async fn keeps_every_promise(options: &ScimOptions, more: &[(&str, Setting)], chaos: bool) {
    let server = ScimServer::start(options).unwrap();
    let next = AtomicUsize::new(0);
    let report = contract::run_all(async || {
        let tenant = format!("t{}", next.fetch_add(1, Ordering::Relaxed));
        let mut connector = open(&server.url(&tenant), more);
        if chaos {
            let calm = ChaosSettings::read(&settings(&[("seed", text("7"))])).unwrap();
            connector = Arc::new(Chaos::new(connector, calm));
        }
        subject(connector)
    })
    .await;
    report.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_keeps_every_promise_with_pages_by_index() {
    let small = [("page_size", text("10")), ("incremental", text("true"))];
    keeps_every_promise(&ScimOptions::default(), &small, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_keeps_every_promise_with_pages_by_cursor_through_chaos() {
    let options = ScimOptions { cursors: true, most_results: Some(7) };
    keeps_every_promise(&options, &[], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_keeps_every_promise_when_it_is_changed_by_put() {
    keeps_every_promise(&ScimOptions::default(), &[("patch", text("none"))], false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_written_for_entra_keeps_every_promise() {
    let report = contract::run_all(async || {
        let double = Double::new(Dialect { entra: true, ..Dialect::default() });
        let stub = HttpStub::start(move |request| double.answer(request)).unwrap();
        let connector = open(&stub.url(), &[("profile", text("entra"))]);
        Subject { hold: Box::new(stub), ..subject(connector) }
    })
    .await;
    report.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_filters_patch_and_discovery_keeps_every_promise() {
    let report = contract::run_all(async || {
        let cut = Arc::new(AtomicBool::new(false));
        let double = Double::new(Dialect {
            patch: false,
            filter: false,
            discovery: false,
            ..Dialect::default()
        });
        let is_cut = Arc::clone(&cut);
        let stub = HttpStub::start(move |request| {
            let is_later_page = request.parameter("startIndex").is_some_and(|start| start != "1");
            if is_cut.load(Ordering::Relaxed) && is_later_page {
                return Reply::Half(b"{\"totalResults\": 25, \"Resources\": []}".to_vec());
            }
            double.answer(request)
        })
        .unwrap();
        let connector =
            open(&stub.url(), &[("profile", text("minimal")), ("page_size", text("10"))]);
        Subject {
            cut: Some(Arc::new(move || cut.store(true, Ordering::Relaxed))),
            hold: Box::new(stub),
            ..subject(connector)
        }
    })
    .await;
    report.assert_kept();
}
