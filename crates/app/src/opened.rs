//! An opened project: its checked model, its repository, its connected systems.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use muster_connector::{Connector, ConnectorError};
use muster_model::{Setting, Settings, Span, Text};
use muster_policy::{Evaluator, Model, System};
use muster_project::{File, Loaded};
use muster_store::{Entry, Options, Revision, RevisionHead, Store, absolute_url};

use crate::{
    Connectors, Ctx, Decider, Error, Names, Sealer, SystemNames, error::store_trouble,
    files::check_files, project_hash, read_project, survey::Survey,
};

/// A project that is ready for use cases and runs.
#[derive(Clone)]
pub struct Opened {
    /// The checked model.
    pub model: Arc<Model>,
    /// The model prepared for evaluation.
    pub evaluator: Arc<Evaluator>,
    /// The repository.
    pub store: Store,
    /// The repository's numbers for the model's names.
    pub names: Arc<Names>,
    /// The number of the model's revision.
    pub revision: i64,
    /// The project folder.
    pub dir: PathBuf,
    /// The rules of access, and whom they were asked about lately.
    pub(crate) decider: Arc<Decider>,
    /// What was found of everybody by the last look.
    pub(crate) survey: Arc<Survey>,
    /// Opened when the first secret is sealed or read.
    pub(crate) sealer: Arc<OnceLock<Arc<Sealer>>>,
    connectors: Arc<dyn Connectors>,
}

impl Opened {
    /// Reads the project, opens its repository and publishes a revision when the files differ from the last one.
    ///
    /// `store_url` comes before `store:` in the model; without either it is `sqlite:muster.db` in the folder.
    pub async fn open(
        dir: &Path,
        store_url: Option<&str>,
        connectors: Arc<dyn Connectors>,
        ctx: &Ctx,
    ) -> Result<Self, Error> {
        let files = read_project(dir)?;
        let mut loaded = check_files(&files, connectors.as_ref());
        let Some(model) = loaded.model.take() else { return Err(Error::project(loaded)) };
        let url = store_url.or(model.store.as_deref()).unwrap_or("sqlite:muster.db");
        let store =
            Store::open(&absolute_url(dir, url), &Options::default()).await.map_err(|error| {
                let (kind, hint) = store_trouble(&error);
                let made = Error::new(kind, "the repository cannot be opened").caused_by(error);
                match hint {
                    Some(hint) => made.hint(hint),
                    None => made,
                }
            })?;
        Self::with_store(dir, model, &files, store, connectors, ctx).await
    }

    /// As [`Opened::open`], for a model and a store that are there already.
    pub async fn with_store(
        dir: &Path,
        model: Model,
        files: &[File],
        store: Store,
        connectors: Arc<dyn Connectors>,
        ctx: &Ctx,
    ) -> Result<Self, Error> {
        let (revision, names) = publish(&store, &model, files, ctx).await?;
        let model = Arc::new(model);
        let decider = Decider::new(Arc::clone(&model));
        let evaluator = Arc::new(Evaluator::new(Arc::clone(&model)));
        Ok(Self {
            model,
            evaluator,
            store,
            names: Arc::new(names),
            revision,
            dir: dir.to_owned(),
            decider,
            survey: Arc::default(),
            sealer: Arc::default(),
            connectors,
        })
    }

    /// The same repository seen through another model, which must be right. Nothing is written; `revision` is what plans
    /// and answers will name.
    pub async fn with_files(&self, files: Vec<File>, revision: i64) -> Result<Self, Error> {
        let mut loaded = self.check(&files);
        let Some(model) = loaded.model.take() else { return Err(Error::project(loaded)) };
        let names = Names::suppose(&mut self.store.read().await?, &model).await?;
        let model = Arc::new(model);
        let decider = Decider::new(Arc::clone(&model));
        let evaluator = Arc::new(Evaluator::new(Arc::clone(&model)));
        let (store, dir) = (self.store.clone(), self.dir.clone());
        let connectors = Arc::clone(&self.connectors);
        let names = Arc::new(names);
        let sealer = Arc::clone(&self.sealer);
        let survey = Arc::default();
        Ok(Self {
            model,
            evaluator,
            store,
            names,
            revision,
            dir,
            decider,
            survey,
            sealer,
            connectors,
        })
    }

    /// What is wrong with these files, were they the model.
    pub fn check(&self, files: &[File]) -> Loaded {
        check_files(files, self.connectors.as_ref())
    }

    /// The project with these files, which must be right, as its newest revision.
    pub(crate) async fn published(&self, ctx: &Ctx, files: &[File]) -> Result<Self, Error> {
        let mut loaded = self.check(files);
        let Some(model) = loaded.model.take() else { return Err(Error::project(loaded)) };
        let (store, connectors) = (self.store.clone(), Arc::clone(&self.connectors));
        Self::with_store(&self.dir, model, files, store, connectors, ctx).await
    }

