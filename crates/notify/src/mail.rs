//! Mail through SMTP. Addresses and subjects with line ends are refused, so nothing can add a header.

use std::time::Duration;

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, SinglePart, header},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use muster_app::{DeliverError, Mail};
use muster_connector::{Secret, SecretRef, Secrets, SettingReader, settings_error};
use muster_model::{Settings, Text};

/// The most recipients of one mail.
const MOST_RECIPIENTS: usize = 100;

/// The server as its settings say.
struct Server {
    from: Mailbox,
    host: Text,
    port: u16,
    tls: Option<Encryption>,
    ca: Option<Text>,
    user: Option<Text>,
    password: Option<SecretRef>,
    timeout: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encryption {
    Upgrade,
    Always,
}

/// Sends one mail.
pub(crate) async fn send(
    settings: &Settings,
    secrets: &dyn Secrets,
    mail: &Mail,
) -> Result<(), DeliverError> {
    let server = read(settings)?;
    let message = message(&server, mail)?;
    let transport = transport(&server, secrets)?;
    match transport.send(message).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_permanent() => Err(DeliverError::for_good(format!(
            "the mail server {} refuses it: {}",
            server.host,
            code(&error)
        ))),
        Err(error) => Err(DeliverError::for_now(format!(
            "the mail server {} did not take it: {}",
            server.host,
            code(&error)
        ))),
    }
}

/// What the server said, as a number; its text may quote the mail.
fn code(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("status {code}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None if error.is_tls() => "no encryption can be agreed on".to_owned(),
        None if error.is_client() => "it cannot do what the settings want".to_owned(),
        None => "the connection failed".to_owned(),
    }
}

fn read(settings: &Settings) -> Result<Server, DeliverError> {
    let mut reader = SettingReader::new(settings);
    let from = reader.required("from").unwrap_or_default();
    let host = reader.required("host").unwrap_or_default();
    let tls = match reader.choice("tls", &["starttls", "always", "never"]) {
        None | Some(0) => Some(Encryption::Upgrade),
        Some(1) => Some(Encryption::Always),
        Some(_) => None,
    };
    let user = reader.text("user");
    let password = reader.secret("password");
    let usual = match tls {
        Some(Encryption::Always) => 465,
        _ if password.is_some() => 587,
        _ => 25,
    };
    let port = reader.number("port", 1..=65_535).and_then(|port| u16::try_from(port).ok());
    let timeout = reader.duration("timeout").unwrap_or(Duration::from_secs(30));
    let ca = reader.text("ca");
    let problems = reader.finish();
    if !problems.is_empty() {
        return Err(DeliverError::for_good(settings_error(&problems).to_string()));
    }
    let from = mailbox(&from)
        .ok_or_else(|| DeliverError::for_good("`from` of `mail` is not an address"))?;
    Ok(Server { from, host, port: port.unwrap_or(usual), tls, ca, user, password, timeout })
}

fn transport(
    server: &Server,
    secrets: &dyn Secrets,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, DeliverError> {
    let wrong = |problem: &str| DeliverError::for_good(format!("mail: {problem}"));
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&*server.host)
        .port(server.port)
        .timeout(Some(server.timeout));
    let tls = match server.tls {
        None => Tls::None,
        Some(encryption) => {
            let mut parameters = TlsParameters::builder(server.host.to_string());
            if let Some(ca) = &server.ca {
                let pem = secrets.file(ca).map_err(|_| wrong("the file `ca` cannot be read"))?;
                let certificate = Certificate::from_pem(pem.as_bytes())
                    .map_err(|_| wrong("the file `ca` holds no certificate"))?;
                parameters = parameters.add_root_certificate(certificate);
            }
            let parameters =
                parameters.build().map_err(|_| wrong("encryption cannot be set up"))?;
            match encryption {
                Encryption::Upgrade => Tls::Required(parameters),
                Encryption::Always => Tls::Wrapper(parameters),
            }
        }
    };
    builder = builder.tls(tls);
    if let (Some(user), Some(password)) = (&server.user, &server.password) {
        let password: Secret = password
            .resolve(secrets)
            .map_err(|error| DeliverError::for_good(format!("mail: {error}")))?;
        let credentials = Credentials::new(user.to_string(), password.reveal().to_owned());
        builder = builder.credentials(credentials);
    }
    Ok(builder.build())
}

fn message(server: &Server, mail: &Mail) -> Result<Message, DeliverError> {
    if mail.to.is_empty() || mail.to.len() > MOST_RECIPIENTS {
        let n = mail.to.len();
        return Err(DeliverError::for_good(format!("a mail goes to 1 to 100 addresses, not {n}")));
    }
    if mail.subject.chars().any(char::is_control) || mail.subject.len() > 900 {
        return Err(DeliverError::for_good("the subject has a line end in it or is too long"));
    }
    let domain = server.from.email.domain();
    let mut builder = Message::builder()
        .from(server.from.clone())
        .subject(mail.subject.clone())
        .message_id(Some(format!("<{}@{domain}>", mail.id)));
    for to in &mail.to {
        let to = mailbox(to).ok_or_else(|| {
            DeliverError::for_good("a recipient is not a mail address; nothing was sent")
        })?;
        builder = builder.to(to);
    }
    let built = match &mail.html {
        Some(html) => {
            builder.multipart(MultiPart::alternative_plain_html(mail.text.clone(), html.clone()))
        }
        None => builder.singlepart(
            SinglePart::builder().header(header::ContentType::TEXT_PLAIN).body(mail.text.clone()),
        ),
    };
    built.map_err(|_| DeliverError::for_good("the mail cannot be put together"))
}

/// One address, with or without a name before it. Anything that could be two, or a header, is none.
fn mailbox(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    if text.is_empty() || text.len() > 320 || text.chars().any(char::is_control) {
        return None;
    }
    match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => {
            let name = name.trim().trim_matches('"').trim().to_owned();
            let name = (!name.is_empty()).then_some(name);
            Some(Mailbox::new(name, address.parse::<Address>().ok()?))
        }
        None => Some(Mailbox::new(None, text.parse::<Address>().ok()?)),
    }
}
