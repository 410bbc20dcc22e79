//! Somebody who has a keyboard and nothing else. Wherever the focus comes, it has to be seen, and it has to go on.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::Browser;

/// The key that sends a form or follows a link.
pub const ENTER: char = '\u{e007}';
/// The key that leads to the next thing.
pub const TAB: char = '\u{e004}';
/// Stops of a page at most.
const STOPS: usize = 600;

/// What is wrong with the thing that has the focus; empty when it can be seen that it has it, which takes a contrast of 3
/// (WCAG 2.2, 1.4.11).
const UNSEEN: &str = "const at = document.activeElement;
    if (at === null || at === document.body) return 'nothing has the focus';
    const shown = at.outerHTML.slice(0, 200);
    const style = getComputedStyle(at);
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 1) return `nothing is around ${shown}`;
    const [box] = at.getClientRects();
    if (!box || box.width === 0 || box.height === 0) return `there is no room for ${shown}`;
    // Of what is higher than the screen some part is seen.
    const top = box.height > innerHeight ? Math.max(box.top, 0) : box.top;
    const [x, y] = [box.left + Math.min(box.width / 2, 20), top + Math.min((box.bottom - top) / 2, 10)];
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return `not on the screen: ${shown}`;
    const over = document.elementFromPoint(x, y);
    const isFree = over !== null && (at.contains(over) || over.contains(at));
    if (!isFree) return `${over && over.outerHTML.slice(0, 100)} is over ${shown}`;
    const isInside = parseFloat(style.outlineOffset) < 0;
    const under = ['white'];
    for (let from = isInside ? at : at.parentElement; from !== null; from = from.parentElement)
        under.splice(1, 0, getComputedStyle(from).backgroundColor);
    const pen = document.createElement('canvas').getContext('2d');
    const light = (colours) => {
        for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
        const [red, green, blue] = [...pen.getImageData(0, 0, 1, 1).data]
            .map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const [low, high] = [light(under), light([style.outlineColor])].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    return contrast >= 3 ? '' : `what is around it has a contrast of ${contrast.toFixed(1)} only: ${shown}`";

/// A browser that is used with keys only.
#[derive(Debug)]
pub struct Keyboard {
    /// The browser.
    pub browser: Browser,
}

impl Keyboard {
    /// Presses keys one after the other.
    pub fn press(&self, keys: &str) -> Result<()> {
        self.browser.press(keys)
    }

    /// Waits until a page says this.
    pub fn reads(&self, text: &str) -> Result<()> {
        self.browser.wait_for_text(text)
    }

    /// Presses Tab until what has the focus, `at`, is what is meant; each stop on the way has to be seen.
    pub fn tabs_to(&self, is_there: &str) -> Result<()> {
        for _ in 0..STOPS {
            self.press(&TAB.to_string())?;
            self.can_be_seen()?;
            let script = format!("const at = document.activeElement; return {is_there}");
            if self.browser.run(&script)? == true {
                return Ok(());
            }
        }
        anyhow::bail!("Tab does not lead to what is `{is_there}` at {}", self.browser.address()?)
    }

    /// Tabs to a link with this address and follows it.
    pub fn follows(&self, address: &str) -> Result<()> {
        let address = serde_json::json!(address);
        self.tabs_to(&format!("at.getAttribute('href') === {address}"))?;
        self.press(&ENTER.to_string())
    }

    /// Tabs to a field of this name and writes into it.
    pub fn writes(&self, field: &str, text: &str) -> Result<()> {
        let field = serde_json::json!(field);
        self.tabs_to(&format!("at.name === {field} && at.matches('input, textarea, select')"))?;
        self.press(text)
    }

    /// Signs somebody in.
    pub fn signs_in(&self, url: &str, name: &str, password: &str) -> Result<()> {
        self.browser.open(&format!("{url}/signin?return_to=/"))?;
        self.browser.wait_for("#password")?;
        self.types_into("name", name)?;
        self.types_into("password", &format!("{password}{ENTER}"))?;
        self.browser.wait_for("form[action='/signout']")
    }

    /// As [`Keyboard::writes`], where the field may have the focus already.
    pub fn types_into(&self, field: &str, text: &str) -> Result<()> {
        self.goes_to(field)?;
        self.press(text)
    }

    /// As [`Keyboard::tabs_to`] a field, but it may have the focus already.
    fn goes_to(&self, field: &str) -> Result<()> {
        if self.browser.run("return document.activeElement.name ?? ''")? == field {
            return self.can_be_seen();
        }
        self.tabs_to(&format!("at.name === '{field}'"))
    }

    /// Goes through a page that was just opened, and back again: no stop keeps the focus, and each is seen. Returns how many
    /// there are.
    pub fn goes_through(&self) -> Result<usize> {
        let (mut forth, mut back) = (self.stops(|| self.press(&TAB.to_string()))?, BTreeSet::new());
        ensure!(forth.len() > 1, "there are no stops at {}", self.browser.address()?);
        // The focus is out of the page; backwards it comes in at its end.
        back.extend(self.stops(|| self.browser.press_with_shift(TAB))?);
        let last = forth.len();
        forth.retain(|stop| !back.contains(stop));
        ensure!(forth.is_empty(), "backwards nobody comes to {forth:?}");
        Ok(last)
    }

    /// The stops until the focus leaves the page or comes to the first again.
    fn stops(&self, step: impl Fn() -> Result<()>) -> Result<Vec<String>> {
        let mut stops: Vec<String> = Vec::new();
        for _ in 0..STOPS {
            step()?;
            let Some(stop) = self.stop()? else { return Ok(stops) };
            if stops.first() == Some(&stop) {
                return Ok(stops);
            }
            self.can_be_seen()?;
            // A field for a day has several stops.
            if stops.last() == Some(&stop) {
                continue;
            }
            ensure!(
                !stops.contains(&stop),
                "the focus comes to {stop} again before it was everywhere"
            );
            stops.push(stop);
        }
        anyhow::bail!("the focus never leaves {}", self.browser.address()?)
    }

    /// Where the focus is, so that no other place is called the same; `None` when nothing on the page has it.
    fn stop(&self) -> Result<Option<String>> {
        let place = self.browser.run(
            "const at = document.activeElement;
             if (at === null || at === document.body || at === document.documentElement) return null;
             const all = [...document.querySelectorAll('*')];
             return `${all.indexOf(at)} ${at.outerHTML.slice(0, 80)}`",
        )?;
        Ok(place.as_str().map(str::to_owned))
    }

    fn can_be_seen(&self) -> Result<()> {
        let wrong = self.browser.run(UNSEEN)?;
        let wrong = Value::as_str(&wrong).context("no answer about the focus")?;
        ensure!(wrong.is_empty(), "{wrong} at {}", self.browser.address()?);
        Ok(())
    }
}
