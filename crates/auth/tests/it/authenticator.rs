//! An authenticator that does what it is told, also what none should.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HOLDS_KEY: u8 = 0x40;
/// ECDSA over P-256 with SHA-256.
pub(crate) const ES256: i8 = -7;
/// Ed25519, which we do not ask for.
pub(crate) const EDDSA: i8 = -8;

/// An authenticator with one passkey, and the browser it is used with.
pub(crate) struct SoftAuthenticator {
    key: EcdsaKeyPair,
    pub(crate) credential: Vec<u8>,
    /// Whom it says the passkey is of; learned when that is made.
    pub(crate) handle: Vec<u8>,
    pub(crate) counter: u32,
    pub(crate) checks_owner: bool,
    pub(crate) algorithm: i8,
    pub(crate) site: &'static str,
    pub(crate) origin: &'static str,
    pub(crate) is_in_another_site: bool,
    /// What proves its make.
    pub(crate) maker: Option<Maker>,
}

/// With what the maker of an authenticator attests it.
pub(crate) struct Maker {
    key: EcdsaKeyPair,
    certificate: Vec<u8>,
    pub(crate) aaguid: [u8; 16],
}

impl Maker {
    /// By certificate and key in PEM.
    pub(crate) fn new(certificate: &str, key: &str, aaguid: [u8; 16]) -> Self {
        let der = |pem: &str| {
            let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            STANDARD.decode(lines).unwrap()
        };
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der(key)).unwrap();
        Self { key, certificate: der(certificate), aaguid }
    }

    /// The statement about what was signed, in CBOR.
    fn statement(&self, signed: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(&SystemRandom::new(), signed).unwrap();
        let mut statement = b"\x66packed\x67attStmt\xa3\x63alg\x26\x63sig\x58".to_vec();
        statement.push(u8::try_from(signature.as_ref().len()).unwrap());
        statement.extend(signature.as_ref());
        statement.extend(b"\x63x5c\x81\x59");
        statement.extend(u16::try_from(self.certificate.len()).unwrap().to_be_bytes());
        statement.extend(&self.certificate);
        statement
    }
}

impl SoftAuthenticator {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            credential: vec![number; 32],
            handle: Vec::new(),
            counter: 0,
            checks_owner: true,
            algorithm: ES256,
            site: "muster.example",
            origin: "https://muster.example",
            is_in_another_site: false,
            maker: None,
        }
    }

    /// Makes the passkey.
    pub(crate) fn create(&mut self, options: &str) -> String {
        let options = options_of(options);
        self.handle = URL_SAFE_NO_PAD.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let mut data = self.data(HOLDS_KEY);
        data.extend(self.maker.as_ref().map_or([0; 16], |maker| maker.aaguid));
        data.extend([0, 32]);
        data.extend(&self.credential);
        data.extend([0xa5, 0x01, 0x02, 0x03, self.algorithm.to_ne_bytes()[0] ^ 0xff | 0x20]);
        data.extend([0x20, 0x01, 0x21, 0x58, 0x20]);
        let point = self.key.public_key().as_ref();
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..]);
        let page = self.page("webauthn.create", &options);
        let signed = [&data, digest(&SHA256, &page).as_ref()].concat();
        let nothing = || b"\x64none\x67attStmt\xa0".to_vec();
        let mut object = b"\xa3\x63fmt".to_vec();
        object.extend(self.maker.as_ref().map_or_else(nothing, |maker| maker.statement(&signed)));
        object.extend(b"\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        self.answer(&json!({
            "clientDataJSON": coded(&page),
            "attestationObject": coded(&object),
        }))
    }

    /// Signs in with the passkey.
    pub(crate) fn sign(&mut self, options: &str) -> String {
        let options = options_of(options);
        let (page, data) = (self.page("webauthn.get", &options), self.data(0));
        let mut signed = data.clone();
        signed.extend(digest(&SHA256, &page).as_ref());
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.answer(&json!({
            "clientDataJSON": coded(&page),
            "authenticatorData": coded(&data),
            "signature": coded(signature.as_ref()),
            "userHandle": coded(&self.handle),
        }))
    }

    fn answer(&self, response: &Value) -> String {
        let id = coded(&self.credential);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let verified = if self.checks_owner { VERIFIED } else { 0 };
        let mut data = digest(&SHA256, self.site.as_bytes()).as_ref().to_vec();
        data.push(PRESENT | verified | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn page(&self, what: &str, options: &Value) -> Vec<u8> {
        let (challenge, origin) = (&options["challenge"], self.origin);
        let other = self.is_in_another_site;
        json!({ "type": what, "challenge": challenge, "origin": origin, "crossOrigin": other })
            .to_string()
            .into_bytes()
    }
}

fn options_of(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["publicKey"].take()
}

fn coded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
