//! What people are told: the chapter of the manual is run.

use crate::support::Place;

const CHAPTER: &str = include_str!("../../../../docs/book/src/operations/notices.md");

fn part(n: usize) -> &'static str {
    CHAPTER.split("```yaml\n").nth(n).unwrap().split("```").next().unwrap()
}

#[tokio::test]
async fn what_the_chapter_shows_works() {
    let place = Place::with(&[("muster.yaml", part(1))]);
    let commands: Vec<&str> =
        CHAPTER.lines().filter_map(|line| line.strip_prefix("$ muster ")).collect();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        place.ok(command).await;
    }
    let shown = place.ok("notices show --as 1 -o json").await.json();
    let topics = shown["topics"].as_array().unwrap();
    let of = |name: &str| topics.iter().find(|one| one["topic"] == name).unwrap();
    assert_eq!(
        (&of("approvals")["told"], &of("approvals")["chosen"]),
        (&"daily".into(), &"daily".into())
    );
    assert_eq!((&of("reviews")["told"], of("reviews").get("chosen")), (&"daily".into(), None));
    assert_eq!((&shown["language"], &shown["gathered_at"]), (&"de".into(), &"07:30".into()));
    place.ok("audit verify").await;
}

#[tokio::test]
async fn the_words_of_the_chapter_are_those_that_are_used() {
    let (company, _) = part(1).split_once("notices:").unwrap();
    let place = Place::with(&[("muster.yaml", company), ("notices.yaml", part(2))]);
    let said = place.ok("notices text request -o json").await.json();
    assert_eq!(
        (&said["from"], &said["subject"]),
        (&"the model".into(), &"{{ person }} needs {{ role }}".into())
    );
    let said = place.ok("notices text request --language de -o json").await.json();
    assert_eq!(said["from"], "Muster");
}
