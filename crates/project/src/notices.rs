//! What people are told: from `notices:` to its terms.

use jiff::SignedDuration;
use muster_policy::Notices;

use crate::{duration::parse_duration, yaml::Node};

/// Builds what is said of what people are told.
pub(crate) fn notices(node: Option<&Node>) -> Notices {
    let usual = Notices::default();
    let Some(node) = node else { return usual };
    let link = node.get_text("link").and_then(|text| parse_duration(text));
    let limit = node.get_text("links_decide_below").and_then(|text| text.parse().ok());
    Notices {
        link: link.unwrap_or(usual.link).clamp(SignedDuration::from_mins(10), usual.link * 4),
        links_decide_below: limit,
    }
}
