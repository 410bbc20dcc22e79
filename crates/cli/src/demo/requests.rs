//! What people of the sample company ask for.

use std::collections::BTreeMap;

use muster_app::{Ctx, Error, Opened};
use muster_demo::{DemoRequest, REQUESTS};
use muster_governance::{NewRequest, create_request};

use super::first_of;

/// Makes the requests that wait for somebody.
pub(super) async fn ask(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    for DemoRequest { by, role, reason, answers } in REQUESTS {
        let asks = first_of(ctx, opened, by).await?;
        let answer =
            |(question, answer): &(&str, &str)| ((*question).to_owned(), (*answer).to_owned());
        let new = NewRequest {
            roles: vec![(*role).to_owned()],
            reason: (*reason).to_owned(),
            answers: answers.iter().map(answer).collect::<BTreeMap<_, _>>(),
            ..NewRequest::default()
        };
        create_request(ctx, opened, asks, &new).await?;
    }
    Ok(())
}
