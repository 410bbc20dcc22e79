//! The container of an evidence pack: a zip archive in one fixed form, so that each byte of it can be checked.
//!
//! Files are stored and not compressed, in a fixed order, dated 1980-01-01, without comments or extra fields (APPNOTE.TXT
//! 6.3.10, sections 4.3.7, 4.3.12, 4.3.16). Any program opens it. Whoever reads one gets exactly what stands there, so
//! nothing can grow; that it is in the fixed form is seen by writing it again.

use muster_app::Error;

/// A file of a pack: its name and what it holds.
pub(crate) type File = (String, Vec<u8>);

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// The lengths of the records without names.
const LOCAL_LENGTH: usize = 30;
const CENTRAL_LENGTH: usize = 46;
const END_LENGTH: usize = 22;
/// Version 1.0 of the format; and the first day that it knows.
const VERSION: u16 = 10;
const DAY: u16 = 0x0021;
/// Files in a pack at most.
const MOST: usize = 32;
/// Characters of a name at most.
const LONGEST: usize = 64;

/// Writes files into an archive.
///
/// # Errors
///
/// `Invalid` when they are larger than an archive in this form can be, which is 4 GiB.
pub(crate) fn write(files: &[File]) -> Result<Vec<u8>, Error> {
    let too_large = || Error::invalid("the evidence is larger than 4 GiB");
    let (mut out, mut central) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let offset = u32::try_from(out.len()).map_err(|_| too_large())?;
        let size = u32::try_from(content.len()).map_err(|_| too_large())?;
        let length = u16::try_from(name.len()).map_err(|_| too_large())?;
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        for of in [VERSION, 0, 0, 0, DAY] {
            common.extend(of.to_le_bytes());
        }
        for of in [crc.sum(), size, size] {
            common.extend(of.to_le_bytes());
        }
        common.extend(length.to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        out.extend(LOCAL.to_le_bytes());
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(content);
        central.extend(CENTRAL.to_le_bytes());
        central.extend(VERSION.to_le_bytes());
        central.extend(&common);
        // No comment, first disk, no attributes.
        central.extend([0; 10]);
        central.extend(offset.to_le_bytes());
        central.extend(name.as_bytes());
    }
    let start = u32::try_from(out.len()).map_err(|_| too_large())?;
    let size = u32::try_from(central.len()).map_err(|_| too_large())?;
    let n = u16::try_from(files.len()).map_err(|_| too_large())?;
    out.extend(central);
    out.extend(END.to_le_bytes());
    for of in [0, 0, n, n] {
        out.extend(u16::to_le_bytes(of));
    }
    for of in [size, start] {
        out.extend(of.to_le_bytes());
    }
    out.extend(0_u16.to_le_bytes());
    Ok(out)
}

/// Reads an archive along its files, one after the other.
pub(crate) fn read_along(bytes: &[u8]) -> Option<Vec<File>> {
    let (mut files, mut at) = (Vec::new(), 0);
    while number(bytes, at, 4)? == u64::from(LOCAL) {
        let (file, end) = file_at(bytes, at, None)?;
        files.push(file);
        at = end;
        if files.len() > MOST {
            return None;
        }
    }
    Some(files)
}

/// Reads an archive by the directory at its end.
pub(crate) fn read_by_directory(bytes: &[u8]) -> Option<Vec<File>> {
    let end = bytes.len().checked_sub(END_LENGTH)?;
    let n = index(number(bytes, end + 10, 2)?)?;
    let mut at = index(number(bytes, end + 16, 4)?)?;
    let mut files = Vec::new();
    for _ in 0..n.min(MOST + 1) {
        let size = index(number(bytes, at + 24, 4)?)?;
        let length = index(number(bytes, at + 28, 2)?)?;
        let offset = index(number(bytes, at + 42, 4)?)?;
        let (mut file, _) = file_at(bytes, offset, Some((length, size)))?;
        file.0 = name_at(bytes, at + CENTRAL_LENGTH, length)?;
        files.push(file);
        at += CENTRAL_LENGTH + length;
    }
    Some(files)
}

/// The file whose record begins at a place, and where it ends; with the lengths that its record says, or others.
fn file_at(bytes: &[u8], at: usize, lengths: Option<(usize, usize)>) -> Option<(File, usize)> {
    let (length, size) = match lengths {
        Some(lengths) => lengths,
        None => (index(number(bytes, at + 26, 2)?)?, index(number(bytes, at + 22, 4)?)?),
    };
    let name = name_at(bytes, at.checked_add(LOCAL_LENGTH)?, length)?;
    let start = at.checked_add(LOCAL_LENGTH)?.checked_add(length)?;
    let end = start.checked_add(size)?;
    Some(((name, bytes.get(start..end)?.to_vec()), end))
}

fn name_at(bytes: &[u8], at: usize, length: usize) -> Option<String> {
    let name = bytes.get(at..at.checked_add(length)?)?;
    let is_plain = length <= LONGEST && name.iter().all(u8::is_ascii_graphic);
    is_plain.then(|| String::from_utf8_lossy(name).into_owned())
}

/// A number of so many bytes, the lowest first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn index(number: u64) -> Option<usize> {
    usize::try_from(number).ok()
}
