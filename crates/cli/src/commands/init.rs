//! `muster init`.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use muster_project::File;
use serde_json::json;

use crate::{
    Exit, Result,
    error::CommandError,
    init::{Confidence, Content, Input, NewFile, Proposal, propose},
    shell::{Shell, read_file, write_file},
    ui::{Paint, Report, counted},
};

/// Begin a project, empty or from CSV files of people
///
/// With --from it looks at the files, says what each column is and how sure it is, and writes a project that passes
/// `check`: schema, source, a first role, a file that stands in for a directory, and tests. It changes none of your files.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// CSV or TSV files of people and, if there are some, of departments and the like; may be compressed (.gz)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    from: Vec<PathBuf>,
    /// Where the project goes [default: the current folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// No export of people is larger.
const MAX_BYTES: u64 = 2 << 30;

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let dir = match (&args.dir, &shell.global.project) {
        (Some(dir), _) | (None, Some(dir)) => shell.path(dir),
        (None, None) => shell.host.current_dir.clone(),
    };
    if dir.join("muster.yaml").exists() {
        return Err(CommandError::new(
            Exit::Failed,
            format!("there is a project in `{}` already", shell.shown_path(&dir)),
        )
        .hint("choose another folder: muster init --dir DIR"));
    }
    let paths: Vec<PathBuf> = args.from.iter().map(|path| shell.path(path)).collect();
    let inputs = paths.iter().map(|path| input(path, &dir)).collect::<Result<Vec<_>>>()?;
    let proposal = propose(&inputs).map_err(|error| {
        CommandError::new(Exit::Failed, error.to_string())
            .hint("export it as CSV with a header and one row for each person")
    })?;
    refuse_overwriting(&proposal.files, &dir)?;
    refuse_broken(shell, &proposal)?;
    for file in &proposal.files {
        let path = dir.join(&file.path);
        match &file.content {
            Content::Text(text) => write_file(&path, text.as_bytes())?,
            Content::Copy(index) => {
                let source = paths.get(*index).map_or(Path::new(""), PathBuf::as_path);
                write_file(&path, &read_file(source)?)?;
            }
        }
    }
    let report = report(&proposal, shell.ui.paint());
    shell.ui.show(&report)?;
    let at = shell.shown_path(&dir);
    let to = if dir == shell.host.current_dir { String::new() } else { format!(" -C {at}") };
    let first = if args.from.is_empty() { "check" } else { "sync" };
    shell.ui.say(&format!("next: muster{to} {first}, then muster{to} plan"))?;
    Ok(Exit::Done)
}

/// A file as the inference takes it: without compression, and knowing whether it lies in the project already.
fn input(path: &Path, dir: &Path) -> Result<Input> {
    let name = path
        .file_name()
        .map_or_else(|| "people.csv".to_owned(), |name| name.to_string_lossy().into_owned());
    let size =
        std::fs::metadata(path).map_err(|error| CommandError::file("read", path, &error))?.len();
    if size > MAX_BYTES {
        return Err(CommandError::new(
            Exit::Failed,
            format!("`{}` has {size} bytes, more than {MAX_BYTES}", path.display()),
        ));
    }
    let raw = read_file(path)?;
    let bytes = if has_extension(&name, "gz") {
        let mut bytes = Vec::new();
        MultiGzDecoder::new(raw.as_slice())
            .take(MAX_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| CommandError::file("unpack", path, &error))?;
        bytes
    } else {
        raw
    };
    let inside =
        path.strip_prefix(dir).ok().and_then(Path::to_str).map(|inside| inside.replace('\\', "/"));
    Ok(Input { name, inside, bytes })
}

fn refuse_overwriting(files: &[NewFile], dir: &Path) -> Result<()> {
    match files.iter().find(|file| dir.join(&file.path).exists()) {
        Some(file) => Err(CommandError::new(
            Exit::Failed,
            format!("`{}` is there already and would be overwritten", file.path),
        )
        .hint("choose another folder: muster init --dir DIR")),
        None => Ok(()),
    }
}

/// What is written passes `check`; if it does not, that is our mistake and nothing is written.
fn refuse_broken(shell: &mut Shell, proposal: &Proposal) -> Result<()> {
    let loaded = muster_project::load(model_files(proposal), shell.host.connectors.as_ref());
    if loaded.model.is_some() {
        return Ok(());
    }
    let colour = shell.ui.paint_talk().is_on();
    shell
        .ui
        .say(muster_project::render(&loaded.diagnostics, &loaded.sources, colour).trim_end())?;
    Err(CommandError {
        code: "bug".to_owned(),
        ..CommandError::new(Exit::Failed, "the project made from these files does not pass `check`")
    }
    .hint("this is a bug; please report it with the header of the file"))
}

/// True when the file's name ends so, whatever the case.
fn has_extension(name: &str, wanted: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// The model files among the new ones.
fn model_files(proposal: &Proposal) -> Vec<File> {
    let models = proposal.files.iter().filter(|file| has_extension(&file.path, "yaml"));
    models
        .filter_map(|file| match &file.content {
            Content::Text(text) => {
                Some(File { path: file.path.as_str().into(), text: text.as_str().into() })
            }
            Content::Copy(_) => None,
        })
        .collect()
}

fn report(proposal: &Proposal, paint: Paint) -> Report {
    let items = proposal.findings.iter().map(|finding| {
        let attribute = finding.attribute.clone().unwrap_or_default();
        let confidence = finding.confidence.words().to_owned();
        let row = vec![attribute, finding.column.clone(), finding.what.clone(), confidence];
        let json = json!({
            "file": finding.file, "column": finding.column, "attribute": finding.attribute, "found": finding.what,
            "confidence": finding.confidence.words(),
        });
        (row, json)
    });
    let mut report = Report::list(&["attribute", "column", "found", "confidence"], items, None);
    let written: Vec<&str> = proposal.files.iter().map(|file| file.path.as_str()).collect();
    report.json = json!({ "columns": report.lines, "files": written, "notes": proposal.notes });
    let mut text = String::new();
    for summary in &proposal.summaries {
        put!(text, "{summary}\n");
    }
    if !proposal.findings.is_empty() {
        for line in
            report.render(crate::ui::Format::Text, paint, crate::ui::Width::Unlimited).lines()
        {
            put!(text, " {line}\n");
        }
    }
    for note in &proposal.notes {
        put!(text, "{} {note}\n", paint.yellow("note:"));
    }
    let unsure = proposal
        .findings
        .iter()
        .filter(|finding| finding.confidence == Confidence::NeedsYou)
        .count();
    if unsure > 0 {
        put!(text, "{} to look at: those that say `needs you`\n", counted(unsure, "column"));
    }
    put!(text, "Wrote {}\n", written.join(", "));
    report.text(text)
}
