//! Addresses as pictures that a camera reads (QR codes).

use qrcode::{
    EcLevel, QrCode,
    render::{svg, unicode::Dense1x2},
};

/// An address as a picture (SVG) that stands in a page; nothing when it is too long, and then it is typed or followed.
pub fn code_picture(address: &str) -> String {
    let drawn =
        code(address).map(|code| code.render::<svg::Color<'_>>().min_dimensions(240, 240).build());
    let drawn = drawn.as_deref().unwrap_or_default();
    drawn.find("<svg").and_then(|at| drawn.get(at..)).unwrap_or_default().to_owned()
}

/// The same in lines of half blocks for a terminal, to be shown black on white.
pub fn code_lines(address: &str) -> Vec<String> {
    let drawn = code(address).map(|code| code.render::<Dense1x2>().build()).unwrap_or_default();
    drawn.lines().map(str::to_owned).collect()
}

fn code(address: &str) -> Option<QrCode> {
    QrCode::with_error_correction_level(address, EcLevel::M).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_as_wide_as_they_are_high_and_have_a_margin() {
        let lines = code_lines("https://muster.example/decide/0123456789abcdef");
        let wide = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == wide));
        assert_eq!(wide.div_ceil(2), lines.len());
        // Four modules are left free around it, and a finder begins in the corner.
        assert!(lines[0].trim().is_empty() && lines[1].trim().is_empty());
        assert!(lines[2].starts_with("    █▀▀▀▀▀█ "), "{}", lines[2]);
        assert!(code_lines(&"x".repeat(10_000)).is_empty());
    }
}
