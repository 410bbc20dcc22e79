//! Developer commands: `cargo xtask ci`, `test`, `tidy`, `generate`, `deny`, `fuzz`,
//! `bench`, `package`, `measure`.
//!
//! Everything a contributor or CI runs starts here, so that nothing but cargo has to be installed. Nothing here is part
//! of the product: no product crate may depend on it, and it depends on none of them.

mod bench;
mod ci;
mod command;
mod deny;
mod fuzz;
mod generate;
mod measure;
mod package;
mod packages;
mod repo;
mod servers;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{repo::Repo, steps::say};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  ci                  format, tidy, clippy, doc, test, fuzz, generate --check, deny; stops at the first failure
  test [ARGS]         makes sure the servers that tests need are there, then cargo test --workspace [ARGS]
  tidy                the house rules that a program can check
  generate [--check]  writes the generated files, or fails when one is out of date
  deny                licences, sources and banned crates
  fuzz [--seconds N [--seed N]]
                      damaged input for everything that parses; another seed tries other inputs
  bench [--full]      the benchmarks, small or at full size; with arguments: one of them, as written
  package             the Debian package, into target/package; needs dpkg-deb
  measure             sizes and shares of the code, against the targets
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let repo = Repo::find()?;
    match arguments.as_slice() {
        ["ci"] => ci::run(&repo),
        ["test", rest @ ..] => test::run(&repo, rest).map(|_| ()),
        ["tidy"] => tidy::run(&repo),
        ["generate"] => generate::write(&repo),
        ["generate", "--check"] => generate::check(&repo),
        ["deny"] => deny::run(&repo),
        ["bench", rest @ ..] => bench::run(&repo, rest),
        ["fuzz"] => fuzz::run(&repo, fuzz::SHORT, "1"),
        ["fuzz", "--seconds", seconds] => fuzz::run(&repo, seconds, "1"),
        ["fuzz", "--seconds", seconds, "--seed", seed] => fuzz::run(&repo, seconds, seed),
        ["package"] => package::run(&repo),
        ["measure"] => measure::run(&repo),
        [] | ["help" | "-h" | "--help"] => {
            say(USAGE);
            Ok(())
        }
        [other, ..] => bail!("no command `{other}` with these arguments\n\n{USAGE}"),
    }
}
