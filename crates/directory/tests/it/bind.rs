//! People sign in with their passwords: themselves, and by programs that ask the directory.

use std::net::IpAddr;

use bytes::BytesMut;
use ldap3_lber::write::encode_into;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapFilter, LdapMsg, LdapOp, LdapResultCode, LdapSearchRequest,
    LdapSearchScope,
};
use muster_auth::{Attempt, Door, Refused, Secret};
use muster_directory::next_message;
use muster_testkit::{Apache, SecureDatabase, take_alike};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{BASE, Served, values};

const ADA: &str = "uid=ada,ou=people,dc=tern,dc=example";
const BOB: &str = "uid=bob,ou=people,dc=tern,dc=example";
const PASSWORD: &str = "correct horse battery staple";
const OTHER: &str = "tiny purple hedgehog parade";

/// A connection that stays.
struct Client {
    stream: TcpStream,
    input: BytesMut,
}

impl Client {
    async fn connect(served: &Served) -> Self {
        let stream = TcpStream::connect(served.address).await.unwrap();
        Self { stream, input: BytesMut::new() }
    }

    /// Sends an operation and answers what comes back, up to the result.
    async fn ask(&mut self, op: LdapOp) -> Vec<LdapOp> {
        let mut out = BytesMut::new();
        encode_into(&mut out, LdapMsg { msgid: 7, op, ctrl: Vec::new() }.into()).unwrap();
        self.stream.write_all(&out).await.unwrap();
        let mut answers = Vec::new();
        loop {
            if let Some(message) = next_message(&mut self.input, 1 << 20).unwrap() {
                let is_entry = matches!(message.op, LdapOp::SearchResultEntry(_));
                answers.push(message.op);
                if !is_entry {
                    return answers;
                }
            } else {
                assert_ne!(self.stream.read_buf(&mut self.input).await.unwrap(), 0, "closed");
            }
        }
    }

    async fn bind(&mut self, dn: &str, password: &str) -> LdapResultCode {
        let cred = LdapBindCred::Simple(password.to_owned());
        let request = LdapBindRequest { version: 3, dn: dn.to_owned(), cred };
        match self.ask(LdapOp::BindRequest(request)).await.pop() {
            Some(LdapOp::BindResponse(response)) => response.res.code,
            other => panic!("{other:?}"),
        }
    }

