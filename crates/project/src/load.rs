//! Loads a project: every step after the other, all problems of all files at once.

use std::sync::Arc;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use muster_model::{
    Capabilities, Diagnostic, Schema, SettingProblem, Settings, Severity, SourceMap, Text,
};
use muster_policy::{
    AccessModel, AccessReview, Model, PolicyTest, Role, System, TypeModel, Workflow,
};

use crate::{
    access, access_reviews, applications,
    context::Context,
    directory, duties, forms, guests, lint,
    merge::{Parts, merge},
    notices, policy_tests,
    roles::{self, RoleNames},
    server, sign_in, spec, structure,
    suggest::did_you_mean,
    systems::{self, Names},
    types, webhooks, workflows,
    yaml::{self, Document, Node},
};

/// A model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path within the project, with `/`.
    pub path: Text,
    /// What it holds.
    pub text: Text,
}

/// What is known about connectors while a project is loaded.
pub trait Catalogue {
    /// The kinds of connector there are.
    fn connectors(&self) -> Vec<&'static str>;

    /// What a connector with these settings can do, or what is wrong with them. Nothing is opened for it.
    ///
    /// Called only with kinds that [`Catalogue::connectors`] names.
    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>>;

    /// Whether an agent can make the calls of this kind of connector: there is something to call.
    fn can_be_remote(&self, _connector: &str) -> bool {
        true
    }
}

/// No connector at all: for a model that has no systems.
#[derive(Debug, Clone, Copy)]
pub struct NoConnectors;

