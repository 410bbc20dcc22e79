//! Mail arrives as it was meant, and nothing can add a header or a recipient.

use muster_app::{Deliver as _, Mail};
use muster_model::Settings;
use muster_testkit::SmtpServer;

use crate::{delivery, settings};

fn server(smtp: &SmtpServer) -> Settings {
    let port = smtp.port().to_string();
    settings(&[
        ("from", "Muster <muster@tern.example>"),
        ("host", "127.0.0.1"),
        ("port", &port),
        ("tls", "never"),
        ("timeout", "5s"),
    ])
}

fn mail(to: &[&str], subject: &str, text: &str) -> Mail {
    Mail {
        to: to.iter().map(|to| (*to).into()).collect(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: None,
        id: "17.1.abc".to_owned(),
    }
}

#[tokio::test]
async fn text_and_html_arrive_with_sender_recipients_and_id() {
    let smtp = SmtpServer::start().unwrap();
    let delivery = delivery(std::path::Path::new("."));
    let mut welcome =
        mail(&["Ada Lovelace <ada@tern.example>", "bob@tern.example"], "Grüße", "Hello Ada");
    welcome.html = Some("<p>Hello Ada</p>".to_owned());
    delivery.mail(&server(&smtp), &welcome).await.unwrap();
    let mails = smtp.received().unwrap();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let received = &mails[0];
    for part in [
        "From: Muster <muster@tern.example>\n",
        "Ada Lovelace",
        "ada@tern.example",
        "bob@tern.example",
        "Message-ID: <17.1.abc@tern.example>\n",
        "Subject: =?utf-8?b?",
        "multipart/alternative",
        "Hello Ada",
        "<p>Hello Ada</p>",
    ] {
        assert!(received.contains(part), "{part}: {received}");
    }
}

#[tokio::test]
async fn mail_goes_out_encrypted_and_never_to_a_stranger() {
    let smtp = SmtpServer::start_tls().unwrap();
    let port = smtp.port().to_string();
    let ca = smtp.ca_file().unwrap().to_str().unwrap().to_owned();
    let delivery = delivery(std::path::Path::new("."));
    let common = [
        ("from", "muster@tern.example"),
        ("host", "localhost"),
        ("port", &*port),
        ("timeout", "5s"),
    ];
    let hello = mail(&["ada@tern.example"], "Hello", "Hello");
    let distrusted = delivery.mail(&settings(&common), &hello).await.unwrap_err();
    assert!(distrusted.problem.contains("mail server localhost"), "{distrusted}");
    assert_eq!(smtp.received().unwrap(), [""; 0]);
    let trusted = [common.as_slice(), &[("ca", &*ca)]].concat();
    delivery.mail(&settings(&trusted), &hello).await.unwrap();
    assert_eq!(smtp.received().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_can_add_a_header_or_a_recipient() {
    let smtp = SmtpServer::start().unwrap();
    let (server, delivery) = (server(&smtp), delivery(std::path::Path::new(".")));
    for mail in [
        mail(&["ada@tern.example\r\nBcc: eve@evil.example"], "Hello", ""),
        mail(&["ada@tern.example, eve@evil.example"], "Hello", ""),
        mail(&["ada@tern.example\n"], "Hello\r\nBcc: eve@evil.example", ""),
        mail(&["ada@tern.example"], "Hello\nX: y", ""),
        mail(&["ada@tern.example"], "Hello\u{0}", ""),
        mail(&["\"x\r\nBcc: eve@evil.example\" <ada@tern.example>"], "Hello", ""),
        mail(&["ada"], "Hello", ""),
        mail(&["<>"], "Hello", ""),
        mail(&[], "Hello", ""),
    ] {
        let refused = delivery.mail(&server, &mail).await.unwrap_err();
        assert!(!refused.later && !refused.problem.contains("eve"), "{refused}");
    }
    assert_eq!(smtp.received().unwrap(), [""; 0]);
    // A name may hold what looks like mail syntax; it stays a name.
    let odd =
        mail(&["Eve, <eve@evil.example>; Ada <ada@tern.example>"], "Hello", ".\r\nQUIT\r\n.\r\n");
    delivery.mail(&server, &odd).await.unwrap();
    let mails = smtp.received().unwrap();
    assert!(mails[0].contains("X-RcptTo: ada@tern.example\n"), "{}", mails[0]);
    assert!(mails[0].contains("QUIT"), "a line with one dot ends nothing: {}", mails[0]);
}

#[tokio::test]
async fn a_server_that_is_away_is_worth_another_try() {
    let mut smtp = SmtpServer::start().unwrap();
    let server = server(&smtp);
    smtp.kill().unwrap();
    let failed = delivery(std::path::Path::new("."))
        .mail(&server, &mail(&["ada@tern.example"], "canary", "canary"))
        .await
        .unwrap_err();
    assert!(failed.later && !failed.problem.contains("canary"), "{failed}");
}
