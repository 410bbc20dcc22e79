//! A certificate authority for people, made with `openssl`: certificates of any validity, and a list of those that were revoked.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::process::{find_program, run};

const CONFIG: &str = "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nserial=serial\ncrlnumber=crlnumber\nnew_certs_dir=.\n\
    certificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\npolicy=any\nunique_subject=no\ncrl_extensions=crl\n\
    [any]\ncommonName=supplied\n[crl]\nauthorityKeyIdentifier=keyid:always\n";

/// An authority that keeps its files in a folder of its own.
#[derive(Debug)]
pub struct ClientAuthority {
    folder: PathBuf,
    openssl: PathBuf,
}

impl ClientAuthority {
    /// A new one in `folder`, which is made; its list says that nothing was revoked.
    pub fn new(folder: &Path) -> Result<Self> {
        let openssl = find_program("openssl", &[], "openssl")?;
        fs::create_dir(folder)?;
        let made = Self { folder: folder.to_owned(), openssl };
        for (name, text) in
            [("ca.cnf", CONFIG), ("index.txt", ""), ("serial", "01\n"), ("crlnumber", "01\n")]
        {
            fs::write(folder.join(name), text)?;
        }
        made.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=people -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem",
        )?;
        made.list()?;
        Ok(made)
    }

    /// Its own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The list of what was revoked, which is right until 2045.
    pub fn revoked(&self) -> PathBuf {
        self.folder.join("revoked.pem")
    }

    /// Certificate and key of somebody with this common name and this alternative name, as `openssl` writes it: `email:a@b`. It is right
    /// from the beginning of the one year to that of the other.
    pub fn issue(
        &self,
        name: &str,
        other: &str,
        (from, to): (u16, u16),
    ) -> Result<(PathBuf, PathBuf)> {
        fs::write(
            self.folder.join("own.ext"),
            format!(
                "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\nsubjectAltName={other}\n"
            ),
        )?;
        self.openssl(&format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ))?;
        self.openssl(&format!(
            "ca -batch -notext -config ca.cnf -extfile own.ext -startdate {from}0101000000Z -enddate {to}0101000000Z -in {name}.csr -out {name}.pem"
        ))?;
        Ok((self.folder.join(format!("{name}.pem")), self.folder.join(format!("{name}.key"))))
    }

    /// Certificate and key with which a maker of authenticators attests those of one make, by its AAGUID without dashes.
    pub fn maker(&self, aaguid: &str) -> Result<(PathBuf, PathBuf)> {
        let subject = "[req]\nprompt=no\ndistinguished_name=maker\n[maker]\nC=DE\nO=Maker\n\
             OU=Authenticator Attestation\nCN=Maker\n";
        fs::write(self.folder.join("maker.cnf"), subject)?;
        let extensions = format!(
            "basicConstraints=CA:FALSE\n1.3.6.1.4.1.45724.1.1.4=ASN1:FORMAT:HEX,OCTETSTRING:{aaguid}\n"
        );
        fs::write(self.folder.join("maker.ext"), extensions)?;
        self.openssl(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config maker.cnf -keyout maker.key -out maker.csr",
        )?;
        self.openssl(
            "x509 -req -in maker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile maker.ext -out maker.pem",
        )?;
        Ok((self.folder.join("maker.pem"), self.folder.join("maker.key")))
    }

    /// Says in the list that somebody's certificate was revoked.
    pub fn revoke(&self, name: &str) -> Result<()> {
        self.openssl(&format!("ca -config ca.cnf -revoke {name}.pem"))?;
        self.list()
    }

    fn list(&self) -> Result<()> {
        self.openssl(
            "ca -config ca.cnf -gencrl -crl_lastupdate 20250101000000Z -crl_nextupdate 20450101000000Z -out new.pem",
        )?;
        Ok(fs::rename(self.folder.join("new.pem"), self.revoked())?)
    }

    fn openssl(&self, arguments: &str) -> Result<()> {
        let mut command = Command::new(&self.openssl);
        run(command.args(arguments.split(' ')).current_dir(&self.folder), "").map(drop)
    }
}
