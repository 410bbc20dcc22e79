//! What people are told by mail, and what they can do with it (`notices:`).

use jiff::SignedDuration;

/// How people are told what waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notices {
    /// How long a link to decide with can be opened.
    pub link: SignedDuration,
    /// Below this risk of a role, from 1 to 100, the link alone decides; `None` where whoever opens it proves who they are.
    pub links_decide_below: Option<u8>,
}

impl Default for Notices {
    fn default() -> Self {
        Self { link: SignedDuration::from_hours(7 * 24), links_decide_below: None }
    }
}

impl Notices {
    /// Whether a link alone decides about a role of this risk. One whose risk nobody said may be any.
    pub fn link_is_enough(&self, risk: Option<u8>) -> bool {
        self.links_decide_below.zip(risk).is_some_and(|(limit, risk)| risk < limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_alone_decides_only_where_the_model_says_so() {
        let limit = |below| Notices { links_decide_below: below, ..Notices::default() };
        for risk in [None, Some(0), Some(100)] {
            assert!(!limit(None).link_is_enough(risk), "{risk:?}");
        }
        assert!(limit(Some(30)).link_is_enough(Some(29)));
        assert!(!limit(Some(30)).link_is_enough(Some(30)));
        assert!(!limit(Some(100)).link_is_enough(None));
    }
}
