//! Signatures, addresses.

use crate::{sign::standard_signature, signature};

/// Cases 1, 2 and 6 of RFC 4231.
#[test]
fn signatures_are_hmac() {
    let cases: [(Vec<u8>, &[u8], &str); 3] = [
        (
            vec![0x0b; 20],
            b"Hi There",
            "sha256=b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?",
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ];
    for (secret, body, expected) in cases {
        assert_eq!(signature(&secret, body), expected);
    }
}

/// The example of the Standard Webhooks specification.
#[test]
fn an_event_is_signed_as_standard_webhooks_have_it() {
    let (secret, id) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek");
    let body = br#"{"test": 2432232314}"#;
    let signature = standard_signature(secret, id, 1_614_265_330, body).unwrap();
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    for wrong in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_%"] {
        assert_eq!(standard_signature(wrong, id, 0, body), None);
    }
}
