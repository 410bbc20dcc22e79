//! Somebody of a connected organisation asks to come: from the page to being signed in, with a server that sends mail.

use std::{fs, process::Command};

use muster_testkit::{Browser as Chromium, SmtpServer, npm_file};

use crate::served::{Served, done, muster, wait};

const MODEL: &str = r#"muster: 1
url: https://muster.tern.example
mail: { from: "Muster <muster@tern.example>", host: 127.0.0.1, port: PORT, tls: never }
types:
  person:
    identity: true
    key: id
    display: name
    attributes:
      id: { type: string, unique: true }
      name: { type: string }
      mail: { type: string, unique: true }
    lifecycle: { active: { when: "true" } }
  visitor:
    identity: true
    key: mail
    display: name
    attributes:
      mail: { type: string, unique: true }
      name: { type: string }
      company: { type: string }
      host: { type: link, to: person }
      until: { type: datetime }
    local: { sponsor: host, until: until }
    lifecycle:
      gone: { when: "until != null && now >= until", fact: terminated }
      blocked: { when: "false", fact: suspended }
      active: { when: "true" }
    sign_in: { mail: mail }
roles:
  host: { for: person, when: "person.id == 'mia'" }
  portal: { for: visitor, description: "Orders & <invoices>", request: { approval: [], longest: 20d } }
  yard: { for: visitor, request: { approval: [], longest: 20d } }
guests:
  type: visitor
  mail: mail
  name: name
  organisation: company
  organisations:
    nordlys:
      title: Nordlys Shipping
      domains: [nordlys.example]
      except: [labs.nordlys.example]
      sponsors: host
      fallback: mia
      roles: [portal, yard]
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    reads: { person: { owns: { id: record.id, name: record.name, mail: record.mail } } }
"#;
const PEOPLE: &str = "id,name,mail\nmia,Mia Berg,mia@tern.example\n";
const PASSWORD: &str = "a lamp, a boat, and rain";
const FORM: [&str; 2] =
    ["Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: same-origin"];
/// What is wrong with a page for people who do not see it, or do not use a mouse.
const LOOK: &str = "const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)";

/// A server with its mail.
struct Company {
    smtp: SmtpServer,
    served: Served,
}

impl Company {
    fn start() -> Self {
        let smtp = SmtpServer::start().unwrap();
        let model = MODEL.replace("PORT", &smtp.port().to_string());
        let served = Served::start_of(&model, PEOPLE);
        done(muster(&served.dir()).args(["sync"]));
        Self { smtp, served }
    }

    /// The word after `before` in a mail to somebody that came or comes.
    fn mailed(&self, to: &str, before: &str) -> String {
        wait(&format!("no mail to {to} with `{before}`"), || {
            // Long lines are broken on their way.
            let mails = self.smtp.received().unwrap();
            let mails: Vec<String> = mails.iter().map(|mail| mail.replace("=\n", "")).collect();
            let mails = mails.iter().filter(|mail| mail.contains(&format!("To: {to}")));
            let mut found = mails.filter_map(|mail| mail.split_once(before));
            Some(found.next()?.1.split_whitespace().next()?.to_owned())
        })
    }

    fn post(&self, path: &str, form: &str) -> String {
        self.served.send("POST", path, &FORM, form)
    }

    fn muster(&self, arguments: &[&str]) -> Command {
        let mut command = muster(&self.served.dir());
        command.args(arguments);
        command
    }
}

/// Looks at a page as people look at it who do not see it, at night, and on a phone.
fn look(chromium: &Chromium, axe: &str, name: &str) {
    for scheme in ["light", "dark"] {
        chromium.prefer(scheme).unwrap();
        let found = chromium.run(&format!("{axe};{LOOK}")).unwrap();
        assert_eq!(found, serde_json::json!([]), "{name}, {scheme}");
    }
    chromium.be_wide(360).unwrap();
    let overflows = chromium.run("return document.documentElement.scrollWidth > 360").unwrap();
    assert_eq!(overflows, false, "{name} is wider than a phone");
    chromium.be_wide(1280).unwrap();
}

