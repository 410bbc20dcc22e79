//! Names processes, so that what a dead one held is free at once.
//!
//! A name tells the process id, when the process began, and where the id means anything: the boot of the machine and the
//! namespace of process ids. Where it means nothing, nobody is declared dead. Linux only; elsewhere nobody ever is.

use std::fs;

/// The namespace of processes that run in no container.
const FIRST_NAMESPACE: &str = "4026531836";

/// What a name is made of.
#[derive(Debug, PartialEq, Eq)]
struct Name<'a> {
    pid: &'a str,
    began: &'a str,
    boot: &'a str,
    namespace: &'a str,
    machine: &'a str,
}

/// Names this process: the same as long as it runs, never the same as another one's. Contains no space.
pub fn process_name() -> String {
    let pid = std::process::id().to_string();
    let began = began(&pid).unwrap_or_default();
    format!("{pid}-{began}-{}-{}-{}", boot(), namespace(), machine())
}

/// True when the process of that name certainly runs no more.
///
/// False when it runs, and when nobody can tell: it ran on another machine, in another container, or the name is not one.
pub fn process_is_gone(name: &str) -> bool {
    let Some(name) = parse(name) else { return false };
    is_gone(&name, &boot(), &namespace(), &machine(), began)
}

fn is_gone(
    name: &Name<'_>,
    boot: &str,
    namespace: &str,
    machine: &str,
    began: impl Fn(&str) -> Option<String>,
) -> bool {
    if name.boot.is_empty() || name.namespace.is_empty() || name.namespace != namespace {
        return false;
    }
    if name.boot == boot {
        return began(name.pid).as_deref() != Some(name.began);
    }
    // The machine was started again since. An image may give its machine id to many containers, so those do not count.
    name.namespace == FIRST_NAMESPACE && !name.machine.is_empty() && name.machine == machine
}

fn parse(name: &str) -> Option<Name<'_>> {
    let mut parts = name.split('-');
    let mut next = || parts.next();
    let name =
        Name { pid: next()?, began: next()?, boot: next()?, namespace: next()?, machine: next()? };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (next().is_none() && is_number(name.pid) && is_number(name.began)).then_some(name)
}

/// When a process began, in ticks since the boot; `None` when there is none, or only what is left of one.
fn began(pid: &str) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets, and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

fn boot() -> String {
    short(&fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default())
}

fn machine() -> String {
    short(&fs::read_to_string("/etc/machine-id").unwrap_or_default())
}

fn namespace() -> String {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    link.to_string_lossy().chars().filter(char::is_ascii_digit).collect()
}

fn short(id: &str) -> String {
    id.chars().filter(char::is_ascii_hexdigit).take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "71-900-abc-4026531836-fff";

    fn gone(name: &str, boot: &str, namespace: &str, machine: &str, began: Option<&str>) -> bool {
        is_gone(&parse(name).unwrap(), boot, namespace, machine, |_| began.map(str::to_owned))
    }

    #[test]
    fn this_process_is_not_gone() {
        let name = process_name();
        assert!(!process_is_gone(&name));
        assert_eq!(name, process_name());
        assert!(!name.contains(' '));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_ended_is_gone() {
        let own = process_name();
        let own = parse(&own).unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id().to_string();
        let name = format!(
            "{pid}-{}-{}-{}-{}",
            began(&pid).unwrap(),
            own.boot,
            own.namespace,
            own.machine
        );
        assert!(!process_is_gone(&name));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(process_is_gone(&name));
    }

    #[test]
    fn a_process_id_that_somebody_else_has_now_does_not_keep_anything() {
        assert!(!gone(NAME, "abc", "4026531836", "fff", Some("900")));
        assert!(gone(NAME, "abc", "4026531836", "fff", Some("901")));
        assert!(gone(NAME, "abc", "4026531836", "fff", None));
    }

    #[test]
    fn a_restart_of_the_machine_ends_every_process_on_it() {
        assert!(gone(NAME, "def", "4026531836", "fff", Some("900")));
    }

    #[test]
    fn nobody_is_declared_dead_from_afar() {
        assert!(!gone(NAME, "def", "4026531836", "eee", None), "another machine");
        assert!(!gone(NAME, "abc", "4026532000", "fff", None), "another container");
        let contained = "7-900-abc-4026532000-fff";
        assert!(
            !gone(contained, "def", "4026532000", "fff", None),
            "a container of the same image"
        );
        for name in ["", "tester", "1-2-3", "x-1-a-b-c", "1-2-a-b-c-d"] {
            assert!(!process_is_gone(name), "{name}");
        }
    }
}
