//! Report packs: the reports that are evidence towards the controls of a rule book, with an index that names each file and its hash.
//!
//! A pack shows what Muster knows. Whether a control is met is judged by people.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_model::Language;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::{Format, Question, Reader, report_named, write_report};

/// What a report is evidence towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// The control, as the rule book numbers it.
    pub control: &'static str,
    /// The report.
    pub report: &'static str,
    /// What it shows.
    pub shows: &'static str,
}

/// The reports for a rule book.
#[derive(Debug, PartialEq, Eq)]
pub struct Pack {
    /// Its name: `sox`.
    pub name: &'static str,
    /// The rule book.
    pub title: &'static str,
    /// The controls, each with a report.
    pub controls: &'static [Control],
}

const fn control(control: &'static str, report: &'static str, shows: &'static str) -> Control {
    Control { control, report, shows }
}

/// The packs.
pub const PACKS: &[Pack] = &[
    Pack {
        name: "sox",
        title: "Sarbanes-Oxley Act, section 404: general IT controls over access",
        controls: &[
            control(
                "Access provisioning",
                "access",
                "who holds what, by which role, request or rule",
            ),
            control("Access removal", "leavers", "how fast those who left lost access"),
            control(
                "Privileged access",
                "privileged",
                "who holds access of high risk, and who decided",
            ),
            control(
                "Segregation of duties",
                "conflicts",
                "who holds duties that conflict, and which exceptions there are",
            ),
            control("Periodic access review", "reviews", "what reviewers were asked and decided"),
            control("Unowned accounts", "orphans", "accounts that belong to nobody"),
        ],
    },
    Pack {
        name: "pci",
        title: "PCI DSS 4.0",
        controls: &[
            control("7.2.1, 7.2.2", "access", "access by role, and why each person has it"),
            control("7.2.4", "reviews", "reviews of user accounts and their access"),
            control(
                "7.2.5",
                "orphans",
                "accounts without a person, as application and system accounts",
            ),
            control("8.2.2", "orphans", "accounts that belong to nobody"),
            control("8.2.5", "leavers", "how fast access ended for those who left"),
            control("7.2.3", "privileged", "who approved access of high risk"),
        ],
    },
    Pack {
        name: "hipaa",
        title: "HIPAA Security Rule, 45 CFR part 164",
        controls: &[
            control(
                "164.308(a)(3)(ii)(B)",
                "access",
                "which access members of the workforce have, and why",
            ),
            control("164.308(a)(3)(ii)(C)", "leavers", "how access ended for those who left"),
            control("164.308(a)(4)(ii)(C)", "reviews", "how access was reviewed and changed"),
            control("164.312(a)(2)(i)", "orphans", "accounts that cannot be traced to a person"),
            control(
                "164.308(a)(4)(ii)(B)",
                "privileged",
                "who holds access of high risk, and who decided",
            ),
        ],
    },
    Pack {
        name: "gdpr",
        title: "General Data Protection Regulation",
        controls: &[
            control("Article 5(1)(f), 32(1)(b)", "access", "who can reach what, and why"),
            control("Article 32(1)(d)", "reviews", "how access was reviewed"),
            control(
                "Article 32(4)",
                "privileged",
                "who holds access of high risk, and who decided",
            ),
            control("Article 5(1)(e)", "orphans", "accounts that nobody needs any more"),
            control("Article 25(2)", "leavers", "how fast access ended for those who left"),
        ],
    },
    Pack {
        name: "cmmc",
        title: "CMMC 2.0, level 2 (NIST SP 800-171)",
        controls: &[
            control("AC.L1-3.1.1", "access", "which users are authorised, and for what"),
            control("AC.L2-3.1.4", "conflicts", "separation of duties, and its exceptions"),
            control("AC.L2-3.1.5", "privileged", "least privilege: who holds access of high risk"),
            control("PS.L2-3.9.2", "leavers", "how access ended when people left or moved"),
            control("IA.L1-3.5.1", "orphans", "accounts without an identity"),
            control("CA.L2-3.12.1", "reviews", "how access was assessed in reviews"),
        ],
    },
];