#[test]
fn somebody_asks_to_come_is_let_in_by_their_sponsor_and_signs_in_with_a_mailed_code() {
    let company = Company::start();
    let (url, chromium) = (&company.served.url, Chromium::start().unwrap());
    let axe = npm_file("axe-core/axe.min.js").unwrap();
    let kari = "kari@nordlys.example";
    chromium.open(&format!("{url}/signin/guest")).unwrap();
    chromium.click("a[href='/guest']").unwrap();
    chromium.wait_for("#mail").unwrap();
    look(&chromium, &axe, "address");
    chromium.fill("#mail", "Kari@Nordlys.example").unwrap();
    chromium.click("button").unwrap();
    chromium.wait_for_text("Nordlys Shipping").unwrap();
    chromium.wait_for_text("Orders & <invoices>").unwrap();
    look(&chromium, &axe, "the rest");
    assert_eq!(chromium.run("return document.scripts.length").unwrap(), 0);
    chromium.fill("#name", "Kari Nord").unwrap();
    chromium.fill("#reason", "the new route").unwrap();
    chromium.click("input[value='portal']").unwrap();
    chromium.click("button").unwrap();
    chromium.wait_for("p[role='status']").unwrap();
    look(&chromium, &axe, "sent");
    let secret = company.mailed(kari, "https://muster.tern.example/guest/");
    assert!(!done(&mut company.muster(&["guests", "list"])).contains("Kari"), "nobody is entered");
    chromium.open(&format!("{url}/guest/{secret}")).unwrap();
    chromium.click("form button").unwrap();
    chromium.wait_for_text("Somebody has to agree first").unwrap();
    // Her sponsor is asked, shows who he is, and agrees.
    let link = company.mailed("mia@tern.example", "https://muster.tern.example/decide/");
    done(company.muster(&["password", "set", "mia"]).stdin(line()));
    chromium.open(&format!("{url}/decide/{link}")).unwrap();
    chromium.wait_for_text("Kari Nord: portal").unwrap();
    chromium.click("a[href^='/signin']").unwrap();
    chromium.wait_for("#password").unwrap();
    chromium.fill("#name", "mia").unwrap();
    chromium.fill("#password", PASSWORD).unwrap();
    chromium.click("form[action='/signin'] button").unwrap();
    chromium.wait_for("form[action$='/approve']").unwrap();
    chromium.click("form[action$='/approve'] button").unwrap();
    chromium.wait_for_text("You have approved this.").unwrap();
    let said = company.served.log();
    assert!(said.contains("/decide/{secret}") && !said.contains(&link), "{said}");
    company.mailed(kari, "can sign in with your mail address at");
    chromium.open(&format!("{url}/signin/guest")).unwrap();
    chromium.fill("#name", kari).unwrap();
    chromium.click("button").unwrap();
    chromium.wait_for("#code").unwrap();
    chromium.fill("#code", &company.mailed(kari, "this is the code:")).unwrap();
    chromium.click("button").unwrap();
    chromium.wait_for_text("Kari Nord").unwrap();
    // Operators give her no password either.
    for arguments in [&["password", "set", kari][..], &["pass", "create", kari]] {
        let refused = company.muster(arguments).stdin(line()).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("guests have no password"), "{arguments:?}: {said}");
    }
}

/// A line on standard input.
fn line() -> std::process::Stdio {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("{PASSWORD}\n")).unwrap();
    fs::File::open(file.path()).unwrap().into()
}

