//! Opens a file and yields its text as UTF-8 bytes: gunzipped, without a byte order mark, decoded.
//!
//! Bytes that are wrong in the file's encoding arrive as `0xFF`, which is never valid UTF-8, so that the row that holds
//! them can be named instead of being repaired in silence.

use std::{
    fs::{File, Metadata},
    io::{self, Cursor, Read},
    path::Path,
    time::SystemTime,
};

use encoding_rs::{Decoder, DecoderResult, Encoding};
use flate2::read::MultiGzDecoder;
use muster_connector::{ConnectorError, ReadEnd};

use crate::{feed::complete, place::Place};

const CHUNK: usize = 64 * 1024;

/// How the characters of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// The encoding: the one of the byte order mark, else the one from the settings.
    pub(crate) encoding: &'static Encoding,
    /// True when the file starts with a byte order mark.
    pub(crate) has_mark: bool,
}

/// Tells two states of a file apart without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    file_number: u64,
}

impl Stamp {
    /// The state that `metadata` describes.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let file_number = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let file_number = 0;
        Self { length: metadata.len(), modified: metadata.modified().ok(), file_number }
    }

    /// The state of the file at `path`; `None` when it is not there.
    pub(crate) fn at(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// An opened file.
pub(crate) struct Input {
    /// The text as UTF-8.
    pub(crate) reader: Box<dyn Read>,
    /// How it is written.
    pub(crate) form: Form,
    /// The state it was opened in.
    pub(crate) stamp: Stamp,
    file: File,
}

impl Input {
    /// Opens the file at `place`.
    pub(crate) fn open(place: &Place) -> Result<Self, ConnectorError> {
        let fail = |error: &io::Error| open_error(place, error);
        let file = File::open(&place.path).map_err(|error| fail(&error))?;
        let metadata = file.metadata().map_err(|error| fail(&error))?;
        if metadata.is_dir() {
            return Err(ConnectorError::Settings(format!(
                "`{}` is a folder; `path` must name a file",
                place.shown
            )));
        }
        let mut reader = open_raw(place, &file).map_err(|error| fail(&error))??;
        let head = read_head(&mut reader, 3).map_err(|error| {
            let problem = explain(&error, place.gzip);
            ConnectorError::Malformed(format!("cannot read `{}`: {problem}", place.shown))
        })?;
        let mark = Encoding::for_bom(&head);
        let encoding = mark.map_or(place.encoding, |(encoding, _)| encoding);
        let text_at = mark.map_or(0, |(_, length)| length);
        let rest = Cursor::new(head.get(text_at..).unwrap_or(&[]).to_vec()).chain(reader);
        let reader: Box<dyn Read> = if encoding == encoding_rs::UTF_8 {
            Box::new(rest)
        } else {
            Box::new(Transcoder::new(rest, encoding))
        };
        let form = Form { encoding, has_mark: mark.is_some() };
        Ok(Self { reader, form, stamp: Stamp::of(&metadata), file })
    }

    /// What notices later that the file was written to, cut or extended.
    pub(crate) fn watch(&self) -> io::Result<Watch> {
        Ok(Watch { file: self.file.try_clone()?, stamp: self.stamp })
    }
}

/// Notices that an open file changes under a reader.
pub(crate) struct Watch {
    file: File,
    stamp: Stamp,
}

impl Watch {
    /// True when the open file is not in the state any more in which it was opened.
    pub(crate) fn has_changed(&self) -> bool {
        self.file.metadata().map_or(true, |metadata| Stamp::of(&metadata) != self.stamp)
    }
}

/// The file's bytes, gunzipped if it is named so; an empty file stays empty.
fn open_raw(place: &Place, file: &File) -> io::Result<Result<Box<dyn Read>, ConnectorError>> {
    let mut raw = file.try_clone()?;
    if !place.gzip {
        return Ok(Ok(Box::new(raw)));
    }
    let magic = read_head(&mut raw, 2)?;
    if magic.is_empty() {
        return Ok(Ok(Box::new(raw)));
    }
    if magic != [0x1f, 0x8b] {
        return Ok(Err(ConnectorError::Malformed(format!(
            "`{}` is not compressed with gzip, as its name says; rename or compress it",
            place.shown
        ))));
    }
    Ok(Ok(Box::new(MultiGzDecoder::new(Cursor::new(magic).chain(raw)))))
}

/// The first `n` bytes, or fewer when there are no more.
fn read_head(reader: &mut dyn Read, n: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(n).read_to_end(&mut head)?;
    Ok(head)
}

fn open_error(place: &Place, error: &io::Error) -> ConnectorError {
    let shown = &place.shown;
    let kind = error.kind();
    if kind == io::ErrorKind::NotFound {
        ConnectorError::Unreachable(format!(
            "there is no file `{shown}`; check `path`, which is relative to the project folder"
        ))
    } else if kind == io::ErrorKind::PermissionDenied {
        ConnectorError::Refused(format!(
            "`{shown}` may not be read; give the account that runs muster the right to read it"
        ))
    } else {
        ConnectorError::Unreachable(format!("cannot open `{shown}`: {error}"))
    }
}

/// A target that was never written holds nothing; its folder must be there, so that a lost disk is no empty target.
pub(crate) fn missing_target(place: &Place) -> Result<ReadEnd, ConnectorError> {
    let folder = place.path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(ConnectorError::Unreachable(format!(
            "the folder of `{}` is not there; create it or check `path`",
            place.shown
        )));
    }
    Ok(complete(None))
}

