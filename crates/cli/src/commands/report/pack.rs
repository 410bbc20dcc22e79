//! `muster report pack`.

use std::path::PathBuf;

use muster_model::Language;
use muster_report::{Format, PackFile, pack_named, write_pack};

use crate::{Exit, Result, error::CommandError, shell::Shell, ui::Report};

/// The reports of a rule book, as files with an index.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The rule book: sox, pci, hipaa, gdpr or cmmc
    #[arg(value_name = "PACK")]
    pack: String,
    /// The folder; it is made where it is not there
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The form of the files: csv, json, jsonl, xlsx or pdf
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    format: Format,
    /// The language of titles, columns and fixed words: en or de
    #[arg(long, value_name = "LANGUAGE", value_parser = super::language, default_value = "en")]
    language: Language,
}

pub(super) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let pack = pack_named(&args.pack)?;
    if args.format == Format::Svg {
        return Err(CommandError::usage("a picture alone is no evidence")
            .hint("the formats are: csv, json, jsonl, xlsx, pdf"));
    }
    let (ctx, opened) = shell.open().await?;
    let dir = shell.path(&args.to);
    std::fs::create_dir_all(&dir)
        .map_err(|error| CommandError::file("make the folder", &dir, &error))?;
    let index = write_pack(&ctx, &opened, pack, (args.format, args.language), &dir).await?;
    let items = index.files.iter().map(|file| (row(file), file.json()));
    let mut shown = Report::list(&["file", "rows", "evidence towards", "sha256"], items, None);
    shown.json = index.json();
    shell.ui.show(&shown)?;
    Ok(Exit::Done)
}

fn row(file: &PackFile) -> Vec<String> {
    let controls: Vec<&str> = file.controls.iter().map(|of| of.control).collect();
    vec![
        file.file.clone(),
        file.rows.to_string(),
        controls.join(", "),
        file.sha256.chars().take(16).collect(),
    ]
}
