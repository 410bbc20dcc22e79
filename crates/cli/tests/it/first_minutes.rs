//! The sample company, and the walk through the first ten minutes.

use crate::support::Place;

#[tokio::test]
async fn the_sample_company_is_set_up_and_says_what_to_try() {
    let place = Place::new();
    let answer = place.ok("demo --dir tern").await;
    assert!(answer.out.contains("240 people, 6 systems, 978 accounts"), "{}", answer.out);
    assert!(
        answer.out.contains(
            "2 leavers still active · 3 duty conflicts · 11 orphan accounts · 19 changes made outside · 1 system unwell"
        ),
        "{}",
        answer.out
    );
    place.ok("-C tern check --strict").await;
    assert_eq!(place.muster("demo --dir tern").await.code, 1);
}

/// Commands run inside of a command here, without optimisation: on a stack as large as that of the program's first thread.
#[test]
fn every_step_of_the_first_ten_minutes_does_what_it_should() {
    let check = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Place::new().muster("demo --check"))
    };
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(check).unwrap();
    let answer = thread.join().unwrap();
    assert_eq!(answer.code, 0, "{}", answer.transcript());
    assert!(!answer.out.contains("FAIL"), "{}", answer.out);
}