impl Catalogue for NoConnectors {
    fn connectors(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn capabilities(&self, _: &str, _: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
        Err(Vec::new())
    }
}

/// What came of loading a project.
#[derive(Debug)]
pub struct Loaded {
    /// The checked model; `None` when there are errors.
    pub model: Option<Model>,
    /// The files, sorted by path, so that spans can be shown.
    pub sources: SourceMap,
    /// All problems, sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the files of a project into a checked model. The order of `files` does not matter.
pub fn load(mut files: Vec<File>, catalogue: &dyn Catalogue) -> Loaded {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut sources = SourceMap::default();
    for File { path, text } in files {
        sources.add(path, text);
    }
    let mut context = Context::new(&sources);
    let documents = read(&mut context);
    for document in &documents {
        structure::check(&mut context, &document.root, &spec::PROJECT);
    }
    let parts = merge(&mut context, &documents);
    let model = build(&mut context, &parts, catalogue);
    let mut diagnostics = context.diagnostics;
    diagnostics.sort_by(|a, b| {
        let place = |d: &Diagnostic| (d.span.map(|span| (span.file, span.start)), d.code, d.span);
        place(a).cmp(&place(b))
    });
    diagnostics.dedup();
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    Loaded { model: model.filter(|_| !failed), sources, diagnostics }
}

fn read(context: &mut Context<'_>) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for (number, file) in (0u32..).zip(&context.sources.files) {
        documents.extend(yaml::read(number, &file.text, &mut problems));
    }
    context.diagnostics.append(&mut problems);
    documents
}

fn build(context: &mut Context<'_>, parts: &Parts<'_>, catalogue: &dyn Catalogue) -> Option<Model> {
    let timezone = parts.timezone.map_or(Some(TimeZone::UTC), |node| timezone(context, node));
    context.timezone = timezone.clone().unwrap_or(TimeZone::UTC);
    let store = parts.store.and_then(|node| store(context, node));
    let url = server::url(context, parts.url);
    let server = server::server(context, parts.server);
    let schema: Arc<Schema> = Arc::new(types::schema(context, &parts.types));
    context.schema = Arc::clone(&schema);
    let mut types = types::behaviour(context, &parts.types, &schema);
    lint::lifecycles(context, &parts.types, &schema, &types);
    let mut drafts =
        systems::systems(context, &parts.systems, &parts.types, &schema, &mut types, catalogue);
    let names = Names::new(&parts.systems, &drafts);
    let roles = roles::roles(context, &parts.roles, &schema, &names, &mut drafts);
    lint::roles(context, &parts.roles, &schema, &roles);
    lint::ungranted(context, &drafts, &roles);
    let duties = duties::duties(context, &parts.duties, &names);
    let role_names = roles::role_names(&parts.roles);
    let conflicts = duties::conflicts(context, &parts.conflicts, &parts.duties, &role_names);
    let ground =
        access::Ground { schema: &schema, types: &types, names: &names, roles: &role_names };
    let access_reviews = reviews_of(context, parts, &ground, &roles);
    let access = access::access(context, parts, &ground);
    let applications = applications::applications(context, parts, &schema, &role_names);
    systems::reviews(context, &parts.systems, &role_names, &mut drafts);
    let tests = tests_of(context, parts, &ground, (&drafts, &access));
    let systems = drafts.into_iter().map(systems::Draft::finish).collect::<Option<Vec<_>>>()?;
    let local = systems::by_hand(&schema, systems.len());
    let roles = roles.into_iter().collect::<Option<Vec<_>>>()?;
    let timezone = timezone?;
    let workflows = workflows_of(context, parts, &role_names, &types, &systems);
    let directory = directory::directory(context, parts.directory, &schema, &role_names);
    let can_mail = parts.mail.is_some() && types.iter().any(|of| of.sign_in.mail.is_some());
    let guests = guests::guests(context, parts, &schema, (&types, &roles, &role_names));
    Some(Model {
        schema,
        timezone,
        store,
        url,
        types,
        systems,
        local,
        roles,
        duties,
        conflicts,
        tests,
        workflows,
        webhooks: webhooks::webhooks(context, parts),
        mail: settings_of(parts.mail),
        audit: settings_of(parts.audit),
        sealing_key: parts.sealing.and_then(|node| node.get_text("key").cloned()),
        server,
        sign_in: sign_in::sign_in(context, parts.sign_in, &role_names, can_mail),
        access,
        applications,
        directory,
        access_reviews,
        guests,
        notices: notices::notices(context, parts.notices),
        forms: forms::forms(context, &parts.forms, &role_names),
    })
}

fn settings_of(node: Option<&Node>) -> Option<Settings> {
    node.map(|node| systems::settings_of(Some(node), node.span))
}

fn reviews_of(
    context: &mut Context<'_>,
    parts: &Parts<'_>,
    &access::Ground { schema, names, roles, .. }: &access::Ground<'_>,
    built: &[Option<Role>],
) -> Vec<AccessReview> {
    let systems = &parts.systems;
    let ground = access_reviews::Ground { schema, roles, systems, names };
    let reviews = access_reviews::access_reviews(context, &parts.reviews, &ground);
    access_reviews::named_by_policies(context, (&parts.roles, built), &reviews);
    reviews
}

fn tests_of(
    context: &mut Context<'_>,
    parts: &Parts<'_>,
    ground: &access::Ground<'_>,
    (drafts, access): (&[systems::Draft], &AccessModel),
) -> Vec<PolicyTest> {
    let access::Ground { schema, names, roles, .. } = *ground;
    let conflicts = &parts.conflicts;
    let ground = policy_tests::Ground { schema, names, drafts, roles, conflicts, access };
    policy_tests::tests(context, &parts.tests, &ground)
}

fn workflows_of(
    context: &mut Context<'_>,
    parts: &Parts<'_>,
    roles: &RoleNames,
    types: &[TypeModel],
    systems: &[System],
) -> Vec<Workflow> {
    let schema = Arc::clone(&context.schema);
    let lifecycles: Vec<_> = types.iter().map(|of| of.lifecycle.clone()).collect();
    let ground = workflows::Ground {
        schema: &schema,
        roles,
        lifecycles: &lifecycles,
        systems,
        mail: parts.mail.is_some(),
    };
    workflows::workflows(context, &parts.workflows, &ground)
}

/// The zone that a name stands for.
pub(crate) fn timezone(context: &mut Context<'_>, node: &Node) -> Option<TimeZone> {
    let name = node.text()?;
    let zones = TimeZoneDatabase::bundled();
    if let Ok(zone) = zones.get(name) {
        return Some(zone);
    }
    let known: Vec<String> = zones.available().map(|zone| zone.to_string()).collect();
    let help = did_you_mean(name, known.iter().map(String::as_str))
        .unwrap_or_else(|| "write an IANA name such as `Europe/Berlin` or `UTC`".to_owned());
    context.error("E0209", node.span, format!("unknown time zone `{name}`"), help);
    None
}

fn store(context: &mut Context<'_>, node: &Node) -> Option<Text> {
    let text = node.text()?;
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if !known.iter().any(|start| text.starts_with(start)) {
        context.error(
            "E0221",
            node.span,
            "the store is neither SQLite nor PostgreSQL",
            "write `sqlite:` and a path, such as `sqlite:muster.db`, or a `postgres://` address",
        );
        return None;
    }
    Some(text.clone())
}
