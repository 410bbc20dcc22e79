//! Accounts in a domain: made, switched, moved, renamed, left alone.

use muster_connector::{ConnectorError, Field};
use muster_model::{Change, ObjectRef, Value, ValueType};
use muster_testkit::{AD_PASSWORD, SUFFIX};

use crate::{
    domain_support::{
        control, create_user, domain, domain_settings, open_domain, samba, shown, user,
    },
    support::{TestSecrets, field, many, named, one, read, request, text},
};

#[tokio::test]
async fn an_account_is_made_with_a_password_that_nobody_knows_and_is_switched_by_one_bit() {
    let samba = samba();
    let directory = domain(&samba, &[]);
    let made = one(&*directory, create_user("ada", false)).await.unwrap();
    assert_eq!(control(&samba, "ada"), 514);
    // A bit that somebody else set stays.
    samba.tool(&["user", "setexpiry", "ada", "--noexpiry"]).unwrap();
    let others = control(&samba, "ada") & !2;
    let switch = |enabled| Change::SetEnabled {
        object: ObjectRef { id: made.id.clone().unwrap(), ..user("ada") },
        enabled,
    };
    for _ in 0..2 {
        one(&*directory, switch(true)).await.unwrap();
        assert_eq!(control(&samba, "ada"), others);
    }
    one(&*directory, switch(false)).await.unwrap();
    assert_eq!(control(&samba, "ada"), others | 2);
    // The password was set: the domain knows when.
    assert_ne!(shown(&samba, "ada", &["pwdLastSet"]).values("pwdLastSet"), ["0"]);
    one(&*directory, create_user("eve", true)).await.unwrap();
    assert_eq!(control(&samba, "eve"), 512);
    let seen = directory.get(&user("eve"), &[field("objectGUID"), field("objectSid")]).await;
    let seen = seen.unwrap().unwrap();
    assert_eq!(seen.enabled, Some(true));
    assert_eq!(seen.values[0], Value::Text(seen.id.clone()));
    assert!(seen.values[1].to_string().starts_with("S-1-5-21-"), "{:?}", seen.values);
}

#[tokio::test]
async fn a_password_of_the_model_is_set_over_tls_and_only_there() {
    let samba = samba();
    let plain = open_domain(&domain_settings(&samba, &samba.url(), &[]));
    let error = one(&*plain, create_user("ada", true)).await.unwrap_err();
    assert!(error.to_string().contains("only over TLS"), "{error}");
    one(&*plain, create_user("ada", false)).await.unwrap();
    let password = |attribute: &str, password: &str| Change::Update {
        object: user("ada"),
        values: vec![(attribute.into(), Value::Null, Value::text(password))],
    };
    assert!(one(&*plain, password("password", "Better-horse-2")).await.is_err());
    let starttls = [("starttls", text("true"))];
    let settings = domain_settings(&samba, &samba.url(), &starttls);
    let directory = open_domain(&settings);
    one(&*directory, password("password", "Better-horse-2")).await.unwrap();
    let enable = Change::SetEnabled { object: user("ada"), enabled: true };
    one(&*directory, enable).await.unwrap();
    assert!(samba.signs_in("ada@tern.example", "Better-horse-2").unwrap());
    one(&*directory, password("unicodePwd", "Third-horse-3")).await.unwrap();
    assert!(samba.signs_in("ada@tern.example", "Third-horse-3").unwrap());
    assert!(!samba.signs_in("ada@tern.example", "Fourth-horse-4").unwrap());
    let weak = one(&*directory, password("unicodePwd", "horse")).await.unwrap_err();
    assert!(weak.to_string().contains("policy"), "{weak}");
}

