//! Chromium without a window, driven as a person would, with authenticators that are not there.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    process::{Launch, Server, find_program, on_free_port, pause},
    webdriver::Driver,
};

const PACKAGES: &str = "chromium chromium-driver";
/// How long it is waited for something to be on a page.
const PATIENCE: Duration = Duration::from_mins(1);
/// The member that names an element in the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with an empty profile. Elements are named by CSS selectors, and waited for.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
    // Dropped before the folder.
    _server: Server,
    _folder: TempDir,
}

/// An authenticator that a [`Browser`] believes to be built in, which keeps passkeys and checks its owner.
#[derive(Debug)]
pub struct Authenticator {
    id: String,
}

impl Browser {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let driver = find_program("chromedriver", &["/usr/bin/chromedriver"], PACKAGES)?;
        let chromium = find_program("chromium", &["/usr/bin/chromium"], PACKAGES)?;
        let folder = tempfile::Builder::new().prefix("muster-browser-").tempdir()?;
        let (server, port) = on_free_port(|port| {
            let command = vec![driver.clone().into(), format!("--port={port}").into()];
            let server = Server::start(&Launch { folder: folder.path(), end: "TERM", command })?;
            Ok((server.ready_when(|| Driver::at(port).is_ready())?, port))
        })?;
        let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
        // Containers have no place for its sandbox and little shared memory.
        // By the pipe it notices when its driver is gone.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--remote-debugging-pipe",
            &profile,
        ];
        let capabilities =
            json!({ "goog:chromeOptions": { "binary": chromium, "args": arguments } });
        let driver = Driver::at(port).begin(&capabilities)?;
        Ok(Self { driver, _server: server, _folder: folder })
    }

    /// Opens a page.
    pub fn open(&self, url: &str) -> Result<()> {
        self.driver.post("/url", &json!({ "url": url })).map(drop)
    }

    /// The address of the page.
    pub fn address(&self) -> Result<String> {
        let url = self.driver.get("/url")?;
        Ok(url.as_str().context("no address")?.to_owned())
    }

    /// Waits until something is to be seen.
    pub fn wait_for(&self, selector: &str) -> Result<()> {
        self.seen(selector).map(drop)
    }

    /// Waits until a page has this text.
    pub fn wait_for_text(&self, text: &str) -> Result<()> {
        let started = Instant::now();
        let script = format!("return document.body.innerText.includes({})", json!(text));
        // While one page follows the other there is none.
        while !self.run(&script).is_ok_and(|is_there| is_there == true) {
            if started.elapsed() > PATIENCE {
                let body = self.run("return document.body.innerText")?;
                bail!("there is no `{text}` at {}: {body}", self.address()?);
            }
            pause();
        }
        Ok(())
    }

    /// Whether something is to be seen now.
    pub fn sees(&self, selector: &str) -> Result<bool> {
        Ok(self.seen_now(selector)?.is_some())
    }

    /// The text of something.
    pub fn text(&self, selector: &str) -> Result<String> {
        let element = self.seen(selector)?;
        let text = self.driver.get(&format!("/element/{element}/text"))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Presses something.
    pub fn click(&self, selector: &str) -> Result<()> {
        let element = self.seen(selector)?;
        self.driver.post(&format!("/element/{element}/click"), &json!({})).map(drop)
    }

    /// Writes into a field.
    pub fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.seen(selector)?;
        self.driver.post(&format!("/element/{element}/value"), &json!({ "text": text })).map(drop)
    }

    /// Runs a script in the page and waits for what it returns or promises.
    pub fn run(&self, script: &str) -> Result<Value> {
        let script = format!("return (async () => {{ {script} }})()");
        self.driver.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Lets pages believe that the reader likes them `light` or `dark`.
    pub fn prefer(&self, scheme: &str) -> Result<()> {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        let command =
            json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": [feature] } });
        self.driver.post("/goog/cdp/execute", &command).map(drop)
    }

    /// Makes the window as wide as a screen of so many points.
    pub fn be_wide(&self, width: u32) -> Result<()> {
        let screen =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": screen });
        self.driver.post("/goog/cdp/execute", &command).map(drop)
    }

    /// Presses keys one after the other, whatever has the focus; `\u{e007}` is Enter.
    pub fn press(&self, keys: &str) -> Result<()> {
        let both = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() }))
        });
        let both: Vec<Value> = both.collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": both });
        self.driver.post("/actions", &json!({ "actions": [keyboard] })).map(drop)
    }

    /// Presses a key while Shift is held.
    pub fn press_with_shift(&self, key: char) -> Result<()> {
        const SHIFT: &str = "\u{e008}";
        let key = key.to_string();
        let steps = [("keyDown", SHIFT), ("keyDown", &*key), ("keyUp", &*key), ("keyUp", SHIFT)];
        let steps = steps.map(|(kind, value)| json!({ "type": kind, "value": value }));
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": steps });
        self.driver.post("/actions", &json!({ "actions": [keyboard] })).map(drop)
    }

    /// Takes a picture of the page, a PNG.
    pub fn picture(&self, path: &Path) -> Result<()> {
        let picture = self.driver.get("/screenshot")?;
        let picture = STANDARD.decode(picture.as_str().context("no picture")?)?;
        fs::write(path, picture).with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// Builds an authenticator in.
    pub fn add_authenticator(&self) -> Result<Authenticator> {
        let options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserConsenting": true, "isUserVerified": true,
        });
        let id = self.driver.post("/webauthn/authenticator", &options)?;
        Ok(Authenticator { id: id.as_str().context("no authenticator")?.to_owned() })
    }

    /// Takes an authenticator out, with its passkeys.
    pub fn remove_authenticator(&self, authenticator: &Authenticator) -> Result<()> {
        self.driver.delete(&format!("/webauthn/authenticator/{}", authenticator.id)).map(drop)
    }

    /// Says whether the owner passes the check of the authenticator.
    pub fn set_owner_passes(&self, authenticator: &Authenticator, passes: bool) -> Result<()> {
        let command = format!("/webauthn/authenticator/{}/uv", authenticator.id);
        self.driver.post(&command, &json!({ "isUserVerified": passes })).map(drop)
    }

    /// The passkeys on an authenticator, with what only it should know.
    pub fn passkeys(&self, authenticator: &Authenticator) -> Result<Vec<Value>> {
        let found = self
            .driver
            .get(&format!("/webauthn/authenticator/{}/credentials", authenticator.id))?;
        Ok(found.as_array().cloned().unwrap_or_default())
    }

    /// Puts a passkey of [`Browser::passkeys`] onto an authenticator.
    pub fn add_passkey(&self, authenticator: &Authenticator, passkey: &Value) -> Result<()> {
        let command = format!("/webauthn/authenticator/{}/credential", authenticator.id);
        self.driver.post(&command, passkey).map(drop)
    }

    fn seen(&self, selector: &str) -> Result<String> {
        let started = Instant::now();
        loop {
            if let Some(element) = self.seen_now(selector)? {
                return Ok(element);
            }
            if started.elapsed() > PATIENCE {
                let body = self.run("return document.body.innerText")?;
                bail!("there is no `{selector}` at {}: {body}", self.address()?);
            }
            pause();
        }
    }

    fn seen_now(&self, selector: &str) -> Result<Option<String>> {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = self.driver.post("/elements", &wanted)?;
        for element in found.as_array().into_iter().flatten() {
            let id = element
                .get(ELEMENT)
                .and_then(Value::as_str)
                .context("an element without a name")?;
            // It may be gone by now, with its page.
            let is_seen = self.driver.get(&format!("/element/{id}/displayed"));
            if is_seen.is_ok_and(|is_seen| is_seen == true) {
                return Ok(Some(id.to_owned()));
            }
        }
        Ok(None)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that does not answer is ended all the same.
        drop(self.driver.delete(""));
    }
}