/// The pack with this name.
///
/// # Errors
///
/// `NotFound` without such a pack.
pub fn pack_named(name: &str) -> Result<&'static Pack, Error> {
    PACKS.iter().find(|pack| pack.name == name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        let names: Vec<&str> = PACKS.iter().map(|pack| pack.name).collect();
        Error::not_found(format!("there is no pack `{shown}`"))
            .hint(format!("the packs are: {}", names.join(", ")))
    })
}

/// A file of a pack.
#[derive(Debug, Clone)]
pub struct PackFile {
    /// Its name in the folder.
    pub file: String,
    /// The report.
    pub report: &'static str,
    /// The controls that it is evidence towards, each with what it shows.
    pub controls: Vec<Control>,
    /// The rows.
    pub rows: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct PackIndex {
    /// The pack.
    pub pack: &'static str,
    /// The rule book.
    pub title: &'static str,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// The revision of the model.
    pub revision: i64,
    /// The files.
    pub files: Vec<PackFile>,
}

impl PackIndex {
    /// The index as a document.
    pub fn json(&self) -> Json {
        let Self { pack, title, made_at, made_by, revision, files } = self;
        let files: Vec<Json> = files.iter().map(PackFile::json).collect();
        json!({
            "pack": pack, "title": title, "made_at": made_at.to_string(), "made_by": made_by,
            "revision": revision,
            "note": "evidence towards the controls named; whether they are met is for people to judge",
            "files": files,
        })
    }
}

impl PackFile {
    /// The file as a document.
    pub fn json(&self) -> Json {
        let Self { file, report, controls, rows, sha256 } = self;
        let control = |of: &Control| json!({ "control": of.control, "evidence_towards": of.shows });
        let controls: Vec<Json> = controls.iter().map(control).collect();
        json!({ "file": file, "report": report, "controls": controls, "rows": rows, "sha256": sha256 })
    }
}

/// Writes the reports of a pack into a folder that is there, each once, and `index.json`.
///
/// # Errors
///
/// When the repository cannot be read, or a file not be written.
pub async fn write_pack(
    ctx: &Ctx,
    opened: &Opened,
    pack: &'static Pack,
    (format, language): (Format, Language),
    dir: &Path,
) -> Result<PackIndex, Error> {
    let mut index = PackIndex {
        pack: pack.name,
        title: pack.title,
        made_at: ctx.now(),
        made_by: ctx.actor.to_string(),
        revision: opened.revision,
        files: Vec::new(),
    };
    let question = Question { language: Some(language), ..Question::default() };
    for control in pack.controls {
        if let Some(file) = index.files.iter_mut().find(|file| file.report == control.report) {
            file.controls.push(*control);
            continue;
        }
        let report = report_named(control.report)?;
        let file = format!("{}.{}", report.name, format.word());
        let mut reader = Reader::open(ctx, opened, report, &question).await?;
        let mut out = Hashed::create(&dir.join(&file))?;
        let rows = write_report(&mut reader, format, &mut out, |_| {}).await?;
        let sha256 = out.end(&file)?;
        let controls = vec![*control];
        let made = PackFile { file, report: report.name, controls, rows, sha256 };
        index.files.push(made);
    }
    let path = dir.join("index.json");
    let text = format!("{:#}\n", index.json());
    std::fs::write(&path, text).map_err(|error| unwritten("index.json", error))?;
    Ok(index)
}

/// A file that is hashed while it is written.
struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
}

impl Hashed {
    fn create(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| unwritten(&name, error))?;
        Ok(Self { file: BufWriter::new(file), hash: Sha256::new() })
    }

    fn end(mut self, name: &str) -> Result<String, Error> {
        self.file.flush().map_err(|error| unwritten(name, error))?;
        Ok(muster_store::hex(&self.hash.finalize()))
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hash.update(bytes.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn unwritten(name: &str, error: std::io::Error) -> Error {
    Error::new(muster_app::Kind::Unavailable, format!("`{name}` cannot be written"))
        .caused_by(error)
        .hint("name a folder that can be written with --to")
}
