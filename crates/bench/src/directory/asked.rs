//! A directory that is asked, and what it is asked.

use anyhow::{Context as _, Result, ensure};
use ldap3::{
    Ldap, LdapConnAsync, Scope, SearchEntry,
    adapters::{Adapter, EntriesOnly, PagedResults},
};
use muster_testkit::SUFFIX;

use super::TEAM;

/// The number of the first person.
pub(super) const FIRST_NUMBER: usize = 10_000;
/// Entries of a page.
const PAGE: i32 = 500;

/// The name of a person.
pub(super) fn dn(n: usize) -> String {
    format!("uid=u{n:07},ou=people,{SUFFIX}")
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// One person by the name they sign in with.
    Name,
    /// One by a number, as a system asks that knows the owner of a file.
    Number,
    /// An entry by its distinguished name, with all it says of itself: ours with `memberOf`.
    Base,
    /// The groups that somebody is in.
    Groups,
    /// A dozen by a part of their names.
    Part,
}

impl Question {
    pub(super) const ALL: [Self; 5] =
        [Self::Name, Self::Number, Self::Base, Self::Groups, Self::Part];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Number => "number",
            Self::Base => "base",
            Self::Groups => "groups",
            Self::Part => "part",
        }
    }

    /// Base, scope and filter, and how the name of an entry that must be found begins.
    fn about(self, n: usize) -> (String, Scope, String, String) {
        let people = format!("ou=people,{SUFFIX}");
        let own = format!("uid=u{n:07},");
        match self {
            Self::Name => {
                let filter = format!("(&(objectClass=posixAccount)(uid=u{n:07}))");
                (people, Scope::Subtree, filter, own)
            }
            Self::Number => {
                let number = FIRST_NUMBER + n;
                let filter = format!("(&(objectClass=posixAccount)(uidNumber={number}))");
                (people, Scope::Subtree, filter, own)
            }
            Self::Base => (dn(n), Scope::Base, "(objectClass=*)".to_owned(), own),
            Self::Groups => {
                let filter = format!("(&(objectClass=groupOfNames)(member={}))", dn(n));
                let team = format!("cn=T{:05},", n / TEAM);
                (format!("ou=groups,{SUFFIX}"), Scope::OneLevel, filter, team)
            }
            Self::Part => {
                let filter = format!("(sn=*mily{})", n % 7919);
                (people, Scope::Subtree, filter, "uid=".to_owned())
            }
        }
    }
}

/// A directory that is asked by somebody.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) dn: String,
    pub(super) password: String,
}

impl Asked {
    /// A connection that is signed in.
    pub(super) async fn connect(&self) -> Result<Ldap> {
        let (connection, mut ldap) = LdapConnAsync::new(&self.url).await?;
        ldap3::drive!(connection);
        self.bind(&mut ldap).await?;
        Ok(ldap)
    }

    pub(super) async fn bind(&self, ldap: &mut Ldap) -> Result<()> {
        ldap.simple_bind(&self.dn, &self.password).await?.success()?;
        Ok(())
    }

    pub(super) async fn ask(&self, question: Question, n: usize, ldap: &mut Ldap) -> Result<()> {
        let (base, scope, filter, wanted) = question.about(n);
        let attributes = match question {
            Question::Base => vec!["*", "memberOf"],
            Question::Groups => vec!["cn"],
            Question::Name | Question::Number | Question::Part => {
                vec!["uid", "cn", "mail", "uidNumber", "homeDirectory"]
            }
        };
        let (found, _) = ldap.search(&base, scope, &filter, attributes).await?.success()?;
        let mut names = found.into_iter().map(|entry| SearchEntry::construct(entry).dn);
        ensure!(names.any(|dn| dn.starts_with(&wanted)), "`{filter}` finds something else");
        Ok(())
    }

    /// Reads all people page by page, and answers how many there are.
    pub(super) async fn read_all(&self, ldap: &mut Ldap) -> Result<usize> {
        let adapters: Vec<Box<dyn Adapter<'_, _, _>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let base = format!("ou=people,{SUFFIX}");
        let attributes = vec!["uid", "cn", "mail"];
        let mut found = ldap
            .streaming_search_with(adapters, &base, Scope::OneLevel, "(uid=*)", attributes)
            .await?;
        let mut n = 0;
        while found.next().await?.is_some() {
            n += 1;
        }
        found.finish().await.success()?;
        Ok(n)
    }

    /// Reads the group in which half of the people are, and answers how many there are.
    pub(super) async fn read_large(&self, ldap: &mut Ldap) -> Result<usize> {
        let group = format!("cn=half,ou=large,{SUFFIX}");
        let everything = "(objectClass=*)";
        let found = ldap.search(&group, Scope::Base, everything, vec!["member"]).await?;
        let entry = found.success()?.0.into_iter().next().context("there is no such group")?;
        Ok(SearchEntry::construct(entry).attrs.get("member").map_or(0, Vec::len))
    }
}

/// Whether a group lists somebody.
pub(super) async fn lists(ldap: &mut Ldap, group: &str, member: &str) -> Result<bool> {
    let everything = "(objectClass=*)";
    let (found, _) =
        ldap.search(group, Scope::Base, everything, vec!["member"]).await?.success()?;
    let entries = found.into_iter().map(SearchEntry::construct);
    let mut members =
        entries.flat_map(|mut entry| entry.attrs.remove("member").unwrap_or_default());
    Ok(members.any(|known| known == member))
}
