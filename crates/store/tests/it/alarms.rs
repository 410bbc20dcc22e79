//! Alarms.

use muster_store::{Alarm, AlarmId, AlarmKind, AlarmStatus};

use crate::support::*;

on_both! {
    async fn an_alarm_about_the_same_trouble_is_counted_until_it_is_cleared(store) {
        assert_eq!(write_to!(store, |tx| tx.raise_alarms(&[alarm(1)])), [true]);
        assert!(write_to!(store, |tx| tx.acknowledge_alarm(AlarmId(1), "ada", at(5), "known")));
        assert_eq!(write_to!(store, |tx| tx.raise_alarms(&[alarm(2)])), [false]);
        let open = read_from!(store, |tx| tx.alarms(AlarmStatus::Open, None, 9));
        let expected = Alarm {
            n: 2, last_at: at(2), decided_by: Some(text("ada")), decided_at: Some(at(5)),
            remark: text("known"), ..alarm(1)
        };
        assert_eq!(open, [expected]);
        assert_eq!(write_to!(store, |tx| tx.clear_alarms(AlarmKind::Quarantine, &texts(&["a"]), at(9))), 0);
        assert_eq!(write_to!(store, |tx| tx.clear_alarms(AlarmKind::NotDone, &texts(&["a"]), at(9))), 1);
        assert!(!write_to!(store, |tx| tx.acknowledge_alarm(AlarmId(1), "ada", at(9), "")));
        assert_eq!(write_to!(store, |tx| tx.raise_alarms(&[alarm(3)])), [true]);
        assert_eq!(read_from!(store, |tx| tx.alarms(AlarmStatus::Open, None, 9)), [alarm(3)]);
        assert_eq!(read_from!(store, |tx| tx.alarm(AlarmId(1))).unwrap().status, AlarmStatus::Cleared);
    }
}
