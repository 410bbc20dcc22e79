//! Reading only what changed since an earlier read, where the directory keeps track of it.
//!
//! A cursor is the directory's own cookie together with a fingerprint of what was asked. A cookie that is lost, that
//! the directory refuses, or that belongs to another question leads to a complete read; so does an answer from which
//! it cannot be told what went away. Nothing is ever concluded from absence here.

mod dirsync;
mod syncrepl;

use std::fmt::Write as _;

use muster_connector::{ConnectorError, ReadEnd, ReadRequest, Sink};
use muster_model::{Text, Value, ValueType, parse_value};

use crate::{
    Directory,
    entry::Shape,
    link::Link,
    settings::{Changes, Class},
};

/// The question whose answers are followed.
pub(crate) struct Question<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) link: &'a Link,
    pub(crate) class: &'a Class,
    pub(crate) shape: &'a Shape<'a>,
    pub(crate) request: &'a ReadRequest,
}

/// What changed since a cookie was made.
pub(crate) enum Answer {
    /// It was handed over; the read is done.
    Done(ReadEnd),
    /// It cannot be told; everything has to be read.
    ReadAll,
}

impl Question<'_> {
    /// Where a later read can continue that begins with the state of now; `None` where the directory offers nothing.
    pub(crate) async fn cursor_of_now(&self) -> Result<Option<Text>, ConnectorError> {
        let cookie = match self.kind() {
            Changes::No => return Ok(None),
            Changes::DirSync => dirsync::cookie_of_now(self).await?,
            Changes::SyncRepl => syncrepl::cookie_of_now(self).await?,
        };
        Ok(cookie.map(|cookie| self.cursor(&cookie)))
    }

    /// Hands over what changed since `cursor`.
    pub(crate) async fn since(
        &self,
        cursor: &str,
        sink: &mut dyn Sink,
    ) -> Result<Answer, ConnectorError> {
        let Some(cookie) = self.cookie(cursor) else { return Ok(Answer::ReadAll) };
        match self.kind() {
            Changes::No => Ok(Answer::ReadAll),
            Changes::DirSync => dirsync::since(self, cookie, sink).await,
            Changes::SyncRepl => syncrepl::since(self, cookie, sink).await,
        }
    }

    /// How changes are asked for; not at all when a field is one whose changes the directory does not tell.
    fn kind(&self) -> Changes {
        let kind = self.directory.settings.changes;
        let untold = |name: &str| kind == Changes::DirSync && dirsync::is_untold(name);
        if self.request.fields.iter().any(|field| untold(&field.name)) { Changes::No } else { kind }
    }

    fn cursor(&self, cookie: &[u8]) -> Text {
        format!("{}:{}", self.fingerprint(), Value::Binary(cookie.into())).into()
    }

    fn cookie(&self, cursor: &str) -> Option<Vec<u8>> {
        let (fingerprint, cookie) = cursor.rsplit_once(':')?;
        if fingerprint != self.fingerprint() {
            return None;
        }
        match parse_value(cookie, ValueType::Binary) {
            Ok(Value::Binary(bytes)) => Some(bytes.to_vec()),
            Ok(_) | Err(_) => None,
        }
    }

    /// Changes with everything that decides which objects are read and which of their attributes.
    fn fingerprint(&self) -> String {
        let kind = match self.kind() {
            Changes::No => "none",
            Changes::DirSync => "dirsync",
            Changes::SyncRepl => "syncrepl",
        };
        let mut asked = format!("{}\n{}", self.class.base, self.class.selection());
        for name in self.shape.attributes() {
            // Writing into a String cannot fail.
            _ = write!(asked, "\n{name}");
        }
        // FNV-1a: it has to tell questions apart, not to withstand anybody.
        let number = asked.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        format!("{kind}:{number:016x}")
    }

    /// The end of a read that followed a cursor.
    fn ended(&self, cookie: &[u8], deleted: Vec<Text>) -> Answer {
        Answer::Done(ReadEnd {
            complete: true,
            incremental: true,
            cursor: Some(self.cursor(cookie)),
            deleted,
            problem: None,
        })
    }
}

/// The end of a read that followed a cursor and broke off.
fn broken_off(problem: String) -> Answer {
    Answer::Done(ReadEnd {
        complete: false,
        incremental: true,
        cursor: None,
        deleted: Vec::new(),
        problem: Some(problem),
    })
}
