//! Whoever is refused cannot tell from the work it took why: as many hashes, as many questions to the store, about as long.

use axum::http::StatusCode;
use muster_testkit::take_alike;

use crate::support::*;

/// Everybody who may know nothing: a name that nobody has, one with another password, one without any, somebody who left, and
/// passwords that are too long to be one.
const REFUSED: [(&str, &str); 6] = [
    ("nobody", "wrong"),
    ("ada", "wrong"),
    ("eve", "wrong"),
    ("leo", "wrong"),
    ("nobody", LONG),
    ("ada", LONG),
];
const LONG: &str = match std::str::from_utf8(&[b'x'; 1500]) {
    Ok(long) => long,
    Err(_) => "",
};

#[tokio::test]
async fn whoever_is_refused_costs_one_hash_and_the_same_questions_to_the_store() {
    let served = Served::start().await;
    let cost = async |name: &str, password: &str| {
        let before = served.work();
        let page = served.browser().sign_in(name, password).await;
        let after = served.work();
        (page.status, after.0 - before.0, after.1 - before.1)
    };
    let first = cost("somebody else", "wrong").await;
    assert_eq!((first.0, first.1), (StatusCode::UNAUTHORIZED, 1));
    for (name, password) in REFUSED {
        assert_eq!(cost(name, password).await, first, "{name}");
    }
    // Somebody who left and shows the right password costs a hash like others.
    assert_eq!(cost("leo", PASSWORD).await.1, 1);
    // Names that are locked cost it too, whether somebody has them or not.
    for name in ["ada", "nobody"] {
        cost(name, "wrong").await;
    }
    let (locked, unknown) = (cost("ada", PASSWORD).await, cost("nobody", PASSWORD).await);
    assert_eq!((locked.0, locked.1), (StatusCode::TOO_MANY_REQUESTS, 1));
    assert_eq!(unknown, locked);
}

#[tokio::test]
async fn whoever_is_refused_is_refused_after_the_same_time() {
    let served =
        Served::start_with("  lockout: { tries: 100 }\n  throttle: { tries: 100000 }\n").await;
    let alike = take_alike(REFUSED.len(), async |kind| {
        let (name, password) = REFUSED[kind];
        let page = served.browser().sign_in(name, password).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    });
    assert!(alike.await);
}

#[tokio::test]
async fn whoever_asks_for_a_code_costs_the_same_questions_to_the_store_whatever_the_name() {
    let served = Served::start_with("  throttle: { tries: 100000 }\n").await;
    let cost = async |name: &str| {
        let before = served.work();
        let begun = served.browser().post("/signin/forgotten", &format!("name={name}")).await;
        let after = served.work();
        (begun.status, after.0 - before.0, after.1 - before.1)
    };
    let unknown = cost("nobody").await;
    assert_eq!((unknown.0, unknown.1), (StatusCode::SEE_OTHER, 0));
    // With a password, without one, who left, and who was asked about too often.
    for name in ["ada", "eve", "leo"] {
        assert_eq!(cost(name).await, unknown, "{name}");
    }
    for _ in 0..5 {
        cost("bea").await;
        cost("stranger").await;
    }
    assert_eq!(cost("bea").await, cost("stranger").await);
}

#[tokio::test]
async fn what_a_passkey_is_asked_does_not_depend_on_who_is_there() {
    let served = Served::start().await;
    let mut known = served.browser();
    known.sign_in("ada", PASSWORD).await;
    served.passkey(&known).await;
    known.post("/signout", "").await;
    let mut stranger = served.browser();
    let asked = [
        known.post("/signin/passkey/ask", "").await,
        stranger.post("/signin/passkey/ask", "").await,
    ];
    let [one, other] = asked.map(|page| {
        let challenge = page.between("\"challenge\":\"", "\"").to_owned();
        page.body.replace(&challenge, "")
    });
    assert_eq!(one, other);
}
