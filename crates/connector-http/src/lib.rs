//! REST services as systems: the settings say which requests read and change objects, and no code is needed.
//!
//! A class of objects has a list, perhaps paged, and requests to create, change, rename, enable, disable and delete; bodies
//! and paths are templates in which values are substituted and nothing is computed. The shared client (`muster-http`) signs
//! in, limits and keeps to one host. Services whose objects need more than that get a connector of their own.

mod change;
mod item;
mod read;
mod settings;
mod template;

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use muster_connector::{
    Connector, ConnectorError, Discovered, DiscoveredClass, Field, ReadEnd, ReadRequest, Secrets,
    Sink, refuse_unclaimed, settings_error,
};
use muster_http::{HttpClient, Request, Response};
use muster_model::{
    Applied, Capabilities, Change, Object, ObjectRef, SettingProblem, Settings, Text, ValueType,
    name_key,
};
use serde_json::Value as Json;

use crate::settings::{Class, RestSettings};

/// The connector's name in model files.
pub const KIND: &str = "http";

/// What can be done with these settings, or every problem in them. Sends nothing.
pub fn capabilities(settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    RestSettings::read(settings).map(|settings| settings.capabilities())
}

/// Makes a connector for the service that `settings` describes.
///
/// Nothing is sent before the first call. Wrong settings and secrets that cannot be found are
/// [`ConnectorError::Settings`].
pub fn open(
    settings: &Settings,
    secrets: &dyn Secrets,
) -> Result<Arc<dyn Connector>, ConnectorError> {
    let settings = RestSettings::read(settings).map_err(|problems| settings_error(&problems))?;
    let client = HttpClient::open(&settings.http, secrets)?;
    Ok(Arc::new(Rest { client, settings }))
}

/// One service.
#[derive(Debug)]
pub(crate) struct Rest {
    client: HttpClient,
    settings: RestSettings,
}

impl Rest {
    fn class(&self, name: &str) -> Result<&Class, ConnectorError> {
        self.settings.class(name).ok_or_else(|| {
            let known: Vec<&str> = self.settings.classes.keys().map(|name| &**name).collect();
            ConnectorError::Settings(format!(
                "there is no class `{name}` in the settings; there are `{}`",
                known.join("`, `")
            ))
        })
    }

    /// Sends a request whose answer must be success; what other statuses mean is said in the settings first.
    async fn call(&self, request: &Request, name: &Text) -> Result<Response, ConnectorError> {
        let response = self.client.send(request).await?;
        if response.is_success() {
            return Ok(response);
        }
        Err(self.meaning(&response, name).unwrap_or_else(|| response.error(name)))
    }

    fn meaning(&self, response: &Response, name: &Text) -> Option<ConnectorError> {
        let said = String::from_utf8_lossy(response.body()).to_lowercase();
        let meaning =
            self.settings.errors.iter().find(|meaning| {
                meaning.status == response.status() && said.contains(&meaning.words)
            })?;
        let text = format!("HTTP {}: {}", response.status(), response.problem());
        Some(match meaning.kind {
            "exists" => ConnectorError::AlreadyExists { name: name.clone() },
            "not_found" => ConnectorError::NotFound { name: name.clone() },
            "throttled" => ConnectorError::Throttled { after: response.retry_after() },
            "refused" => ConnectorError::Refused(text),
            "unreachable" => ConnectorError::Unreachable(text),
            _ => ConnectorError::Invalid(text),
        })
    }
}

#[async_trait]
impl Connector for Rest {
    fn capabilities(&self) -> Capabilities {
        self.settings.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        let listed = self.settings.classes.iter().find(|(_, class)| class.list.is_some());
        let Some((name, class)) = listed else {
            return Ok(format!("`{}` is not asked: no class has a list", self.client.base()));
        };
        let Some(list) = &class.list else { return Ok(String::new()) };
        let nothing = template::Scope::default();
        let request = self.request(&list.operation, &nothing).ok_or_else(|| {
            ConnectorError::Settings(format!("the list of `{name}` has no usable path"))
        })?;
        self.call(&request, &"".into()).await?.json::<Json>().map(drop)?;
        Ok(format!("`{}` answers with a list of `{name}`", self.client.base()))
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        let class = |(name, class): (&Text, &Class)| {
            let state = class.enabled.as_ref().map(|state| &state.path);
            let mut names = vec![&class.name];
            names.extend(
                [Some(&class.id), state].into_iter().flatten().filter(|n| **n != class.name),
            );
            let attribute =
                |path: &&Text| ((*path).clone(), ValueType::Text, false, **path == class.name);
            DiscoveredClass {
                name: name.clone(),
                attributes: names.iter().map(attribute).collect(),
            }
        };
        Ok(Discovered { classes: self.settings.classes.iter().map(class).collect() })
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        read::read(self, request, sink).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        read::get(self, object, fields).await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let capabilities = self.capabilities();
        let mut groups: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
        for (index, change) in changes.iter().enumerate() {
            let object = change.object();
            let key = (&*object.class, name_key(capabilities.names, &object.name));
            groups.entry(key).or_default().push(index);
        }
        // A rename ties two names together, so then everything goes in its order.
        let has_rename = changes.iter().any(|change| matches!(change, Change::Rename { .. }));
        let groups: Vec<Vec<usize>> = if has_rename {
            vec![(0..changes.len()).collect()]
        } else {
            groups.into_values().collect()
        };
        let mut answers: Vec<Result<Applied, ConnectorError>> = Vec::with_capacity(changes.len());
        answers.resize_with(changes.len(), || {
            Err(ConnectorError::Unreachable("the change was not answered".to_owned()))
        });
        let turns: Vec<Turn<'_>> = groups
            .iter()
            .map(|group| Box::pin(self.one_by_one(&capabilities, changes, group)) as Turn<'_>)
            .collect();
        // No more at once than requests may be under way: what only waits costs too.
        let at_once = usize::from(self.settings.http.connections);
        let mut running = stream::iter(turns).buffer_unordered(at_once);
        while let Some(done) = running.next().await {
            for (index, answer) in done {
                if let Some(slot) = answers.get_mut(index) {
                    *slot = answer;
                }
            }
        }
        answers
    }
}

type Answers = Vec<(usize, Result<Applied, ConnectorError>)>;
type Turn<'r> = Pin<Box<dyn Future<Output = Answers> + Send + 'r>>;

impl Rest {
    /// Does the changes of one object in their order.
    async fn one_by_one(
        &self,
        capabilities: &Capabilities,
        changes: &[Change],
        group: &[usize],
    ) -> Answers {
        let mut answers = Vec::with_capacity(group.len());
        for index in group {
            let Some(change) = changes.get(*index) else { continue };
            let answer = match refuse_unclaimed(capabilities, change) {
                Some(refusal) => Err(refusal),
                None => change::apply(self, change).await,
            };
            answers.push((*index, answer));
        }
        answers
    }
}

#[cfg(test)]
mod tests;
