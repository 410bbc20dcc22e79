//! The reference pages of the book are what the program says now.

use std::path::Path;

use crate::support::Place;

async fn compare(page: &str, file: &str) {
    let wanted = Place::new().ok(&format!("reference {page}")).await.out;
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/reference").join(file);
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    let (present, wanted) = (present.trim_end(), wanted.trim_end());
    let different =
        present.lines().zip(wanted.lines()).position(|(present, wanted)| present != wanted);
    assert_eq!(different, None, "{file} is out of date at this line, from 0: cargo xtask generate");
    assert_eq!(present.lines().count(), wanted.lines().count(), "{file} is out of date");
}

#[tokio::test]
async fn the_page_of_commands_is_up_to_date() {
    compare("cli", "cli.md").await;
}

#[tokio::test]
async fn the_page_of_exit_codes_is_up_to_date() {
    compare("exit-codes", "exit-codes.md").await;
}
