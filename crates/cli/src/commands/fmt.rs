//! `muster fmt`.

use std::path::Path;

use muster_project::File;
use serde_json::json;

use crate::{
    Exit, Result,
    error::CommandError,
    shell::{Shell, write_file},
    ui::{Report, counted},
};

/// Bring every model file into the one form; comments stay
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Change nothing; exit code 3 when a file is not in form
    #[arg(long)]
    check: bool,
    /// Change nothing; show what would change, exit code 3 when something would
    #[arg(long)]
    diff: bool,
}

pub(crate) fn run(shell: &mut Shell, args: &Args) -> Result<Exit> {
    let dir = shell.project_dir();
    let files = muster_app::read_project(&dir)?;
    let n_files = files.len();
    let mut changed: Vec<(File, String)> = Vec::new();
    let mut broken = Vec::new();
    for file in files {
        match muster_project::format(&file.text) {
            Ok(text) if *text != *file.text => changed.push((file, text)),
            Ok(_) => {}
            Err(_) => broken.push(file.path.to_string()),
        }
    }
    let writes = !args.check && !args.diff;
    if writes {
        for (file, text) in &changed {
            write_file(&dir.join(Path::new(&*file.path)), text.as_bytes())?;
        }
    }
    shell.ui.show(&report(&changed, n_files, args.diff, writes))?;
    if !broken.is_empty() {
        return Err(CommandError::new(
            Exit::Invalid,
            format!("cannot format `{}`: not valid YAML", broken.join("`, `")),
        )
        .hint("muster check shows where"));
    }
    Ok(if writes || changed.is_empty() { Exit::Done } else { Exit::Invalid })
}

fn report(changed: &[(File, String)], n_files: usize, diff: bool, writes: bool) -> Report {
    let items = changed
        .iter()
        .map(|(file, _)| (vec![file.path.to_string()], json!({ "file": &*file.path })));
    let report = Report::list(&["file"], items, None);
    let mut text = String::new();
    if diff {
        for (file, new) in changed {
            text.push_str(&difference(&file.path, &file.text, new));
        }
    } else {
        for (file, _) in changed {
            put!(
                text, "{}
", file.path
            );
        }
    }
    let did = if writes { "brought into form" } else { "not in form" };
    put!(text, "{} of {} {did}\n", changed.len(), counted(n_files, "file"));
    report.text(text)
}

/// Line by line what goes and what comes, without context beyond the hunk's place.
fn difference(path: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let longest_end = old.len().min(new.len()) - same_start;
    let same_end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(longest_end)
        .take_while(|(a, b)| a == b)
        .count();
    let goes = old.get(same_start..old.len() - same_end).unwrap_or_default();
    let comes = new.get(same_start..new.len() - same_end).unwrap_or_default();
    let mut text = format!(
        "--- {path}\n+++ {path}\n@@ -{},{} +{},{} @@\n",
        same_start + 1,
        goes.len(),
        same_start + 1,
        comes.len()
    );
    for line in goes {
        put!(text, "-{line}\n");
    }
    for line in comes {
        put!(text, "+{line}\n");
    }
    text
}
