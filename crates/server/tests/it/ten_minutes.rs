//! The first ten minutes in a browser, against `muster demo` as a process: by keyboard, with a picture of every step.
//!
//! What is done in the terminal is walked through by `muster demo --check`.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
};

use muster_testkit::Browser;

use crate::served::{done, muster};

const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';

/// The sample company, served until this is dropped.
struct Demo {
    child: Child,
    /// Signs somebody in, once.
    link: String,
    /// Where the pages are.
    url: String,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let mut command = muster(folder);
        command.args(["demo", "--serve", "--dir", "tern"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let link = lines.find_map(|line| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("Console   ")?;
            rest.split_whitespace().next().map(str::to_owned)
        });
        let link = link.unwrap();
        let url = link.split("/d/").next().unwrap().to_owned();
        Self { child, link, url }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Somebody who uses the keyboard only, and takes pictures.
struct Visitor {
    browser: Browser,
    n: std::cell::Cell<usize>,
}

impl Visitor {
    fn press(&self, keys: &str) {
        self.browser.press(keys).unwrap();
    }

    /// Waits until the page says this.
    fn reads(&self, text: &str) {
        self.browser.wait_for_text(text).unwrap();
    }

    /// Presses a key until what has the focus is what is meant.
    fn presses_until(&self, key: char, is_there: &str) {
        for _ in 0..200 {
            if self
                .browser
                .run(&format!("const at = document.activeElement; return {is_there}"))
                .unwrap()
                == true
            {
                return;
            }
            self.press(&key.to_string());
        }
        panic!("nothing that has the focus is {is_there}");
    }

    /// How many cards the page has.
    fn cards(&self) -> u64 {
        let script = "return document.querySelectorAll('.cases > li').length";
        self.browser.run(script).unwrap().as_u64().unwrap()
    }

    /// Waits until the page has so many cards.
    fn has_cards(&self, n: u64) {
        self.browser.wait_for(&format!(".cases > li:nth-child({n}):last-child")).unwrap();
    }

    /// Keeps a picture of the page in light and in dark.
    fn keeps(&self, name: &str) {
        self.n.set(self.n.get() + 1);
        for scheme in ["dark", "light"] {
            self.browser.prefer(scheme).unwrap();
            let name = format!("ten-minutes-{:02}-{name}-{scheme}.png", self.n.get());
            self.browser.picture(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)).unwrap();
        }
    }

    /// Sees the pages as somebody else; as themselves when that is nobody.
    fn is(&self, demo: &Demo, name: &str) {
        self.browser.open(&demo.url).unwrap();
        if name.is_empty() {
            self.presses_until(TAB, "at.closest('.viewing') !== null && at.matches('button')");
            self.press(&ENTER.to_string());
            self.reads("View as");
        } else {
            self.presses_until(TAB, "at.name === 'person'");
            self.press(&format!("{name}{ENTER}"));
            self.reads(&format!("You see this as {name}"));
        }
    }
}

#[test]
fn the_first_ten_minutes_go_by_keyboard_from_the_link_to_an_approved_request() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    let visitor = Visitor { browser: Browser::start().unwrap(), n: 0.into() };
    what_needs_attention(&visitor, &demo);
    what_was_changed_outside(&visitor, &demo);
    why_maya_has_what_is_left_over(&visitor, folder.path());
    maya_asks(&visitor, &demo);
    let telephone = Visitor { browser: Browser::start().unwrap(), n: 50.into() };
    her_manager_shortens_it_on_a_telephone(&visitor, &telephone, &demo);
    jonas_reviews_the_ledger(&visitor, &demo);
    nothing_was_lost(&visitor, &demo);
}

fn what_needs_attention(visitor: &Visitor, demo: &Demo) {
    visitor.browser.be_wide(1280).unwrap();
    visitor.browser.open(&demo.link).unwrap();
    visitor.reads("What needs attention");
    for card in [
        "2\nleavers with an active account",
        "3\npeople with duties",
        "11\naccounts of nobody",
        "19\nchanges made outside",
        "1\nsystem that is not well",
    ] {
        let text = visitor.browser.text(".cards").unwrap().replace("\n ", "\n");
        assert!(text.replace('\n', " ").contains(&card.replace('\n', " ")), "{card} in {text}");
    }
    visitor.keeps("home");
}

fn what_was_changed_outside(visitor: &Visitor, demo: &Demo) {
    visitor.presses_until(
        TAB,
        "at.getAttribute('href') === '/drift' && at.closest('.cards') !== null",
    );
    visitor.press(&ENTER.to_string());
    for cause in ["Customer happiness agent", "report-all", "view-suppliers"] {
        visitor.reads(cause);
    }
    visitor.keeps("drift");
    visitor.browser.open(&format!("{}/systems", demo.url)).unwrap();
    visitor.reads("last read ended early since");
    visitor.reads("the read was cut");
    visitor.keeps("systems");
}

