//! A whole report as a file.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use muster_report::{Format, Reader, write_report};

use crate::{Exit, Result, error::CommandError, progress::progress, shell::Shell, ui::counted};

pub(super) async fn write(
    shell: &mut Shell,
    reader: &mut Reader,
    format: Option<Format>,
    to: Option<&Path>,
) -> Result<Exit> {
    let format = format.map_or_else(|| by_ending(to), Ok)?;
    let Some(to) = to else {
        if matches!(format, Format::Xlsx | Format::Pdf) {
            let message = format!("{} is nothing for a terminal", format.word());
            return Err(CommandError::usage(message).hint("--to FILE names the file"));
        }
        let mut out = Vec::new();
        write_report(reader, format, &mut out, |_| {}).await?;
        shell.ui.write(&String::from_utf8_lossy(&out))?;
        return Ok(Exit::Done);
    };
    let path = shell.path(to);
    let failed = |error: std::io::Error| CommandError::file("write", &path, &error);
    let mut out = BufWriter::new(File::create(&path).map_err(failed)?);
    let bars = progress(&shell.ui);
    let task = bars.begin(reader.head().report.name, None);
    let mut before = 0;
    let n = write_report(reader, format, &mut out, |n| {
        task.advance(n - before);
        before = n;
    })
    .await?;
    drop(task);
    out.flush().map_err(failed)?;
    let rows = counted(usize::try_from(n).unwrap_or(usize::MAX), "row");
    shell.ui.say(&format!("{rows} in {}", shell.shown_path(&path)))?;
    Ok(Exit::Done)
}

/// The form that the ending of a file's name says.
fn by_ending(to: Option<&Path>) -> Result<Format> {
    let ending = to.and_then(Path::extension).and_then(|ending| ending.to_str());
    let ending = ending.unwrap_or_default().to_ascii_lowercase();
    ending.parse().map_err(|formats: String| {
        CommandError::usage("the ending of the file says no form").hint(formats)
    })
}
