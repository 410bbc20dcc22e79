//! What is refused before it is read, and that entries are written as the codec reads them.

use ldap3_proto::proto::{LdapOp, LdapPartialAttribute, LdapSearchResultEntry};

use super::*;

const MOST: usize = 4096;

#[test]
fn a_message_is_taken_when_all_of_it_is_there() {
    let mut out = BytesMut::new();
    push(&mut out, LdapMsg { msgid: 7, op: LdapOp::UnbindRequest, ctrl: Vec::new() });
    let whole = out.clone();
    for n in 0..whole.len() {
        let mut part = BytesMut::from(whole.get(..n).unwrap());
        assert_eq!(next_message(&mut part, MOST), Ok(None), "{n} bytes");
    }
    let mut twice = whole.clone();
    twice.extend_from_slice(&whole);
    assert_eq!(next_message(&mut twice, MOST).unwrap().unwrap().msgid, 7);
    assert_eq!(twice, whole);
}

#[test]
fn what_is_too_long_or_has_no_length_is_refused_before_it_is_there() {
    let refused = |bytes: &[u8]| next_message(&mut BytesMut::from(bytes), MOST).unwrap_err();
    assert_eq!(refused(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), Malformed::TooLong { most: MOST });
    assert_eq!(refused(&[0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 1]), Malformed::NoMessage);
    assert_eq!(refused(&[0x30, 0x80, 0x02, 0x01, 0x01, 0, 0]), Malformed::NoMessage);
    assert_eq!(refused(b"GET / HTTP/1.1\r\n"), Malformed::NoMessage);
    assert_eq!(refused(&[0x30, 0x03, 0x02, 0x01, 0x01]), Malformed::Unreadable);
}

#[test]
fn filters_that_are_nested_ten_thousand_deep_are_refused() {
    let mut bytes: Vec<u8> = vec![0x87, 0x01, b'a'];
    for _ in 0..10_000 {
        let mut out = BytesMut::new();
        header(&mut out, 0xa2, bytes.len());
        out.extend_from_slice(&bytes);
        bytes = out.to_vec();
    }
    let mut message = BytesMut::new();
    header(&mut message, SEQUENCE, bytes.len() + 3);
    message.extend_from_slice(&[0x02, 0x01, 0x01]);
    message.extend_from_slice(&bytes);
    assert_eq!(next_message(&mut message, 1 << 20), Err(Malformed::Unreadable));
}

#[test]
fn entries_are_read_as_they_were_written() {
    for (id, n_values, length) in [(1, 1, 3), (127, 2, 200), (128, 300, 9), (40_000, 3, 70_000)] {
        let value = Bytes::from(vec![b'x'; length]);
        let values = vec![value.clone(); n_values];
        let mut out = BytesMut::new();
        let attributes = [("cn", values.as_slice()), ("mail", &[])];
        push_entry(&mut out, id, "cn=ada,dc=tern", attributes.into_iter());
        let message = next_message(&mut out, usize::MAX).unwrap().unwrap();
        let attribute = |name: &str, vals| LdapPartialAttribute { atype: name.to_owned(), vals };
        let attributes =
            vec![attribute("cn", vec![value.to_vec(); n_values]), attribute("mail", Vec::new())];
        let entry = LdapSearchResultEntry { dn: "cn=ada,dc=tern".to_owned(), attributes };
        assert_eq!(message.msgid, id);
        assert_eq!(message.op, LdapOp::SearchResultEntry(entry));
        assert!(out.is_empty());
    }
}