#[tokio::test]
async fn times_are_readable_and_never_is_no_value() {
    let samba = samba();
    let directory = domain(&samba, &[]);
    one(&*directory, create_user("ada", false)).await.unwrap();
    let set = |value: Value| Change::Update {
        object: user("ada"),
        values: vec![("accountExpires".into(), Value::Null, value)],
    };
    let expires = Field { value_type: ValueType::Date, ..field("accountExpires") };
    let seen = async || {
        directory.get(&user("ada"), std::slice::from_ref(&expires)).await.unwrap().unwrap().values
    };
    assert_eq!(seen().await, [Value::Null]);
    one(&*directory, set(Value::text("2030-06-30"))).await.unwrap();
    assert_eq!(seen().await, [Value::text("2030-06-30")]);
    let raw = shown(&samba, "ada", &["accountExpires"]);
    assert_eq!(raw.values("accountExpires"), ["135534816000000000"]);
    one(&*directory, set(Value::Null)).await.unwrap();
    assert_eq!(seen().await, [Value::Null]);
    // The person has to choose a new password with the next sign-in.
    let change = Change::Update {
        object: user("ada"),
        values: vec![("pwdLastSet".into(), Value::Null, Value::text("0"))],
    };
    one(&*directory, change).await.unwrap();
    assert_eq!(shown(&samba, "ada", &["pwdLastSet"]).values("pwdLastSet"), ["0"]);
}

#[tokio::test]
async fn an_account_keeps_its_id_when_it_is_moved_and_renamed_by_us_or_by_hand() {
    let samba = samba();
    samba.tool(&["ou", "create", &format!("OU=sales,OU=people,{SUFFIX}")]).unwrap();
    let directory = domain(&samba, &[]);
    let id = one(&*directory, create_user("ada", false)).await.unwrap().id.unwrap();
    let ada = |name: &str| ObjectRef { id: id.clone(), ..named("user", name) };
    let to = "CN=Lovelace\\, Ada,OU=sales,OU=people";
    for _ in 0..2 {
        let change = Change::Rename { object: ada("CN=ada,OU=people"), to: to.into() };
        let done = one(&*directory, change).await.unwrap();
        assert_eq!(done.id.as_ref(), Some(&id));
    }
    let entry = shown(&samba, "ada", &["cn"]);
    assert_eq!(entry.values("cn"), ["Lovelace, Ada"]);
    assert!(entry.dn.contains("OU=sales"), "{}", entry.dn);
    // By hand, back to where it was under a third name; the old name is not there any more.
    samba.tool(&["user", "move", "ada", &format!("OU=people,{SUFFIX}")]).unwrap();
    let title = |value: &str| Change::Update {
        object: ada(to),
        values: vec![("title".into(), Value::Null, Value::text(value))],
    };
    one(&*directory, title("Countess")).await.unwrap();
    assert_eq!(shown(&samba, "ada", &["title"]).values("title"), ["Countess"]);
    // Somebody else under the old name is not changed in its place.
    let other = Change::Create {
        object: named("user", to),
        values: vec![("sAMAccountName".into(), Value::text("other"))],
        enabled: Some(false),
    };
    one(&*directory, other).await.unwrap();
    one(&*directory, title("Pioneer")).await.unwrap();
    assert_eq!(shown(&samba, "ada", &["title"]).values("title"), ["Pioneer"]);
    assert!(shown(&samba, "other", &["title"]).values("title").is_empty());
    for _ in 0..2 {
        one(&*directory, Change::Delete { object: ada(to) }).await.unwrap();
    }
    assert!(samba.search(SUFFIX, "(sAMAccountName=ada)", &["cn"]).unwrap().is_empty());
}

#[tokio::test]
async fn what_the_domain_depends_on_is_left_alone_unless_the_settings_say_so() {
    let samba = samba();
    let directory = domain(&samba, &[]);
    samba.tool(&["user", "create", "boss", AD_PASSWORD]).unwrap();
    samba.tool(&["group", "addmembers", "Domain Admins", "boss"]).unwrap();
    let boss = format!("CN=boss,CN=Users,{SUFFIX}");
    samba
        .modify(&format!("dn: {boss}\nchangetype: modify\nreplace: adminCount\nadminCount: 1\n"))
        .unwrap();
    let off = |object: ObjectRef| Change::SetEnabled { object, enabled: false };
    for (object, why) in [
        (named("user", "CN=Administrator,CN=Users"), "built-in administrator"),
        (named("user", "CN=krbtgt,CN=Users"), "krbtgt"),
        (named("computer", "CN=DC1,OU=Domain Controllers"), "domain controller"),
        (named("user", &boss), "AdminSDHolder"),
    ] {
        let refused = one(&*directory, off(object.clone())).await.unwrap_err().to_string();
        assert!(refused.contains(why) && refused.contains("change_protected"), "{refused}");
        let deletion = one(&*directory, Change::Delete { object }).await.unwrap_err();
        assert!(matches!(deletion, ConnectorError::Invalid(_)), "{deletion}");
    }
    let admins = Change::Members {
        object: named("group", "CN=Domain Admins,CN=Users"),
        attribute: "member".into(),
        add: vec![],
        remove: vec![boss.as_str().into()],
    };
    let refused = one(&*directory, admins).await.unwrap_err().to_string();
    assert!(refused.contains("critical system object"), "{refused}");
    assert_eq!(control(&samba, "Administrator"), 512);
    assert_eq!(control(&samba, "boss"), 512);
    let bold = domain(&samba, &[("change_protected", text("true"))]);
    one(&*bold, off(named("user", &boss))).await.unwrap();
    assert_eq!(control(&samba, "boss"), 514);
}

