//! Calls to a connector: again with back-off where it may help, settled by reading where an answer was lost.

use std::{collections::BTreeSet, time::Duration};

use muster_connector::{Connector, ConnectorError, Field};
use muster_model::{Applied, Change, Text, Value, ValueType};
use tracing::Instrument as _;

use super::pace::Pace;

/// How often one change is tried in one run.
const TRIES: u32 = 6;
/// The first pause; it doubles with every try.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// No pause in a run is longer, whatever a system asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The outcome of each change, and how many calls were made again.
pub(super) struct Answers {
    pub(super) results: Vec<Result<Applied, ConnectorError>>,
    pub(super) retried: u64,
}

/// Makes the calls. `uncertain` tells for each change whether an earlier call may have gone out.
pub(super) async fn call(
    connector: &dyn Connector,
    pace: &mut Pace,
    changes: &[Change],
    uncertain: &[bool],
) -> Answers {
    let mut results: Vec<Option<Result<Applied, ConnectorError>>> =
        changes.iter().map(|_| None).collect();
    let mut doubtful: Vec<bool> = uncertain.to_vec();
    let mut retried = 0;
    for attempt in 0..TRIES {
        let mut open: Vec<usize> = Vec::new();
        for (position, change) in changes.iter().enumerate() {
            if results.get(position).is_some_and(Option::is_none) {
                let settled = if doubtful.get(position) == Some(&true) {
                    settle(connector, change).await
                } else {
                    None
                };
                match settled {
                    Some(answer) => put(&mut results, position, answer),
                    None => open.push(position),
                }
            }
        }
        if open.is_empty() {
            break;
        }
        let batch: Vec<Change> =
            open.iter().filter_map(|position| changes.get(*position).cloned()).collect();
        let answers = at_its_pace(connector, pace, &batch).await;
        let mut pause = FIRST_PAUSE * 2u32.pow(attempt);
        let mut again = 0;
        for (position, answer) in open.iter().zip(answers) {
            match answer {
                Err(ConnectorError::Throttled { after: Some(after) }) if after > LONGEST_PAUSE => {
                    let answer = Err(ConnectorError::Throttled { after: Some(after) });
                    put(&mut results, *position, answer);
                }
                Err(error) if attempt + 1 < TRIES && may_help(&error, doubtful.get(*position)) => {
                    again += 1;
                    if let ConnectorError::Throttled { after: Some(after) } = error {
                        pause = pause.max(after.min(LONGEST_PAUSE));
                    }
                    if let Some(place) = doubtful.get_mut(*position) {
                        *place |= matches!(error, ConnectorError::Unreachable(_));
                    }
                }
                answer => put(&mut results, *position, answer),
            }
        }
        if again == 0 {
            break;
        }
        retried += again;
        // A little apart, so that systems that failed together are not asked again together.
        let apart = f64::from(u32::try_from(again % 7).unwrap_or(0)) / 20.0;
        tokio::time::sleep(pause + pause.mul_f64(apart)).await;
    }
    let missing = || Err(ConnectorError::Unreachable("no answer came back".to_owned()));
    Answers {
        results: results.into_iter().map(|result| result.unwrap_or_else(missing)).collect(),
        retried,
    }
}

/// Makes the calls in portions that the pace allows.
async fn at_its_pace(
    connector: &dyn Connector,
    pace: &mut Pace,
    changes: &[Change],
) -> Vec<Result<Applied, ConnectorError>> {
    let mut answers = Vec::with_capacity(changes.len());
    for portion in changes.chunks(pace.portion().max(1)) {
        pace.turn(portion.len()).await;
        let span = tracing::info_span!("connector", otel.name = "apply", changes = portion.len());
        let mut own = connector.apply(portion).instrument(span).await;
        // Every change has its answer, so that the next portion's do not go to the wrong ones.
        own.resize_with(portion.len(), || {
            Err(ConnectorError::Unreachable("no answer came back".to_owned()))
        });
        answers.append(&mut own);
    }
    answers
}

/// True where another try may help: for what passes, and for an answer that may come of an earlier call of ours whose
/// own answer was lost; there the object tells.
fn may_help(error: &ConnectorError, doubtful: Option<&bool>) -> bool {
    let after_itself =
        matches!(error, ConnectorError::AlreadyExists { .. } | ConnectorError::NotFound { .. });
    error.is_transient() || (after_itself && doubtful == Some(&true))
}

fn put(
    results: &mut [Option<Result<Applied, ConnectorError>>],
    position: usize,
    answer: Result<Applied, ConnectorError>,
) {
    if let Some(place) = results.get_mut(position) {
        *place = Some(answer);
    }
}

/// Finds out by reading whether a change was done whose answer was lost. Only changes that could not simply be done
/// again need it: every other one is the same done twice as done once.
async fn settle(
    connector: &dyn Connector,
    change: &Change,
) -> Option<Result<Applied, ConnectorError>> {
    match change {
        Change::Create { object, values, .. } => {
            let fields: Vec<Field> = values.iter().map(field).collect();
            match connector.get(object, &fields).await {
                Ok(Some(found)) if is_as_created(values, &found.values) => {
                    Some(Ok(Applied { id: Some(found.id), name: Some(found.name), pending: None }))
                }
                // Somebody else's object has the name: what was sent did not arrive, and must not be taken for done.
                Ok(Some(found)) => Some(Err(ConnectorError::AlreadyExists { name: found.name })),
                Ok(None) => None,
                Err(error) => (!error.is_transient()).then_some(Err(error)),
            }
        }
        Change::Rename { object, to } => {
            let renamed = muster_model::ObjectRef { name: to.clone(), ..object.clone() };
            match connector.get(&renamed, &[]).await {
                Ok(Some(found)) if *found.name == **to => {
                    Some(Ok(Applied { id: Some(found.id), name: Some(found.name), pending: None }))
                }
                Ok(_) => None,
                Err(error) => (!error.is_transient()).then_some(Err(error)),
            }
        }
        Change::Update { .. }
        | Change::SetEnabled { .. }
        | Change::Delete { .. }
        | Change::Members { .. } => None,
    }
}

fn field((name, value): &(Text, Value)) -> Field {
    let value_type = match value.items().first() {
        Some(Value::Bool(_)) => ValueType::Bool,
        Some(Value::Int(_)) => ValueType::Int,
        Some(Value::Float(_)) => ValueType::Float,
        Some(Value::Date(_)) => ValueType::Date,
        Some(Value::DateTime(_)) => ValueType::DateTime,
        Some(Value::Binary(_)) => ValueType::Binary,
        Some(Value::Uuid(_)) => ValueType::Uuid,
        Some(
            Value::Null | Value::Text(_) | Value::Link(_) | Value::Reference(_) | Value::List(_),
        )
        | None => ValueType::Text,
    };
    Field { name: name.clone(), value_type, many: matches!(value, Value::List(_)) }
}

/// True when an object holds every value that it was to be created with; systems may change the case of a value.
fn is_as_created(values: &[(Text, Value)], found: &[Value]) -> bool {
    let shape = |value: &Value| -> BTreeSet<String> {
        let items = value.items().iter().map(Value::to_wire_text);
        items.filter_map(|item| item.as_text().map(|text| text.to_lowercase())).collect()
    };
    values.iter().zip(found).all(|((_, sent), found)| shape(sent) == shape(found))
}
