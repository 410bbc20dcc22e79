//! The one font of printed pages: Noto Sans, cut to Latin, Greek and Cyrillic letters and the signs around them.
//!
//! `font/OFL.txt` is its licence. A sign that it lacks is written by its number, so that nothing is left out unseen.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, sync::OnceLock};

use flate2::{Compression, write::ZlibEncoder};
use muster_app::Error;
use pdf_writer::{
    Filter, Finish as _, Name, Pdf, Rect, Ref, Str,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};

use crate::plain::seen;

const FILE: &[u8] = include_bytes!("../../font/NotoSans.ttf");
const NAME: Name<'static> = Name(b"NotoSans");
const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The font as it is read.
#[derive(Debug)]
pub(super) struct Font {
    /// Glyph and width, in thousandths of the size, by sign.
    glyphs: BTreeMap<char, (u16, f32)>,
    widths: Vec<f32>,
    bounds: [f32; 4],
    ascent: f32,
    descent: f32,
    /// The file as it lies in documents.
    packed: Vec<u8>,
}

/// The font.
pub(super) fn font() -> Result<&'static Font, Error> {
    static FONT: OnceLock<Option<Font>> = OnceLock::new();
    let font = FONT.get_or_init(Font::read).as_ref();
    font.ok_or_else(|| Error::bug("the font of printed pages cannot be read"))
}

/// A number of the font, in thousandths of the size.
fn scaled(value: i16, units: u16) -> f32 {
    f32::from(value) * 1000.0 / f32::from(units.max(1))
}

impl Font {
    fn read() -> Option<Self> {
        let face = ttf_parser::Face::parse(FILE, 0).ok()?;
        let units = face.units_per_em();
        let width = |glyph: u16| {
            let advance = face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0);
            f32::from(advance) * 1000.0 / f32::from(units.max(1))
        };
        let mut glyphs = BTreeMap::new();
        for table in
            face.tables().cmap?.subtables.into_iter().filter(ttf_parser::cmap::Subtable::is_unicode)
        {
            table.codepoints(|code| {
                let sign = char::from_u32(code);
                let found = sign.and_then(|sign| Some((sign, face.glyph_index(sign)?.0)));
                glyphs.extend(found.map(|(sign, glyph)| (sign, (glyph, width(glyph)))));
            });
        }
        let bounds = face.global_bounding_box();
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        packer.write_all(FILE).ok()?;
        Some(Self {
            glyphs,
            widths: (0..face.number_of_glyphs()).map(width).collect(),
            bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max]
                .map(|value| scaled(value, units)),
            ascent: scaled(face.ascender(), units),
            descent: scaled(face.descender(), units),
            packed: packer.finish().ok()?,
        })
    }

    /// A text of which every sign is in the font.
    pub(super) fn printable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for sign in seen(text).chars() {
            match sign {
                '\n' | '\t' => out.push(' '),
                _ if self.glyphs.contains_key(&sign) => out.push(sign),
                // Writing into a String cannot fail.
                _ => _ = write!(out, "[U+{:04X}]", u32::from(sign)),
            }
        }
        out
    }

    /// How wide a printable sign is at a size.
    pub(super) fn width_of(&self, sign: char, size: f32) -> f32 {
        self.glyphs.get(&sign).map_or(0.0, |(_, width)| width * size / 1000.0)
    }

    /// How wide a printable text is at a size.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|sign| self.width_of(sign, size)).sum()
    }

    /// A printable text as the numbers of its glyphs.
    pub(super) fn encoded(&self, text: &str) -> Vec<u8> {
        let glyphs = text.chars().filter_map(|sign| self.glyphs.get(&sign));
        glyphs.flat_map(|(glyph, _)| glyph.to_be_bytes()).collect()
    }

    /// Puts the font into a document, under the first of these numbers.
    pub(super) fn embed(&self, pdf: &mut Pdf, [font, cid, descriptor, to_unicode, file]: [Ref; 5]) {
        pdf.type0_font(font)
            .base_font(NAME)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(to_unicode);
        let mut of = pdf.cid_font(cid);
        of.subtype(CidFontType::Type2).base_font(NAME).system_info(SYSTEM);
        of.font_descriptor(descriptor).default_width(0.0);
        of.cid_to_gid_map_predefined(Name(b"Identity"));
        of.widths().consecutive(0, self.widths.iter().copied());
        of.finish();
        let [left, bottom, right, top] = self.bounds;
        pdf.font_descriptor(descriptor)
            .name(NAME)
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(Rect::new(left, bottom, right, top))
            .italic_angle(0.0)
            .ascent(self.ascent)
            .descent(self.descent)
            .cap_height(self.ascent)
            .stem_v(80.0)
            .font_file2(file);
        let mut signs = UnicodeCmap::new(Name(b"Signs"), SYSTEM);
        for (sign, (glyph, _)) in &self.glyphs {
            signs.pair(*glyph, *sign);
        }
        pdf.cmap(to_unicode, &signs.finish());
        pdf.stream(file, &self.packed).filter(Filter::FlateDecode);
    }
}
