//! Files that are made from the code: one table, written by `generate`, compared by `generate --check`.
//!
//! To add one, add a line to [`FILES`]. A file whose maker does not exist yet is named in every run, never left out
//! silently.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::{command, deny, repo::Repo, steps::say};

/// A generated file and what makes it.
struct Generated {
    file: &'static str,
    from: Maker,
}

/// What makes a file.
enum Maker {
    /// A function of this program.
    Function(fn() -> String),
    /// What `muster` prints when it is called with these arguments.
    Muster(&'static [&'static str]),
}

const FILES: &[Generated] = &[
    Generated { file: "deny.toml", from: Maker::Function(deny::deny_toml) },
    Generated { file: "schema/muster.schema.json", from: Maker::Muster(&["schema"]) },
    Generated {
        file: "docs/book/src/reference/cli.md",
        from: Maker::Muster(&["reference", "cli"]),
    },
    Generated {
        file: "docs/book/src/reference/exit-codes.md",
        from: Maker::Muster(&["reference", "exit-codes"]),
    },
    Generated {
        file: "docs/book/src/reference/model-files.md",
        from: Maker::Muster(&["reference", "model"]),
    },
    Generated { file: "docs/openapi.json", from: Maker::Muster(&["reference", "api"]) },
    Generated {
        file: "docs/book/src/reference/rights.md",
        from: Maker::Muster(&["reference", "rights"]),
    },
    Generated {
        file: "docs/book/src/reference/errors.md",
        from: Maker::Muster(&["reference", "errors"]),
    },
];

/// Writes every file that differs.
pub(crate) fn write(repo: &Repo) -> Result<()> {
    for generated in FILES {
        let wanted = make(repo, &generated.from)?;
        let path = repo.path(generated.file);
        if fs::read_to_string(&path).is_ok_and(|present| present == wanted) {
            say(&format!("same     {}", generated.file));
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder of `{}`", generated.file))?;
        }
        fs::write(&path, wanted).with_context(|| format!("cannot write `{}`", generated.file))?;
        say(&format!("written  {}", generated.file));
    }
    Ok(())
}

/// Fails when a file is not what its maker makes now.
pub(crate) fn check(repo: &Repo) -> Result<()> {
    let mut stale = 0;
    for generated in FILES {
        let wanted = make(repo, &generated.from)?;
        let present = fs::read_to_string(repo.path(generated.file)).unwrap_or_default();
        match first_difference(&present, &wanted) {
            None => say(&format!("same     {}", generated.file)),
            Some(line) => {
                stale += 1;
                say(&format!("differs  {} from line {line}", generated.file));
            }
        }
    }
    if stale > 0 {
        bail!("{stale} generated files are out of date; run `cargo xtask generate` and commit");
    }
    Ok(())
}

fn make(repo: &Repo, maker: &Maker) -> Result<String> {
    let text = match maker {
        Maker::Function(function) => function(),
        Maker::Muster(arguments) => {
            let cargo = ["run", "--quiet", "--locked", "--package", "muster-server", "--bin"];
            let mut command = command::cargo(repo, &cargo);
            command.args(["muster", "--"]).args(*arguments);
            command.env("NO_COLOR", "1");
            command::output(command)?
        }
    };
    Ok(format!("{}\n", text.trim_end()))
}

/// The first line, from 1, at which the texts differ.
fn first_difference(present: &str, wanted: &str) -> Option<usize> {
    if present == wanted {
        return None;
    }
    let same = present.lines().zip(wanted.lines()).take_while(|(left, right)| left == right);
    Some(same.count() + 1)
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn a_stale_file_is_named_with_its_first_stale_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a"), Some(2));
    }
}