fn why_maya_has_what_is_left_over(visitor: &Visitor, folder: &Path) {
    visitor.press(&format!("/maya{ENTER}"));
    visitor.reads("Maya Okafor");
    visitor.press(&format!("j{ENTER}"));
    visitor.reads("Accounts and access");
    visitor.keeps("maya");
    visitor.presses_until('j', "at.textContent === 'post-journal'");
    visitor.press("w");
    visitor.reads("has ledger:post-journal, and nothing grants it");
    visitor.keeps("why");
    // The terminal says the same.
    let mut explain = muster(&folder.join("tern"));
    let said = done(explain.args(["explain", "maya.okafor", "ledger:post-journal"]));
    assert!(said.contains("post-journal"), "{said}");
}

fn maya_asks(visitor: &Visitor, demo: &Demo) {
    visitor.is(demo, "maya.okafor");
    visitor.presses_until(TAB, "at.getAttribute('href') === '/catalogue'");
    visitor.press(&ENTER.to_string());
    visitor.reads("What do you need to do?");
    visitor.presses_until(TAB, "at.closest('main form') !== null && at.name === 'q'");
    visitor.press(&format!("addresses{ENTER}"));
    visitor.browser.wait_for("a[href*='customer-contacts']").unwrap();
    visitor.keeps("catalogue");
    visitor.presses_until('j', "at.textContent === 'customer-contacts'");
    visitor.press(&ENTER.to_string());
    visitor.reads("It needs one more approval.");
    visitor.presses_until(TAB, "at.name === 'days'");
    visitor.press("30");
    visitor.presses_until(TAB, "at.name === 'reason'");
    visitor.press(&format!("fleet mailing{TAB}a letter about new tours"));
    visitor.keeps("request");
    visitor.press(&ENTER.to_string());
    visitor.reads("waits on Tunde Abara (manager)");
    visitor.keeps("sent");
}

/// The code is the link drawn; nobody is signed in on the telephone.
fn her_manager_shortens_it_on_a_telephone(visitor: &Visitor, telephone: &Visitor, demo: &Demo) {
    visitor.is(demo, "");
    visitor.is(demo, "tunde.abara");
    visitor.browser.open(&format!("{}/approvals", demo.url)).unwrap();
    visitor.reads("fleet mailing");
    visitor.presses_until(TAB, "at.closest('form[action$=\"/link\"]') !== null");
    visitor.press(&ENTER.to_string());
    visitor.reads("Scan this with the camera");
    visitor.keeps("code");
    let link = visitor.browser.text("main a[href*='/decide/']").unwrap();
    telephone.browser.be_wide(360).unwrap();
    telephone.browser.open(&link).unwrap();
    telephone.reads("fleet mailing");
    telephone.presses_until(TAB, "at.name === 'days'");
    telephone.press("7");
    telephone.keeps("telephone");
    telephone.presses_until(TAB, "at.matches('button[data-key=a]')");
    telephone.press(&ENTER.to_string());
    telephone.reads("You have approved this.");
    telephone.keeps("telephone-done");
    telephone.browser.open(&link).unwrap();
    telephone.reads("This link opens nothing");
    visitor.is(demo, "");
    visitor.is(demo, "maya.okafor");
    visitor.browser.open(&format!("{}/requests", demo.url)).unwrap();
    visitor.reads("whoever has role data-protection");
    visitor.keeps("next-stage");
    visitor.is(demo, "");
}

fn jonas_reviews_the_ledger(visitor: &Visitor, demo: &Demo) {
    visitor.is(demo, "jonas.brandt");
    visitor.presses_until(TAB, "at.getAttribute('href') === '/reviews'");
    visitor.press(&ENTER.to_string());
    visitor.reads("“Ledger Q4” asks nobody about 38 more");
    assert_eq!(visitor.cards(), 12);
    visitor.keeps("review");
    visitor.press("ja");
    visitor.has_cards(11);
    visitor.press("jr");
    visitor.press(&format!("not a part of the job{ENTER}"));
    visitor.has_cards(10);
    // Whoever does not know leaves it to the operator.
    visitor.press("jd");
    visitor.has_cards(9);
    visitor.browser.open(&format!("{}/reviews?state=decided", demo.url)).unwrap();
    visitor.reads("not a part of the job");
    visitor.keeps("review-decided");
    visitor.is(demo, "");
    visitor.browser.open(&format!("{}/campaigns", demo.url)).unwrap();
    visitor.press(&format!("j{ENTER}"));
    visitor.reads("Who still has to answer");
    visitor.keeps("campaign");
}

fn nothing_was_lost(visitor: &Visitor, demo: &Demo) {
    visitor.browser.open(&format!("{}/plans", demo.url)).unwrap();
    visitor.press(&format!("j{ENTER}"));
    visitor.reads("To go on, type");
    visitor.keeps("plan");
    visitor.browser.open(&format!("{}/journal", demo.url)).unwrap();
    visitor.reads("request.approve");
    visitor.browser.open(&format!("{}/journal/verify", demo.url)).unwrap();
    visitor.reads("is whole and unchanged");
    visitor.keeps("journal");
}