#[tokio::test]
async fn mistakes_are_told_in_words() {
    let samba = samba();
    let directory = domain(&samba, &[]);
    one(&*directory, create_user("ada", false)).await.unwrap();
    let again = one(&*directory, create_user("ada", false)).await.unwrap_err();
    assert!(matches!(again, ConnectorError::AlreadyExists { .. }), "{again}");
    let twin = Change::Create {
        object: user("twin"),
        values: vec![("sAMAccountName".into(), Value::text("ada"))],
        enabled: Some(false),
    };
    let twin = one(&*directory, twin).await.unwrap_err();
    assert!(
        matches!(&twin, ConnectorError::Invalid(why) if why.contains("sAMAccountName")),
        "{twin}"
    );
    let wrong = domain_settings(&samba, &samba.tls_url(), &[]);
    let wrong = muster_connector_ldap::open(&wrong, &TestSecrets("wrong")).unwrap();
    let refused = wrong.test().await.unwrap_err().to_string();
    assert!(refused.starts_with("access refused: the name or the password is wrong"), "{refused}");
    let line = directory.test().await.unwrap();
    assert!(line.starts_with("Samba") && line.contains("DirSync"), "{line}");
    let standard = domain_settings(&samba, &samba.tls_url(), &[("flavour", text("standard"))]);
    let refused = open_domain(&standard).test().await.unwrap_err().to_string();
    assert!(refused.contains("flavour: active-directory"), "{refused}");
}

#[tokio::test]
async fn names_with_every_special_character_stay_what_they_are_and_read_nothing_else() {
    let samba = samba();
    let directory = domain(&samba, &[]);
    let names = ["a*)(objectClass=*", "b,OU=groups", "c\\+d=e", "\"q\" <x>;", "#lead", "ünï"];
    for (i, name) in names.iter().enumerate() {
        let escaped: String = name
            .chars()
            .enumerate()
            .map(|(at, c)| match c {
                ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => format!("\\{c}"),
                '#' if at == 0 => "\\#".to_owned(),
                _ => c.to_string(),
            })
            .collect();
        let object = named("user", &format!("CN={escaped},OU=people"));
        let values = vec![("sAMAccountName".into(), Value::text(format!("odd{i}")))];
        let change = Change::Create { object: object.clone(), values, enabled: Some(false) };
        let id = one(&*directory, change).await.unwrap().id.unwrap();
        let found = directory.get(&object, &[field("cn")]).await.unwrap().unwrap();
        assert_eq!((found.values, found.id.clone()), (vec![Value::text(*name)], id));
        assert_eq!(shown(&samba, &format!("odd{i}"), &["cn"]).values("cn"), [*name]);
        // As an id it finds nothing, whatever is in it.
        let by_id = ObjectRef { id: (*name).into(), ..named("user", "CN=none,OU=people") };
        assert!(directory.get(&by_id, &[]).await.unwrap().is_none());
    }
    let (kept, end) =
        read(&*directory, &request("user", vec![field("cn"), many("memberOf")])).await.unwrap();
    assert!(end.complete, "{end:?}");
    assert_eq!(kept.objects.len(), names.len() + 4, "with those of the domain itself");
    assert!(end.cursor.is_none(), "changes of memberOf are not told");
}
