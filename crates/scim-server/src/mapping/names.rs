//! Which attribute names mean what in SCIM. Names compare without case, `_` and `-`.

/// Paths of users, each with the names of attributes that it may lead to; the first that the type has counts.
pub(super) const USER: &[(&str, &[&str])] = &[
    ("userName", &["username", "login", "loginname", "signinname", "accountname", "uid"]),
    ("name.givenName", &["givenname", "firstname", "forename"]),
    ("name.familyName", &["familyname", "lastname", "surname", "sn"]),
    ("name.middleName", &["middlename", "middlenames"]),
    ("name.honorificPrefix", &["honorificprefix", "salutation"]),
    ("name.honorificSuffix", &["honorificsuffix"]),
    ("name.formatted", &["fullname", "formattedname"]),
    ("displayName", &["displayname", "display"]),
    ("nickName", &["nickname"]),
    ("profileUrl", &["profileurl"]),
    ("title", &["title", "jobtitle"]),
    ("userType", &["usertype", "employeetype"]),
    ("preferredLanguage", &["preferredlanguage", "language"]),
    ("locale", &["locale"]),
    ("timezone", &["timezone", "zone"]),
    (
        "emails[type eq \"work\"].value",
        &["email", "mail", "workemail", "workmail", "emailaddress", "mailaddress"],
    ),
    (
        "emails[type eq \"home\"].value",
        &["privateemail", "homeemail", "personalemail", "privatemail"],
    ),
    (
        "phoneNumbers[type eq \"work\"].value",
        &["phone", "telephone", "workphone", "phonenumber", "telephonenumber"],
    ),
    ("phoneNumbers[type eq \"mobile\"].value", &["mobile", "mobilephone", "cellphone"]),
    ("addresses[type eq \"work\"].streetAddress", &["street", "streetaddress"]),
    ("addresses[type eq \"work\"].locality", &["city", "locality", "town"]),
    ("addresses[type eq \"work\"].region", &["region", "state", "province"]),
    ("addresses[type eq \"work\"].postalCode", &["postalcode", "zip", "zipcode"]),
    ("addresses[type eq \"work\"].country", &["country", "countrycode"]),
];

/// Paths of the enterprise extension.
pub(super) const ENTERPRISE: &[(&str, &[&str])] = &[
    ("employeeNumber", &["employeenumber", "employeeid", "personnelnumber", "empno"]),
    ("costCenter", &["costcenter", "costcentre"]),
    ("organization", &["organization", "organisation", "company"]),
    ("division", &["division"]),
    ("department", &["department"]),
    ("manager.value", &["manager", "supervisor", "boss"]),
];

/// Paths of groups.
pub(super) const GROUP: &[(&str, &[&str])] =
    &[("displayName", &["displayname", "name", "title", "label"])];

/// A name as it is compared.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}
