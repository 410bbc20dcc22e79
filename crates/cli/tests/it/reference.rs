//! The reference pages of the book are what the program says now.

use std::path::Path;

use crate::support::Place;

async fn compare(page: &str, file: &str) {
    let wanted = Place::new().ok(&format!("reference {page}")).await.out;
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/reference").join(file);
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        present.trim_end(),
        wanted.trim_end(),
        "{file} is out of date: cargo xtask generate"
    );
}

#[tokio::test]
async fn the_page_of_commands_is_up_to_date() {
    compare("cli", "cli.md").await;
}

#[tokio::test]
async fn the_page_of_exit_codes_is_up_to_date() {
    compare("exit-codes", "exit-codes.md").await;
}
