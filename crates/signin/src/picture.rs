//! Addresses as pictures that a camera reads.

use qrcode::{EcLevel, QrCode, render::svg};

/// An address as a picture (QR code, SVG) that stands in a page; nothing when it is too long, and then it is typed or followed.
pub fn code_picture(address: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(address, EcLevel::M) else {
        return String::new();
    };
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    drawn.find("<svg").and_then(|at| drawn.get(at..)).unwrap_or_default().to_owned()
}
