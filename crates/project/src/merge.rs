//! Puts the documents of all files together: one project with each name once.

use muster_model::{Diagnostic, Span, Text};

use crate::{
    context::Context,
    yaml::{Document, Entry, Kind, Node},
};

/// The highest version of the file format that is understood.
const VERSION: u64 = 1;

/// The whole project as written.
#[derive(Debug, Default)]
pub(crate) struct Parts<'d> {
    /// `timezone:`
    pub(crate) timezone: Option<&'d Node>,
    /// `store:`
    pub(crate) store: Option<&'d Node>,
    /// `url:`
    pub(crate) url: Option<&'d Node>,
    /// `types:` in order of name, each name once.
    pub(crate) types: Vec<&'d Entry>,
    /// `systems:` in order of name.
    pub(crate) systems: Vec<&'d Entry>,
    /// `roles:` in order of name.
    pub(crate) roles: Vec<&'d Entry>,
    /// `duties:` in order of name.
    pub(crate) duties: Vec<&'d Entry>,
    /// `conflicts:` in order of name.
    pub(crate) conflicts: Vec<&'d Entry>,
    /// `reviews:` in order of name.
    pub(crate) reviews: Vec<&'d Entry>,
    /// `apps:` in order of name.
    pub(crate) apps: Vec<&'d Entry>,
    /// `access:` in order of name.
    pub(crate) access: Vec<&'d Entry>,
    /// `applications:` in order of name.
    pub(crate) applications: Vec<&'d Entry>,
    /// `workflows:` in order of name.
    pub(crate) workflows: Vec<&'d Entry>,
    /// `webhooks:` in order of name.
    pub(crate) webhooks: Vec<&'d Entry>,
    /// `mail:`
    pub(crate) mail: Option<&'d Node>,
    /// `audit:`
    pub(crate) audit: Option<&'d Node>,
    /// `server:`
    pub(crate) server: Option<&'d Node>,
    /// `sealing:`
    pub(crate) sealing: Option<&'d Node>,
    /// `sign_in:`
    pub(crate) sign_in: Option<&'d Node>,
    /// `directory:`
    pub(crate) directory: Option<&'d Node>,
    /// `forms:` in order of name.
    pub(crate) forms: Vec<&'d Entry>,
    /// `guests:`
    pub(crate) guests: Option<&'d Node>,
    /// `notices:`
    pub(crate) notices: Option<&'d Node>,
    /// `tests:` in the order written.
    pub(crate) tests: Vec<&'d Node>,
}

/// Puts the documents together.
pub(crate) fn merge<'d>(context: &mut Context<'_>, documents: &'d [Document]) -> Parts<'d> {
    let mut parts = Parts::default();
    let mut version: Option<&Entry> = None;
    let mut timezone: Option<&Entry> = None;
    let mut store: Option<&Entry> = None;
    let mut url: Option<&Entry> = None;
    let mut mail: Option<&Entry> = None;
    let mut audit: Option<&Entry> = None;
    let mut server: Option<&Entry> = None;
    let mut sealing: Option<&Entry> = None;
    let mut sign_in: Option<&Entry> = None;
    let mut directory: Option<&Entry> = None;
    let mut guests: Option<&Entry> = None;
    let mut notices: Option<&Entry> = None;
    for entry in documents.iter().flat_map(|document| document.root.entries()) {
        match &*entry.key {
            "muster" => once(context, &mut version, entry),
            "timezone" => once(context, &mut timezone, entry),
            "store" => once(context, &mut store, entry),
            "url" => once(context, &mut url, entry),
            "mail" => once(context, &mut mail, entry),
            "audit" => once(context, &mut audit, entry),
            "server" => once(context, &mut server, entry),
            "sealing" => once(context, &mut sealing, entry),
            "sign_in" => once(context, &mut sign_in, entry),
            "directory" => once(context, &mut directory, entry),
            "reviews" => parts.reviews.extend(entry.value.entries()),
            "guests" => once(context, &mut guests, entry),
            "notices" => once(context, &mut notices, entry),
            "apps" => parts.apps.extend(entry.value.entries()),
            "access" => parts.access.extend(entry.value.entries()),
            "applications" => parts.applications.extend(entry.value.entries()),
            "forms" => parts.forms.extend(entry.value.entries()),
            "workflows" => parts.workflows.extend(entry.value.entries()),
            "webhooks" => parts.webhooks.extend(entry.value.entries()),
            "types" => parts.types.extend(entry.value.entries()),
            "systems" => parts.systems.extend(entry.value.entries()),
            "roles" => parts.roles.extend(entry.value.entries()),
            "duties" => parts.duties.extend(entry.value.entries()),
            "conflicts" => parts.conflicts.extend(entry.value.entries()),
            "tests" => parts.tests.extend(list(&entry.value)),
            _ => {}
        }
    }
    check_version(context, version);
    parts.timezone = timezone.map(|entry| &entry.value);
    parts.store = store.map(|entry| &entry.value);
    parts.url = url.map(|entry| &entry.value);
    parts.mail = mail.map(|entry| &entry.value).filter(|node| !node.is_null());
    parts.audit = audit.map(|entry| &entry.value).filter(|node| !node.is_null());
    parts.directory = directory.map(|entry| &entry.value).filter(|node| !node.is_null());
    parts.guests = guests.map(|entry| &entry.value).filter(|node| !node.is_null());
    parts.notices = notices.map(|entry| &entry.value).filter(|node| !node.is_null());
    parts.server = server.map(|entry| &entry.value).filter(|node| !node.is_null());
    parts.sealing = sealing.map(|entry| &entry.value).filter(|node| !node.is_null());
    parts.sign_in = sign_in.map(|entry| &entry.value).filter(|node| !node.is_null());
    each_once(context, &mut parts);
    parts
}

