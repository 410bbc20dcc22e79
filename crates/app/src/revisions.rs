//! The revisions of the model, and the project as an earlier one had it.

use jiff::Timestamp;
use muster_project::File;
use muster_store::{Revision, RevisionHead};

use crate::{Error, Kind, Opened};

impl Opened {
    /// The project with the model that held at `at`; itself where no other one did.
    pub async fn as_of(&self, at: Timestamp) -> Result<Self, Error> {
        match self.store.read().await?.revision_as_of(at).await? {
            Some(revision) if revision.head.number != self.revision => {
                self.with_revision(&revision).await
            }
            Some(_) | None => Ok(self.clone()),
        }
    }

    /// The project with the model of the revision of this number.
    pub async fn at_revision(&self, number: i64) -> Result<Self, Error> {
        self.with_revision(&find(self, number).await?).await
    }

    async fn with_revision(&self, revision: &Revision) -> Result<Self, Error> {
        let number = revision.head.number;
        self.with_files(unpack(revision)?, number).await.map_err(|error| {
            Error::new(Kind::Project, format!("the model of revision {number} cannot be used any more"))
                .caused_by(error)
                .hint("this version of Muster refuses what an earlier one took; use that one to look so far back")
        })
    }
}

/// Revisions of the model, the newest first, at most `limit`, before a number.
pub async fn list_revisions(
    opened: &Opened,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<RevisionHead>, Error> {
    Ok(opened.store.read().await?.revisions(before, limit).await?)
}

/// A revision of the model with its files.
pub async fn see_revision(
    opened: &Opened,
    number: i64,
) -> Result<(RevisionHead, Vec<File>), Error> {
    let revision = find(opened, number).await?;
    let files = unpack(&revision)?;
    Ok((revision.head, files))
}

async fn find(opened: &Opened, number: i64) -> Result<Revision, Error> {
    let found = opened.store.read().await?.revision(number).await?;
    found.ok_or_else(|| {
        Error::not_found(format!("there is no revision {number}"))
            .hint("muster revisions lists them")
    })
}

/// The model files as `pack` put them together.
fn unpack(revision: &Revision) -> Result<Vec<File>, Error> {
    let broken =
        || Error::bug(format!("the files of revision {} cannot be read", revision.head.number));
    let json: serde_json::Value =
        serde_json::from_slice(&revision.body).map_err(|error| broken().caused_by(error))?;
    let files = json.as_object().ok_or_else(broken)?;
    let file = |(path, text): (&String, &serde_json::Value)| {
        let text = text.as_str().ok_or_else(broken)?;
        Ok(File { path: path.as_str().into(), text: text.into() })
    };
    files.iter().map(file).collect()
}
