//! Journal entries as events of the Open Cybersecurity Schema (OCSF 1.3).
//!
//! The class comes from what the action is about, the activity from what is done; the tables are below, and what they do not
//! know is an API activity of kind *other*, never left out. `metadata.sequence` is the place in the journal: a gap in it is
//! a lost event, the same number again the same event.

use muster_store::{Entry, JournalEntry};
use serde_json::{Value as Json, json};

/// What an action is about (before its dot), and the class: number and name. The category is the class's first digit.
const CLASSES: &[(&str, i64, &str)] = &[
    ("account", 3001, "Account Change"),
    ("assignment", 3005, "User Access Management"),
    ("client", 3001, "Account Change"),
    ("entity", 3004, "Entity Management"),
    ("identity", 3004, "Entity Management"),
    ("key", 3004, "Entity Management"),
    ("operations", 3001, "Account Change"),
    ("orphan", 3001, "Account Change"),
    ("pass", 3001, "Account Change"),
    ("person", 3004, "Entity Management"),
    ("plan", 3005, "User Access Management"),
    ("revision", 3004, "Entity Management"),
    ("token", 3001, "Account Change"),
    ("alarm", 2004, "Detection Finding"),
    ("drift", 2004, "Detection Finding"),
];

/// Everything else.
const OTHER_CLASS: (i64, &str) = (6003, "API Activity");

/// *Other* in every class.
const OTHER: i64 = 99;

/// What is done (after the dot), and the activity in the class.
fn activity(class: i64, verb: &str) -> i64 {
    let is = |words: &[&str]| words.contains(&verb);
    match class {
        // Create, Enable, Disable, Delete.
        3001 if is(&["create", "found", "make"]) => 1,
        3001 if is(&["revoke", "end", "gone", "delete"]) => 6,
        // Create, Update, Delete.
        3004 if is(&["create", "init", "publish"]) => 1,
        3004 if is(&["update", "rotate", "merge", "split"]) => 3,
        3004 if is(&["anonymise", "absent"]) => 4,
        // Assign, Revoke Privileges.
        3005 if is(&["create", "apply", "restore", "deduce"]) => 1,
        3005 if is(&["end"]) => 2,
        // Create, Update, Close.
        2004 if is(&["raise", "found"]) => 1,
        2004 if is(&["acknowledge", "accept", "adopt", "decline"]) => 2,
        2004 if is(&["clear", "revert"]) => 3,
        _ => OTHER,
    }
}

/// The entry as an event.
pub fn ocsf_event(entry: &JournalEntry) -> Json {
    let JournalEntry { seq, entry, seal: _, prev_hash: _, hash } = entry;
    let Entry { at, actor, on_behalf_of, action, subject, detail, correlation } = entry;
    let (about, verb) = action.split_once('.').unwrap_or((action, ""));
    let known = CLASSES.iter().find(|(name, ..)| *name == about);
    let (class, class_name) = known.map_or(OTHER_CLASS, |(_, class, name)| (*class, *name));
    let activity = activity(class, verb);
    let detail: Json = serde_json::from_str(detail).unwrap_or_else(|_| Json::from(&**detail));
    json!({
        "activity_id": activity, "activity_name": verb, "category_uid": class / 1000, "class_uid": class,
        "class_name": class_name, "type_uid": class * 100 + activity, "time": at.as_millisecond(),
        "severity_id": if class == 2004 { 3 } else { 1 }, "status_id": 1, "message": format!("{action} {subject}"),
        "actor": { "user": { "name": &**actor } },
        "metadata": {
            "version": "1.3.0", "product": { "name": "Muster", "vendor_name": "Muster" }, "sequence": seq,
            "uid": muster_store::hex(hash), "correlation_uid": correlation.as_deref(), "event_code": &**action,
        },
        "unmapped": { "subject": &**subject, "on_behalf_of": on_behalf_of.as_deref(), "detail": detail },
    })
}

#[cfg(test)]
mod tests {
    use muster_store::Seal;

    use super::*;

    fn event(action: &str) -> Json {
        let entry = Entry {
            at: jiff::Timestamp::from_second(1_767_225_600).unwrap(),
            actor: "ada".into(),
            on_behalf_of: None,
            action: action.into(),
            subject: "person E1".into(),
            detail: r#"{"role":"sales"}"#.into(),
            correlation: Some("c-1".into()),
        };
        let (seal, prev_hash, hash) = (Seal::Plain, [0; 32], [1; 32]);
        ocsf_event(&JournalEntry { seq: 7, entry, seal, prev_hash, hash })
    }

    #[test]
    fn each_action_has_its_class_and_activity_and_none_is_left_out() {
        let of = |action: &str| event(action)["type_uid"].as_i64().unwrap();
        assert_eq!(of("assignment.create"), 300_501);
        assert_eq!(of("assignment.end"), 300_502);
        assert_eq!(of("token.revoke"), 300_106);
        assert_eq!(of("alarm.raise"), 200_401);
        assert_eq!(of("key.rotate"), 300_403);
        assert_eq!(of("something.new"), 600_399);
        assert_eq!(of("nodot"), 600_399);
    }

    #[test]
    fn an_event_says_who_did_what_and_where_in_the_journal_it_stands() {
        let event = event("assignment.create");
        assert_eq!(event["time"], 1_767_225_600_000_i64);
        assert_eq!(event["actor"]["user"]["name"], "ada");
        assert_eq!(event["metadata"]["sequence"], 7);
        assert_eq!(event["metadata"]["correlation_uid"], "c-1");
        assert_eq!(event["unmapped"]["detail"]["role"], "sales");
        assert_eq!(event["category_uid"], 3);
    }

    #[test]
    fn classes_are_sorted_into_their_category_and_named_once() {
        let mut names: Vec<&str> = CLASSES.iter().map(|(name, ..)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CLASSES.len());
    }
}
