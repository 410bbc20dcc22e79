//! Hides what should not stand in a project and does, before a line of it is shown: passwords and their like.
//!
//! It goes by the look of the line, because whatever is wrong with a line, the line is shown as a whole.

/// Names whose value is hidden, also as the end of a longer name.
const SECRET: [&str; 5] = ["password", "passwd", "passphrase", "secret", "token"];
/// Stands for a character that is hidden.
const HIDDEN: char = '•';

/// The line with every secret in it replaced, character for character, so that places stay where they are.
pub(crate) fn without_secrets(line: &str) -> String {
    let mut shown: Vec<char> = line.chars().collect();
    let lower: Vec<char> = line.chars().map(|c| c.to_ascii_lowercase()).collect();
    for at in 0..lower.len() {
        let rest = lower.get(at..).unwrap_or(&[]);
        let after_name = SECRET.iter().find_map(|name| after(rest, name));
        let value = after_name.and_then(value_place).or_else(|| url_password(rest));
        if let Some((start, length)) = value {
            shown.iter_mut().skip(at + start).take(length).for_each(|c| *c = HIDDEN);
        }
    }
    shown.into_iter().collect()
}

/// The characters behind `name` with their place, when `text` begins with it.
fn after<'t>(text: &'t [char], name: &str) -> Option<(usize, &'t [char])> {
    let length = name.chars().count();
    let begins = name.chars().eq(text.iter().copied().take(length));
    begins.then(|| (length, text.get(length..).unwrap_or(&[])))
}

/// Where the value behind a name stands, and how long it is. `{ env: NAME }` is none.
fn value_place((place, rest): (usize, &[char])) -> Option<(usize, usize)> {
    let is_gap = |c: &char| *c == ' ' || *c == '"' || *c == '\'';
    let colon = rest.iter().take_while(|c| is_gap(c)).count();
    if rest.get(colon) != Some(&':') {
        return None;
    }
    let behind = rest.get(colon + 1..)?;
    let gap = behind.iter().take_while(|c| **c == ' ').count();
    let value = behind.get(gap..)?;
    let first = value.first().filter(|c| **c != '{')?;
    let length = if *first == '"' || *first == '\'' {
        1 + value.iter().skip(1).take_while(|c| *c != first).count()
    } else {
        let end = value.iter().position(|c| matches!(c, ',' | '}' | '#')).unwrap_or(value.len());
        let value = value.get(..end).unwrap_or(value);
        value.iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1)
    };
    Some((place + colon + 1 + gap, length))
}

/// Where the password of an address that begins here (`://user:password@host`) stands.
fn url_password(text: &[char]) -> Option<(usize, usize)> {
    let (place, rest) = after(text, "://")?;
    let rest = rest.split(|c| matches!(c, ' ' | '/' | '"' | '\'' | ',')).next()?;
    let end = rest.iter().rposition(|c| *c == '@')?;
    let colon = rest.iter().position(|c| *c == ':').filter(|colon| *colon < end)?;
    Some((place + colon + 1, end - colon - 1))
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn what_is_secret_is_hidden_and_the_rest_stays_in_its_place() {
        for (line, shown) in [
            ("password: hunter2", "password: •••••••"),
            ("s: { Bind_Password: \"a, b\", key: x }", "s: { Bind_Password: •••••\", key: x }"),
            ("{ token: abc, url: x }", "{ token: •••, url: x }"),
            ("store: postgres://ada:s:x@host/db", "store: postgres://ada:•••@host/db"),
            ("password: { env: LDAP_PASSWORD }", "password: { env: LDAP_PASSWORD }"),
            ("url: ldap://host:389, base: a@b", "url: ldap://host:389, base: a@b"),
            ("passwords are secret", "passwords are secret"),
            ("{ password: x }", "{ password: • }"),
            ("password:", "password:"),
        ] {
            assert_eq!(without_secrets(line), shown);
        }
    }
}