/// Sorts everything that has a name, and reports names that are there twice.
fn each_once(context: &mut Context<'_>, parts: &mut Parts<'_>) {
    let named = [
        ("entity type", &mut parts.types),
        ("system", &mut parts.systems),
        ("role", &mut parts.roles),
        ("duty", &mut parts.duties),
        ("conflict", &mut parts.conflicts),
        ("review", &mut parts.reviews),
        ("application", &mut parts.apps),
        ("application", &mut parts.applications),
        ("rule of access", &mut parts.access),
        ("form", &mut parts.forms),
        ("workflow", &mut parts.workflows),
        ("webhook", &mut parts.webhooks),
    ];
    for (what, entries) in named {
        unique(context, what, entries);
    }
}

fn list(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::List(items, _) => items,
        Kind::Null | Kind::Scalar(..) | Kind::Map(..) => &[],
    }
}

fn once<'d>(context: &mut Context<'_>, seen: &mut Option<&'d Entry>, entry: &'d Entry) {
    match seen {
        None => *seen = Some(entry),
        Some(first) => {
            let message = format!("`{}` may stand only once in a project", entry.key);
            context.report(
                Diagnostic::error("E0206", entry.key_span, message)
                    .label("second time")
                    .related(first.key_span, "first here"),
            );
        }
    }
}

fn check_version(context: &mut Context<'_>, version: Option<&Entry>) {
    let Some(entry) = version else {
        let mut diagnostic = Diagnostic::error(
            "E0204",
            Span { file: 0, start: 0, end: 0 },
            "the project does not say which version of the file format it has",
        )
        .help("put `muster: 1` at the top of one file");
        diagnostic.span = None;
        context.report(diagnostic);
        return;
    };
    let Some(number) = entry.value.text().and_then(|text| text.parse::<u64>().ok()) else { return };
    if number > VERSION {
        context.error(
            "E0205",
            entry.value.span,
            format!("this project was written for a newer Muster (format {number})"),
            format!("this Muster reads format {VERSION}; use a newer one"),
        );
    }
}

/// Sorts by name and reports names that are there twice; the first one stays.
fn unique(context: &mut Context<'_>, what: &str, entries: &mut Vec<&Entry>) {
    entries.sort_by(|a, b| (&a.key, a.key_span).cmp(&(&b.key, b.key_span)));
    let mut last: Option<(Text, Span)> = None;
    entries.retain(|entry| match &last {
        Some((name, first)) if *name == entry.key => {
            let message = format!("the {what} `{name}` is defined twice");
            context.report(
                Diagnostic::error("E0206", entry.key_span, message)
                    .label("second definition")
                    .related(*first, "first definition"),
            );
            false
        }
        Some(_) | None => {
            last = Some((entry.key.clone(), entry.key_span));
            true
        }
    });
}
