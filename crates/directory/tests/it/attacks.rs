//! What must not be believed, waited for or told (attacks 27, 31 and 52).

use std::time::Duration;

use bytes::BytesMut;
use muster_directory::next_message;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::support::{BASE, Served};

/// What the server answers to bytes before it closes the connection; `None` when it keeps it.
async fn answered(served: &Served, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
    read.ok().map(|_| answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_ends_the_connection_with_a_notice() {
    let served = Served::start().await;
    let mut deep = vec![0x87, 1, b'a'];
    for _ in 0..1_500 {
        let length = u16::try_from(deep.len()).unwrap().to_be_bytes();
        deep.splice(0..0, [&[0xa2, 0x82][..], &length].concat());
    }
    let deep: Vec<u8> = deep.into_iter().take(4_000).collect();
    let length = u16::try_from(deep.len()).unwrap().to_be_bytes();
    let deep = [&[0x30, 0x82][..], &length, &deep].concat();
    for (what, bytes) in [
        ("another protocol", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("an indefinite length", vec![0x30, 0x80, 2, 1, 1, 0x42, 0, 0, 0]),
        ("a length beyond the limit", vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]),
        ("a length of nine bytes", vec![0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        ("deep nesting", deep),
        ("no number", vec![0x30, 5, 2, 1, 0, 0x42, 0]),
        ("an answer", vec![0x30, 12, 2, 1, 1, 0x65, 7, 10, 1, 0, 4, 0, 4, 0]),
    ] {
        let answer = answered(&served, &bytes).await.unwrap_or_else(|| panic!("{what}"));
        let notice = next_message(&mut BytesMut::from(&*answer), 4_096)
            .unwrap()
            .unwrap_or_else(|| panic!("{what}"));
        assert_eq!(notice.msgid, 0, "{what}");
    }
    assert_eq!(served.names("(uid=ada)").await, ["uid=ada"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_is_not_ours_gets_nothing() {
    let served = Served::start().await;
    // A search that has not begun cannot go on, whatever the cookie says.
    let told = served.ask(&["-E", "!pr=2/noprompt", "-E", "!1.2.3.4", "(uid=*)"]).await;
    assert_eq!(told.code, 12, "{told:?}");
    // The size 2 and the cookie `x`.
    let told = served.ask(&["-E", "1.2.840.113556.1.4.319=::MAYCAQIEAXg=", "(uid=*)"]).await;
    assert_eq!((told.code, told.output.contains("dn:")), (53, false), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_filter_no_order_and_no_comparison_tells_what_a_person_may_not_see() {
    let served = Served::start().await;
    let password = "correct horse battery staple";
    served.password("3", password).await;
    let eve = ["-D", "uid=eve,ou=people,dc=tern,dc=example", "-w", password];
    let bob = "uid=bob,ou=people,dc=tern,dc=example";
    let search = async |filter: &str, more: &[&str]| {
        let options = ["-LLL", "-o", "ldif-wrap=no", "-b", BASE];
        let arguments = [&eve[..], &options, more, &[filter, "1.1"]].concat();
        let told = served.tool("ldapsearch", &arguments).await;
        assert_eq!(told.code, 0, "{filter}: {told:?}");
        let entries = told.entries().unwrap();
        entries.iter().map(|entry| entry.dn.split(',').next().unwrap().to_owned()).collect()
    };
    let nobody: Vec<String> = Vec::new();
    for filter in [
        "(payGrade=5)",
        "(payGrade~=5)",
        "(mail=bob*)",
        "(sn=*hara*)",
        "(surname=o'hara, jr)",
        "(2.5.4.4=o'hara, jr)",
        "(&(uid=bob)(payGrade=*))",
        "(&(uid=bob)(!(payGrade=9)))",
        "(&(uid=bob)(!(mail=x)))",
        "(&(uid=bob)(payGrade>=1))",
        "(&(uid=bob)(payGrade<=9))",
        "(&(uid=bob)(payGrade:=5))",
        "(&(uid=bob)(!(|(payGrade=9)(cn=x))))",
        "(manager=uid=ada,ou=people,dc=tern,dc=example)",
        "(member=uid=bob,ou=people,dc=tern,dc=example)",
        "(memberUid=bob)",
        "(member:1.2.840.113556.1.4.1941:=uid=bob,ou=people,dc=tern,dc=example)",
        "(&(cn=sales)(member=*))",
        "(&(cn=sales)(!(member=uid=x,ou=people,dc=tern,dc=example)))",
    ] {
        let found: Vec<String> = search(filter, &[]).await;
        let others: Vec<String> = found.into_iter().filter(|name| name != "uid=eve").collect();
        assert_eq!(others, nobody, "{filter}");
    }
    // What may be seen finds them all the same, and eve finds herself by everything.
    for (filter, wanted) in [
        ("(&(cn=bob*)(|(payGrade=9)(uid=bob)))", "uid=bob"),
        ("(&(uid=eve)(payGrade=6))", "uid=eve"),
    ] {
        let found: Vec<String> = search(filter, &[]).await;
        assert_eq!(found, [wanted], "{filter}");
    }
    let [up, down] = ["sss=payGrade", "sss=-payGrade"];
    let (up, down): (Vec<String>, Vec<String>) = (
        search("(|(uid=ada)(uid=bob))", &["-E", up]).await,
        search("(|(uid=ada)(uid=bob))", &["-E", down]).await,
    );
    assert_eq!(up, down);
    for assertion in ["payGrade:5", "payGrade:6", "mail:bob@tern.example"] {
        let told = served.tool("ldapcompare", &[&eve[..], &[bob, assertion]].concat()).await;
        assert_eq!(told.code, 16, "{assertion}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_filters_and_names_is_data() {
    let served = Served::start().await;
    for filter in ["(uid=ada' OR '1'='1)", "(uid=\\2a)", "(uid=%)", "(cn=ada\\00)", "(uid=_da)"] {
        assert_eq!(served.names(filter).await, [""; 0], "{filter}");
    }
    for base in
        ["uid=ada\\2cou\\3dpeople,dc=tern,dc=example", "uid=ada' --,ou=people,dc=tern,dc=example"]
    {
        assert_eq!(served.ask(&["-b", base]).await.code, 32, "{base}");
    }
    assert_eq!(served.ask(&["-b", "uid=ada+cn=Ada,ou=people,dc=tern,dc=example"]).await.code, 34);
}