    /// How many people are found, and how the search ends.
    async fn people(&mut self) -> (usize, LdapResultCode) {
        let request = LdapSearchRequest {
            base: BASE.to_owned(),
            scope: LdapSearchScope::Subtree,
            aliases: ldap3_proto::proto::LdapDerefAliases::Never,
            sizelimit: 0,
            timelimit: 0,
            typesonly: false,
            filter: LdapFilter::Present("uid".to_owned()),
            attrs: Vec::new(),
        };
        let mut answers = self.ask(LdapOp::SearchRequest(request)).await;
        match answers.pop() {
            Some(LdapOp::SearchResultDone(result)) => (answers.len(), result.code),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_and_see_themselves_and_what_everyone_sees() {
    let served = Served::start().await;
    served.password("1", PASSWORD).await;
    let ada = ["-D", ADA, "-w", PASSWORD];
    let who = served.tool("ldapwhoami", &ada).await;
    assert_eq!(who.output.trim(), format!("dn:{ADA}"));
    let search = async |filter: &str| {
        let options = ["-LLL", "-o", "ldif-wrap=no", "-b", BASE, filter];
        served.tool("ldapsearch", &[&ada[..], &options].concat()).await.entries().unwrap()
    };
    assert_eq!(values(&search("(uid=ada)").await, "payGrade"), ["7"]);
    let bob = search("(uid=bob)").await;
    assert_eq!(values(&bob, "cn"), ["Bob O'Hara, Jr"]);
    assert_eq!(bob[0].attributes.keys().collect::<Vec<_>>(), ["cn", "objectClass", "uid"]);
    assert_eq!(search("(payGrade=5)").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whose_sign_in_name_is_their_key_bind_by_their_entry() {
    let display = "    display: given + \" \" + family\n";
    let served = Served::changed(display, &format!("{display}    sign_in: {{ name: id }}\n")).await;
    served.password("1", PASSWORD).await;
    assert_eq!(served.tool("ldapwhoami", &["-D", ADA, "-w", PASSWORD]).await.code, 0);
    assert_eq!(served.tool("ldapwhoami", &["-D", ADA, "-w", "wrong"]).await.code, 49);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_may_not_sign_in_are_told_the_same() {
    let served = Served::start().await;
    for person in ["1", "4"] {
        served.password(person, PASSWORD).await;
    }
    let mut told = Vec::new();
    for (dn, password) in [
        (ADA, "wrong"),
        (BOB, PASSWORD),
        ("uid=zoe,ou=people,dc=tern,dc=example", PASSWORD),
        ("uid=nobody,ou=people,dc=tern,dc=example", PASSWORD),
        // This is how somebody signs in, but it is not what their entry is called.
        ("uid=ada@tern.example,ou=people,dc=tern,dc=example", PASSWORD),
        ("cn=sales,ou=groups,dc=tern,dc=example", PASSWORD),
    ] {
        told.push(served.tool("ldapwhoami", &["-D", dn, "-w", password]).await);
    }
    assert!(told.iter().all(|one| one.code == 49 && *one == told[0]), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_may_not_sign_in_cost_one_hash_and_the_same_questions_to_the_store_and_time() {
    let served = Served::changed(
        "directory:\n",
        "sign_in: { lockout: { tries: 100 }, throttle: { tries: 100000 } }\ndirectory:\n",
    )
    .await;
    for person in ["1", "4"] {
        served.password(person, PASSWORD).await;
    }
    let mut client = Client::connect(&served).await;
    assert_eq!(client.bind(ADA, PASSWORD).await, LdapResultCode::Success);
    let refused =
        ["ada", "bob", "zoe", "nobody"].map(|name| format!("uid={name},ou=people,{BASE}"));
    let auth = served.service.authenticator();
    let mut costs = Vec::new();
    for dn in &refused {
        // Now and then the index looks whether something changed.
        let mut least = u64::MAX;
        for _ in 0..5 {
            let before = (auth.n_hashes(), served.opened.store.n_statement_runs());
            assert_eq!(client.bind(dn, "wrong").await, LdapResultCode::InvalidCredentials);
            assert_eq!(auth.n_hashes() - before.0, 1, "{dn}");
            least = least.min(served.opened.store.n_statement_runs() - before.1);
        }
        costs.push(least);
    }
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    let alike = take_alike(refused.len(), async |kind| {
        client.bind(&refused[kind], "wrong").await;
    });
    assert!(alike.await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_counted_under_one_name_whatever_it_is_called_and_at_every_door() {
    let served = Served::start().await;
    served.password("1", PASSWORD).await;
    let mut client = Client::connect(&served).await;
    let mut last = LdapResultCode::InvalidCredentials;
    for dn in
        [ADA, "UID=ADA,ou=people,dc=tern,dc=example", "userid= ada ,OU=People,dc=tern,dc=example"]
            .iter()
            .cycle()
            .take(30)
    {
        last = client.bind(dn, "wrong").await;
    }
    assert_eq!(last, LdapResultCode::Busy);
    assert_eq!(client.bind(ADA, PASSWORD).await, LdapResultCode::Busy);
    let password = Secret::new(PASSWORD);
    let attempt = Attempt {
        door: Door::Web,
        name: "ada@tern.example",
        password: &password,
        network: IpAddr::from([127, 0, 0, 1]),
        device: "",
        browser: None,
        correlation: None,
        now: served.ctx.now(),
    };
    let refused = served.service.authenticator().password(&served.opened, attempt).await;
    assert!(matches!(refused, Err(Refused::Locked { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_loses_the_connection_that_is_open() {
    let served = Served::start().await;
    served.password("3", PASSWORD).await;
    let mut client = Client::connect(&served).await;
    let eve = "uid=eve,ou=people,dc=tern,dc=example";
    assert_eq!(client.bind(eve, PASSWORD).await, LdapResultCode::Success);
    assert_eq!(client.people().await, (3, LdapResultCode::Success));
    served.at("2026-12-01T00:00:00Z");
    assert_eq!(client.people().await, (0, LdapResultCode::InsufficentAccessRights));
    assert_eq!(client.bind(eve, PASSWORD).await, LdapResultCode::InvalidCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_change_their_own_password() {
    let served = Served::start().await;
    served.password("1", PASSWORD).await;
    let ada = ["-D", ADA, "-w", PASSWORD];
    let change = async |more: &[&str]| {
        let told = served.tool("ldappasswd", &[&ada[..], more].concat()).await;
        format!("{}{}", told.output, told.errors)
    };
    assert!(change(&["-s", OTHER]).await.contains("(53)"), "without the present one");
    assert!(change(&["-a", "wrong", "-s", OTHER]).await.contains("(49)"));
    assert!(change(&["-a", PASSWORD, "-s", OTHER, BOB]).await.contains("(53)"), "somebody else's");
    assert_eq!(change(&["-a", PASSWORD, "-s", OTHER]).await, "");
    assert_eq!(served.tool("ldapwhoami", &ada).await.code, 49);
    assert_eq!(served.tool("ldapwhoami", &["-D", ADA, "-w", OTHER]).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn apache_lets_in_who_is_in_the_group() {
    let served = Served::start().await;
    served.password("1", PASSWORD).await;
    served.password("3", PASSWORD).await;
    let rules = format!(
        "AuthLDAPURL \"ldap://{}/ou=people,dc=tern,dc=example?uid?sub\"\n\
         AuthLDAPBindDN \"cn=sssd,ou=clients,dc=tern,dc=example\"\nAuthLDAPBindPassword \"{}\"\n\
         Require ldap-group cn=sales,ou=groups,dc=tern,dc=example",
        served.address, served.token
    );
    let apache = tokio::task::spawn_blocking(move || Apache::start(&rules).unwrap()).await.unwrap();
    let apache = std::sync::Arc::new(apache);
    // `name:password` in Base64.
    for (credentials, status) in [
        ("YWRhOmNvcnJlY3QgaG9yc2UgYmF0dGVyeSBzdGFwbGU=", 200),
        ("YWRhOndyb25n", 401),
        // Eve is in no such group.
        ("ZXZlOmNvcnJlY3QgaG9yc2UgYmF0dGVyeSBzdGFwbGU=", 401),
        ("bm9ib2R5Ong=", 401),
    ] {
        let apache = std::sync::Arc::clone(&apache);
        let answered = tokio::task::spawn_blocking(move || apache.status(credentials).unwrap());
        assert_eq!(answered.await.unwrap(), status, "{credentials}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_lets_in_who_signs_in_at_the_directory() {
    let served = Served::start().await;
    served.password("1", PASSWORD).await;
    served.password("3", PASSWORD).await;
    let rules = format!(
        "hostssl all ada,eve 127.0.0.1/32 ldap ldapserver=127.0.0.1 ldapport={} \
         ldapbasedn=\"ou=people,dc=tern,dc=example\" ldapbinddn=\"cn=sssd,ou=clients,dc=tern,dc=example\" \
         ldapbindpasswd=\"{}\" ldapsearchattribute=uid",
        served.address.port(),
        served.token
    );
    let start = move || {
        let database = SecureDatabase::start_with(&rules).unwrap();
        database.add_user("ada").and_then(|()| database.add_user("eve")).unwrap();
        database
    };
    let database = std::sync::Arc::new(tokio::task::spawn_blocking(start).await.unwrap());
    let signs_in = async |user: &'static str, password: &'static str| {
        let database = std::sync::Arc::clone(&database);
        let asked = tokio::task::spawn_blocking(move || database.signs_in(user, password).unwrap());
        asked.await.unwrap()
    };
    assert!(signs_in("ada", PASSWORD).await);
    assert!(!signs_in("ada", "wrong").await);
    assert!(signs_in("eve", PASSWORD).await);
    served.at("2026-12-01T00:00:00Z");
    assert!(!signs_in("eve", PASSWORD).await, "who has left");
}
