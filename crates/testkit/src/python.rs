//! Python programs that tests start: installed once into an environment of their own, in pinned versions.
//!
//! The environment lies in cargo's target folder and serves every test program; the first that needs it makes it
//! while the others wait. Another list of versions makes another environment.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::process::run;

/// Everything that is installed, with the packages that these need; nothing else is fetched.
const REQUIREMENTS: &[&str] = &[
    "Authlib==1.9.8",
    "aiosmtpd==1.4.6",
    "annotated-types==0.8.0",
    "anyio==4.16.0",
    "atpublic==9.0.0",
    "attrs==26.1.0",
    "certifi==2026.10.18",
    "cffi==2.1.1",
    "charset-normalizer==3.5.2",
    "click==8.5.1",
    "colorama==0.4.6",
    "cryptography==50.0.2",
    "dnspython==2.9.2",
    "docutils==0.23",
    "email-validator==2.4.0",
    "graphql-core==3.3.2",
    "h11==0.16.0",
    "harfile==0.6.0",
    "httpcore2==2.16.2",
    "httpx2==2.16.2",
    "hypothesis-graphql==0.13.5",
    "hypothesis==6.170.15",
    "idna==3.20",
    "iniconfig==2.3.1",
    "joserfc==1.8.0",
    "jsonschema_rs==0.60.3",
    "lark==1.3.1",
    "markdown-it-py==4.3.0",
    "MarkupSafe==3.0.4",
    "mdurl==0.1.2",
    "packaging==26.3",
    "pluggy==1.7.0",
    "prometheus-client==0.26.0",
    "pycparser==3.12",
    "pydanclick==0.5.1",
    "pydantic==2.14.3",
    "pydantic_core==2.50.4",
    "pygments==2.21.0",
    "pyrate-limiter==4.5.1",
    "pytest==9.2.0",
    "PyYAML==6.0.3",
    "requests==2.34.2",
    "rich==15.0.0",
    "schemathesis==4.32.5",
    "scim-sanity==0.7.4",
    "scim2-cli==0.6.0",
    "scim2-client==0.13.2",
    "scim2-models==0.12.3",
    "scim2-server==0.8.3",
    "scim2-tester==0.5.2",
    "sortedcontainers==2.4.0",
    "sphinx-click-rst-to-ansi-formatter==0.2.0",
    "truststore==0.10.5",
    "typing-inspection==0.4.5",
    "typing_extensions==4.16.0",
    "urllib3==2.8.0",
    "Werkzeug==3.1.9",
];

/// The path of a program of the environment, such as `scim2-server`, which is made if it is not there yet.
pub fn program(name: &str) -> Result<PathBuf> {
    let path = environment()?.join("bin").join(name);
    if !path.is_file() {
        bail!("the Python environment has no program `{name}`; is it in testkit's list?");
    }
    Ok(path)
}

/// Runs a script of Python, which may import the packages of the list, with these arguments. Answers what it wrote.
pub fn run_python(script: &str, arguments: &[&str]) -> Result<String> {
    let python = program("python")?;
    let written =
        run(Command::new(python).args(["-W", "ignore", "-c", script]).args(arguments), "")?;
    Ok(String::from_utf8(written)?)
}

/// The folder of the environment.
fn environment() -> Result<PathBuf> {
    made_once("muster-testkit-python", &REQUIREMENTS, make)
}

/// A folder that is made once for these versions, below a folder of this name, and serves every test program.
pub(crate) fn made_once(
    name: &str,
    versions: &impl Hash,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    versions.hash(&mut hasher);
    let base = cache_folder(name)?;
    let folder = base.join(format!("{:016x}", hasher.finish()));
    let ready = folder.join("ready");
    if ready.is_file() {
        return Ok(folder);
    }
    let lock = File::create(base.join("lock")).context("cannot create a lock file")?;
    lock.lock().with_context(|| format!("cannot lock `{}`", base.display()))?;
    if !ready.is_file() {
        make(&folder)?;
        fs::write(&ready, "")?;
    }
    Ok(folder)
}

fn make(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot remove a half-made Python environment")?;
    }
    run(Command::new(python()?).args(["-m", "venv"]).arg(folder), "")
        .context("cannot make a Python environment")?;
    let list = folder.join("requirements.txt");
    fs::write(&list, REQUIREMENTS.join("\n"))?;
    let arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(arguments).args(["--no-deps", "--only-binary=:all:", "-r"]).arg(&list);
    run(&mut pip, "").context("cannot install the Python programs that tests start").map(drop)
}

/// A Python that can make environments; Debian's cannot without a package of its own.
fn python() -> Result<&'static str> {
    let is_able = |python: &&str| {
        run(Command::new(python).args(["-c", "import ensurepip, venv"]), "").is_ok()
    };
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(is_able)
        .context("no `python3` here can make an environment; run `apt-get install -y python3-venv`")
}

/// A folder in cargo's target folder, found by the files that cargo leaves there; else in the temporary folder.
fn cache_folder(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe().context("this program has no path")?;
    let is_target = |folder: &&Path| {
        folder.join("CACHEDIR.TAG").is_file() || folder.join(".rustc_info.json").is_file()
    };
    let target = program.ancestors().find(is_target);
    let base = target.map_or_else(std::env::temp_dir, Path::to_path_buf);
    let folder = base.join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    Ok(folder)
}
