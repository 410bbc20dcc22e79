//! Revisions of the model.

use muster_store::{Revision, RevisionHead};

use crate::support::*;

fn revision(hash: &str, seconds: i64) -> Revision {
    let head = RevisionHead {
        number: 0,
        hash: text(hash),
        author: text("ada"),
        made_at: at(seconds),
        message: text("why"),
    };
    Revision { head, body: hash.as_bytes().to_vec() }
}

on_both! {
    async fn a_revision_is_appended_when_it_differs_from_the_latest(store) {
        let append = async |hash, seconds| {
            write_to!(store, |tx| tx.append_revision(&revision(hash, seconds)))
        };
        assert_eq!(read_from!(store, |tx| tx.latest_revision()), None);
        assert_eq!(append("aa", 1).await, (1, true));
        assert_eq!(append("aa", 2).await, (1, false));
        assert_eq!(append("bb", 3).await, (2, true));
        assert_eq!(append("aa", 4).await, (3, true), "back to an earlier state is a change too");
        let mut tx = store.read().await.unwrap();
        assert_eq!(tx.latest_revision().await.unwrap().unwrap().number, 3);
        assert_eq!(tx.revision(2).await.unwrap().unwrap().body, b"bb");
        assert_eq!(tx.revision(4).await.unwrap(), None);
        assert_eq!(tx.revision_as_of(at(0)).await.unwrap(), None);
        assert_eq!(tx.revision_as_of(at(3)).await.unwrap().unwrap().head.number, 2);
        let numbers = |heads: Vec<RevisionHead>| heads.iter().map(|head| head.number).collect();
        let page: Vec<i64> = numbers(tx.revisions(None, 2).await.unwrap());
        assert_eq!(page, [3, 2]);
        let page: Vec<i64> = numbers(tx.revisions(Some(2), 2).await.unwrap());
        assert_eq!(page, [1]);
    }
}
