//! Pages (RFC 2696) and order (RFC 2891).

use std::fmt::Write as _;

use crate::support::Served;

async fn crowd() -> Served {
    let mut people = String::new();
    for n in 10..2_510 {
        _ = writeln!(people, "{n},u{n:05},U,F{:05},u{n}@x,{},X,,", 9_999 - n, n % 7);
    }
    Served::with(&people).await
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_page_is_read_page_by_page_and_otherwise_cut_off() {
    let served = crowd().await;
    let all = served.ask(&["-E", "pr=300/noprompt", "(uid=*)", "uid"]).await;
    assert_eq!(all.code, 0, "{all:?}");
    let mut names: Vec<String> = all.entries().unwrap().iter().map(|e| e.dn.clone()).collect();
    assert_eq!(names.len(), 2_503);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 2_503);
    let cut = served.ask(&["(uid=*)", "uid"]).await;
    assert_eq!((cut.code, cut.entries().unwrap().len()), (4, 1_000));
    let few = served.ask(&["-z", "5", "(uid=*)", "uid"]).await;
    assert_eq!((few.code, few.entries().unwrap().len()), (4, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_sorted_also_over_pages() {
    let served = crowd().await;
    let arguments =
        ["-E", "sss=payGrade/-sn", "-E", "pr=1000/noprompt", "(sn=F*)", "payGrade", "sn"];
    let found = served.ask(&arguments).await;
    assert_eq!(found.code, 0, "{found:?}");
    let keys: Vec<(String, String)> = found
        .entries()
        .unwrap()
        .iter()
        .map(|entry| (entry.value("payGrade").unwrap(), entry.value("sn").unwrap()))
        .collect();
    assert_eq!(keys.len(), 2_500);
    assert!(
        keys.windows(2)
            .all(|two| two[0].0 < two[1].0 || two[0].0 == two[1].0 && two[0].1 > two[1].1)
    );
}