    /// Opens the connector of a system.
    pub fn connect(&self, system: &System) -> Result<Arc<dyn Connector>, ConnectorError> {
        let System { connector, settings, agent, chaos, .. } = system;
        match agent {
            Some(agent) => self.connectors.open_remote(agent, connector, settings, chaos.as_ref()),
            None => self.connectors.open(connector, settings, chaos.as_ref(), &self.dir),
        }
    }

    /// Opens a file of rows that a person names, by its ending: `csv`, `tsv` or `xlsx`. Columns that hold several values
    /// have a `|` between them.
    pub fn connect_file(&self, path: &Path, key: &str) -> Result<Arc<dyn Connector>, Error> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let connector = match ending.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => "csv",
            "xlsx" => "xlsx",
            _ => {
                let problem = format!("`{}` is no file of rows", path.display());
                return Err(Error::invalid(problem).hint("name a .csv, .tsv or .xlsx file"));
            }
        };
        let span = Span { file: 0, start: 0, end: 0 };
        let path: Text = path.to_string_lossy().into();
        let settings = [("path", path), ("key", key.into()), ("many", "|".into())]
            .into_iter()
            .map(|(name, text)| (name.into(), (span, Setting::Scalar(text, span))));
        let settings = Settings { entries: settings.collect(), span };
        let opened = self.connectors.open(connector, &settings, None, &self.dir);
        opened.map_err(|error| Error::invalid("the file cannot be opened").caused_by(error))
    }

    /// What sends mail and the like for workflows; `None` where nothing does.
    pub fn deliver(&self) -> Option<Arc<dyn crate::Deliver>> {
        self.connectors.deliver(&self.dir)
    }

    /// What says in the words of SCIM what happens; `None` where nothing does.
    pub(crate) fn speaks_scim(&self) -> Option<Arc<dyn crate::SpeakScim>> {
        self.connectors.speaks_scim(self)
    }

    /// The systems with their numbers, the built-in source last.
    pub fn sources(&self) -> impl Iterator<Item = (&System, &SystemNames)> {
        let local = std::iter::once((&self.model.local, &self.names.local));
        self.model.systems.iter().zip(&self.names.systems).chain(local)
    }

    /// The system with this name.
    pub fn system_named(&self, name: &str) -> Result<&System, Error> {
        self.model.systems.iter().find(|system| &*system.name == name).ok_or_else(|| {
            let error = Error::not_found(format!("there is no system `{name}`"));
            match similar(name, self.model.systems.iter().map(|system| &system.name)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            }
        })
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("dir", &self.dir)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// The name nearest to `wanted`, if one is near.
pub fn similar<'a>(wanted: &str, names: impl Iterator<Item = &'a Text>) -> Option<&'a Text> {
    let scored = names.map(|name| (strsim::jaro_winkler(wanted, name), name));
    scored
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// How much two texts are alike: from 0 to 1, the beginnings counting more.
pub fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro_winkler(one, other)
}

async fn publish(
    store: &Store,
    model: &Model,
    files: &[File],
    ctx: &Ctx,
) -> Result<(i64, Names), Error> {
    let hash: Text = project_hash(files).into();
    let mut tx = store.read().await?;
    let latest = tx.latest_revision().await?;
    if let Some(latest) = latest.filter(|latest| latest.hash == hash)
        && let Some(names) = Names::find(&mut tx, model).await?
    {
        return Ok((latest.number, names));
    }
    drop(tx);
    let mut tx = store.begin().await?;
    let head = RevisionHead {
        number: 0,
        hash: hash.clone(),
        author: ctx.actor.clone(),
        made_at: ctx.now(),
        message: "".into(),
    };
    let (number, is_new) = tx.append_revision(&Revision { head, body: pack(files) }).await?;
    Names::make(&mut tx, model).await?;
    let names = Names::find(&mut tx, model)
        .await?
        .ok_or_else(|| Error::bug("a name of the model has no number"))?;
    if is_new {
        tx.append_journal(&Entry {
            at: ctx.now(),
            actor: ctx.actor.clone(),
            on_behalf_of: ctx.on_behalf_of.clone(),
            action: "revision.publish".into(),
            subject: format!("revision {number}").into(),
            detail: serde_json::json!({ "hash": &*hash, "files": files.len() }).to_string().into(),
            correlation: Some(ctx.correlation.clone()),
        })
        .await?;
    }
    tx.commit().await?;
    Ok((number, names))
}

/// The files as they are kept with the revision: a JSON object from path to text.
fn pack(files: &[File]) -> Vec<u8> {
    let map: serde_json::Map<String, serde_json::Value> = files
        .iter()
        .map(|file| (file.path.to_string(), serde_json::Value::from(&*file.text)))
        .collect();
    serde_json::Value::Object(map).to_string().into_bytes()
}
