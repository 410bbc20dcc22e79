//! The languages in which people are addressed.

/// A language in which people are addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// Every one, the usual one first.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag, as HTML has it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The one with this tag (RFC 5646), whatever the country: `de-AT` is German.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|known| known.tag().eq_ignore_ascii_case(language))
    }

    /// The one that the reader likes best, by the header `Accept-Language`; English when there is none of theirs.
    pub fn of_reader(accept_language: Option<&str>) -> Self {
        let liked = accept_language.unwrap_or_default().split(',').map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let language = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
            (language, weight.unwrap_or(1.0))
        });
        let mut best = (Self::English, 0.0);
        for (language, weight) in liked {
            if let Some(known) = Self::of_tag(language).filter(|_| weight > best.1) {
                best = (known, weight);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_is_spoken() {
        let language = |accept| Language::of_reader(accept).tag();
        assert_eq!(language(None), "en");
        assert_eq!(language(Some("de-AT, en;q=0.8")), "de");
        assert_eq!(language(Some("fr, en;q=0.5, de;q=0.7")), "de");
        assert_eq!(language(Some("en-GB,DE;q=0.9")), "en");
        assert_eq!(language(Some("de;q=0, ;;q=x,,")), "en");
    }
}
