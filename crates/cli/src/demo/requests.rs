//! What people of the sample company ask for.

use std::collections::BTreeMap;

use muster_app::{Ctx, Error, Opened, PeopleQuery, list_people};
use muster_demo::{DemoRequest, REQUESTS};
use muster_governance::{NewRequest, create_request};

/// Makes the requests that wait for somebody.
pub(super) async fn ask(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    for DemoRequest { by, role, reason, answers } in REQUESTS {
        let condition = Some((*by).to_owned());
        let query = PeopleQuery { condition, limit: 1, ..PeopleQuery::default() };
        let found = list_people(ctx, opened, &query).await?.items.into_iter().next();
        let asks = found.ok_or_else(|| Error::bug("the sample company lacks somebody who asks"))?;
        let answer =
            |(question, answer): &(&str, &str)| ((*question).to_owned(), (*answer).to_owned());
        let new = NewRequest {
            roles: vec![(*role).to_owned()],
            reason: (*reason).to_owned(),
            answers: answers.iter().map(answer).collect::<BTreeMap<_, _>>(),
            ..NewRequest::default()
        };
        create_request(ctx, opened, asks.id, &new).await?;
    }
    Ok(())
}