/// What is answered, without what differs each time.
fn answer(text: &str) -> String {
    let lines = text.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        !["date", "x-request-id", "request-id"].contains(&&*name)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn asking_tells_nothing_about_who_is_here_and_writes_nothing_for_other_domains() {
    let company = Company::start();
    done(&mut company.muster(&[
        "guests",
        "invite",
        "olav@nordlys.example",
        "--name",
        "Olav",
        "--role",
        "portal",
        "--reason",
        "x",
        "--as",
        "mia",
    ]));
    let ask = |mail: &str| {
        let form = format!("mail={mail}&name=A&reason=B&role=portal&sponsor=mia");
        answer(&company.post("/guest/ask", &form))
    };
    let unknown = ask("new%40nordlys.example");
    assert!(unknown.contains("303 See Other") && unknown.contains("/guest/sent"), "{unknown}");
    assert_eq!(ask("olav%40nordlys.example"), unknown, "somebody who is here");
    assert_eq!(ask("new%40nordlys.example"), unknown, "a second time");
    let no_domain = |mail: &str, path: &str| {
        let text = answer(&company.post(path, &format!("mail={mail}&name=A&reason=B&role=portal")));
        assert!(text.starts_with("HTTP/1.1 422"), "{text}");
        text.replace(mail, "").replace(&mail.replace("%40", "@"), "")
    };
    for path in ["/guest", "/guest/ask"] {
        let blocked = no_domain("kari%40labs.nordlys.example", path);
        let elsewhere = no_domain("kari%40elsewhere.example", path);
        let words = "Nobody can come as a guest with an address of this domain.";
        assert!(blocked.contains(words) && elsewhere.contains(words), "{blocked}");
    }
    let store = rusqlite::Connection::open(company.served.dir().join("muster.db")).unwrap();
    let count = "SELECT count(*) FROM guest_application WHERE mail NOT LIKE '%@nordlys.example'";
    let n: i64 = store.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(n, 0);
    let all = "SELECT count(*) FROM guest_application";
    let n: i64 = store.query_row(all, [], |row| row.get(0)).unwrap();
    assert_eq!(n, 2);
    // A role that is not offered, and nothing said.
    for form in ["&name=A&reason=B&role=host", "&name=A&role=portal", "&reason=B&role=portal"] {
        let text = company.post("/guest/ask", &format!("mail=a%40nordlys.example{form}"));
        assert!(text.contains("HTTP/1.1 422") && text.contains("choose at least one"), "{text}");
    }
    let foreign = ["Content-Type: application/x-www-form-urlencoded", "Sec-Fetch-Site: cross-site"];
    for path in ["/guest", "/guest/ask"] {
        let text = company.served.send("POST", path, &foreign, "mail=a%40nordlys.example");
        assert!(text.starts_with("HTTP/1.1 403"), "{text}");
    }
    let german = company.served.get("/guest", &["Accept-Language: de"]);
    assert!(german.contains("Als Gast anfragen"), "{german}");
}

/// A mail server that takes connections and never says a word.
fn silent_server() -> (std::net::TcpListener, u16) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn a_mail_server_that_hangs_holds_up_nothing_but_mail() {
    let (listener, port) = silent_server();
    let model = MODEL
        .replace("port: PORT", &format!("port: {port}, timeout: 90s"))
        .replace("mail: { type: string, unique: true }\n    lifecycle: { active", "mail: { type: string, unique: true }\n      manager: { type: link, to: person }\n    lifecycle: { active")
        .replace("roles:\n", "roles:\n  vpn: { for: person, request: { approval: [manager], timeout: 4s } }\n")
        .replace("mail: record.mail }", "mail: record.mail, manager: record.manager }");
    let people = "id,name,mail,manager\nmia,Mia,mia@tern.example,\nada,Ada,ada@tern.example,mia\n";
    let served = Served::start_of(&model, people);
    done(muster(&served.dir()).args(["sync"]));
    let ask = ["requests", "create", "vpn", "--as", "ada", "--reason", "x"];
    done(muster(&served.dir()).args(ask));
    // Mia is being told, and will be for long.
    let (connection, _) = listener.accept().unwrap();
    wait("the request is not over in its time", || {
        let mut see = muster(&served.dir());
        let said = done(see.args(["requests", "show", "1", "--as", "ada"]));
        said.contains("waited for too long")
            .then_some(())
            .or_else(|| said.contains("expired").then_some(()))
    });
    drop(connection);
}
