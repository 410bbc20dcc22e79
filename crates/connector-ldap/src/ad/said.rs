//! What the numbers in a domain controller's error texts mean, in words.
//!
//! A text begins with a code of the operating system (`00002071: …`), and that of a refused sign-in names a second one
//! (`data 52e`). Both say more than the result code of LDAP.

/// The meaning of the number in `text`, where it is known.
pub(crate) fn meaning(text: &str) -> Option<&'static str> {
    if let Some((_, rest)) = text.split_once("AcceptSecurityContext error, data ") {
        let number = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
        return sign_in(u32::from_str_radix(number, 16).ok()?);
    }
    let (number, _) = text.split_once(':')?;
    if number.len() != 8 {
        return None;
    }
    change(u32::from_str_radix(number, 16).ok()?)
}

fn sign_in(number: u32) -> Option<&'static str> {
    Some(match number {
        0x525 => "there is no such account",
        0x52e => "the name or the password is wrong",
        0x52f => "the account is restricted, for example by an empty password",
        0x530 => "the account may not sign in at this time",
        0x531 => "the account may not sign in from this machine",
        0x532 => "the password of the account has expired",
        0x533 => "the account is disabled",
        0x569 => "the account has not been granted this way to sign in",
        0x701 => "the account has expired",
        0x773 => "the account must change its password first",
        0x775 => "the account is locked out",
        _ => return None,
    })
}

fn change(number: u32) -> Option<&'static str> {
    Some(match number {
        0x5 | 0x2098 => "the account that Muster signs in with has no right to do this",
        0x1f => "the directory refused the password; it takes passwords only over TLS",
        0x57 => "a value is not one that the attribute takes",
        0x524 | 0x8b0 => "another account has the same `sAMAccountName`",
        0x525 | 0x208d | 0x2030 => "the object, or one that it refers to, is not there",
        0x526 | 0x55a => "another group has the same `sAMAccountName`",
        0x528 | 0x562 => "it is a member already",
        0x529 | 0x561 => "it is not a member",
        0x52d => {
            "the password does not meet the domain's policy (length, kinds of characters, age or history)"
        }
        0x55e => {
            "the group is the primary group of the account; give the account another primary group first"
        }
        0x1392 | 0x2071 => {
            "an object of that name, or with the same `sAMAccountName`, is there already"
        }
        0x2014 => "the attribute is not in the directory's schema",
        0x2015 => "the object has others below it",
        0x2016 => "the attribute is part of the object's name; rename the object instead",
        0x2035 => "the directory is unwilling to do this",
        0x2077 => "the directory keeps this attribute itself",
        0x2081 => "the attribute takes one value only",
        0x2089 => "the container is not there",
        0x20b5 => "a name that is referred to is not that of an object",
        0x20e7 => "the change is not allowed here",
        0x21c7 => "another account has the same `servicePrincipalName`",
        0x21c8 => "another account has the same `userPrincipalName`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_in_error_texts_have_a_meaning() {
        let refused = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1";
        assert_eq!(meaning(refused), Some("the name or the password is wrong"));
        assert_eq!(
            meaning("00002071: samldb: samAccountName 'a' already in use!"),
            Some("an object of that name, or with the same `sAMAccountName`, is there already")
        );
        assert!(meaning("0000052D: Constraint violation").unwrap().contains("policy"));
        for unknown in ["", "no such object", "error: 5", "0000ZZZZ: x", "data 52e", ":"] {
            assert_eq!(meaning(unknown), None, "{unknown}");
        }
    }
}