/// An error while reading, in words for people.
pub(crate) fn explain(error: &io::Error, gzip: bool) -> String {
    match (error.kind(), gzip) {
        (io::ErrorKind::UnexpectedEof, true) => {
            "the compressed file is cut off; fetch it again".to_owned()
        }
        (io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData, true) => {
            format!("the file is not valid gzip ({error}); fetch it again")
        }
        _ => error.to_string(),
    }
}

/// Decodes while reading; a wrong sequence becomes the byte `0xFF`.
struct Transcoder<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_start: usize,
    raw_end: usize,
    is_last: bool,
    text: Vec<u8>,
    text_start: usize,
    text_end: usize,
    is_done: bool,
}

impl<R: Read> Transcoder<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; CHUNK],
            raw_start: 0,
            raw_end: 0,
            is_last: false,
            text: vec![0; CHUNK * 2],
            text_start: 0,
            text_end: 0,
            is_done: false,
        }
    }

    /// Decodes the next part into `text`.
    fn decode(&mut self) -> io::Result<()> {
        if self.raw_start == self.raw_end && !self.is_last {
            self.raw_start = 0;
            self.raw_end = self.inner.read(&mut self.raw)?;
            self.is_last = self.raw_end == 0;
        }
        let source = self.raw.get(self.raw_start..self.raw_end).unwrap_or(&[]);
        // One byte stays free for the mark of a wrong sequence.
        let room = self.text.len() - 1;
        let target = self.text.get_mut(..room).unwrap_or(&mut []);
        let (result, n_read, n_written) =
            self.decoder.decode_to_utf8_without_replacement(source, target, self.is_last);
        self.raw_start += n_read;
        self.text_start = 0;
        self.text_end = n_written;
        match result {
            DecoderResult::InputEmpty => self.is_done = self.is_last,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                if let Some(free) = self.text.get_mut(n_written) {
                    *free = 0xff;
                    self.text_end += 1;
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.text_start == self.text_end {
            if self.is_done {
                return Ok(0);
            }
            self.decode()?;
        }
        let ready = self.text.get(self.text_start..self.text_end).unwrap_or(&[]);
        let n_bytes = ready.len().min(target.len());
        if let (Some(to), Some(from)) = (target.get_mut(..n_bytes), ready.get(..n_bytes)) {
            to.copy_from_slice(from);
        }
        self.text_start += n_bytes;
        Ok(n_bytes)
    }
}

/// Encodes `text` in `form`; the first character that the encoding does not have is the error.
pub(crate) fn encode(
    text: &str,
    encoding: &'static Encoding,
    out: &mut Vec<u8>,
) -> Result<(), char> {
    if encoding == encoding_rs::UTF_8 {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    if encoding == encoding_rs::UTF_16LE {
        out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        return Ok(());
    }
    if encoding == encoding_rs::UTF_16BE {
        out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        return Ok(());
    }
    let (bytes, _, has_unmappable) = encoding.encode(text);
    if has_unmappable {
        let missing = text.chars().find(|c| encoding.encode(c.encode_utf8(&mut [0; 4])).2);
        return Err(missing.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    out.extend_from_slice(&bytes);
    Ok(())
}

#[cfg(test)]
mod tests;
