//! A certificate authority and a server certificate for `localhost` and `127.0.0.1`, made with `openssl`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::process::{find_program, run};

/// Where the files are.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority.
    pub ca: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Makes a fresh set in `folder`.
pub fn make_certificates(folder: &Path) -> Result<Certificates> {
    make_certificates_for(folder, "DNS:localhost,IP:127.0.0.1")
}

/// Makes a fresh set in `folder` for these names, as `openssl` writes them: `DNS:localhost,IP:127.0.0.1`.
pub(crate) fn make_certificates_for(folder: &Path, names: &str) -> Result<Certificates> {
    let openssl = find_program("openssl", &[], "openssl")?;
    fs::write(
        folder.join("leaf.ext"),
        format!("basicConstraints=CA:FALSE\nsubjectAltName={names}\nextendedKeyUsage=serverAuth\n"),
    )?;
    let step = |arguments: &str| -> Result<()> {
        run(Command::new(&openssl).args(arguments.split(' ')).current_dir(folder), "").map(drop)
    };
    step(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=testkit-ca -keyout ca.key -out ca.pem",
    )?;
    step(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
    )?;
    step(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out server.pem",
    )?;
    Ok(Certificates {
        ca: folder.join("ca.pem"),
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
    })
}

/// Makes `client.pem` and `client.key` for a client of this name, signed by the authority that is in `folder` already.
pub(crate) fn make_client_certificate(folder: &Path, name: &str) -> Result<()> {
    let openssl = find_program("openssl", &[], "openssl")?;
    fs::write(
        folder.join("client.ext"),
        "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n",
    )?;
    for arguments in [
        format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={name} -keyout client.key -out client.csr"
        ),
        "x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile client.ext -out client.pem"
            .to_owned(),
    ] {
        run(Command::new(&openssl).args(arguments.split(' ')).current_dir(folder), "")?;
    }
    Ok(())
}
