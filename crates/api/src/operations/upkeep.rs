//! What keeps the journal and the repository safe: keys, checkpoints, exports, backups; and what could not be used.

use muster_app::{init_keys, json, list_keys, make_checkpoint, rotate_keys};
use muster_engine::{Shipped, back_up, list_problems, ship_journal};
use muster_policy::Right::{JournalExport, SystemsRead};
use muster_web::Problem;
use serde_json::{Value as Json, json};

use crate::{Operation, answer::Told, asked::Asked, jobs::Jobs};

/// Where backups are put, in the project folder.
const BACKUPS: &str = "backups";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            (
                "problems.list",
                "/problems",
                "List what could not be used: records and rows of the last reads, accounts without a name",
            ),
            SystemsRead,
            "@Unusable",
            problems,
        )
        .query("limit:limit* after:text*"),
        Operation::list(
            ("keys.list", "/journal/keys", "List the keys that signed the journal, the latest last"),
            JournalExport,
            "@Key",
            keys,
        ),
        Operation::post(
            ("keys.init", "/journal/keys", "Make the first key that signs the journal"),
            JournalExport,
            "@Key",
            init,
        )
        .makes(),
        Operation::post(
            ("keys.rotate", "/journal/keys/rotate", "Replace the key that signs the journal"),
            JournalExport,
            "@Key",
            rotate,
        ),
        Operation::post(
            ("journal.checkpoint", "/journal/checkpoint", "Sign the journal as it is now"),
            JournalExport,
            "@Checkpoint",
            checkpoint,
        ),
        Operation::job(
            ("journal.ship", "/journal/ship", "Deliver what the exports of the model have not delivered yet"),
            JournalExport,
            ship,
        ),
        Operation::job(
            ("backups.make", "/backups", "Write everything into one file, in `backups` of the project folder"),
            JournalExport,
            backup,
        ),
    ]
}

async fn problems(asked: Asked) -> Result<Told, Problem> {
    let after = asked.maybe("after");
    let page = list_problems(&asked.ctx, &asked.opened, after, asked.limit()).await?;
    let items: Vec<Json> = page.items.iter().map(muster_engine::json::problem).collect();
    let next = page.next.as_ref().map(ToString::to_string);
    Ok(json::list(&items, next.as_deref()).into())
}

async fn keys(asked: Asked) -> Result<Told, Problem> {
    let items: Vec<Json> = list_keys(&asked.opened).await?.iter().map(json::journal_key).collect();
    Ok(json::list(&items, None).into())
}

async fn init(asked: Asked) -> Result<Told, Problem> {
    Ok(Told::made(&json::journal_key(&init_keys(&asked.ctx, &asked.opened).await?)))
}

async fn rotate(asked: Asked) -> Result<Told, Problem> {
    Ok(json::journal_key(&rotate_keys(&asked.ctx, &asked.opened).await?).into())
}

async fn checkpoint(asked: Asked) -> Result<Told, Problem> {
    let made = make_checkpoint(&asked.ctx, &asked.opened).await?;
    Ok(json!({ "signed_up_to": made.map(|made| made.seq) }).into())
}

async fn ship(asked: Asked) -> Result<Told, Problem> {
    Jobs::begin(asked, "ship", |asked, _| async move {
        let shipped = ship_journal(&asked.ctx, &asked.opened).await?;
        let item = |one: &Shipped| {
            json!({ "export": &*one.name, "delivered": one.n, "up_to": one.seq, "problem": one.problem })
        };
        Ok(json::list(&shipped.iter().map(item).collect::<Vec<_>>(), None))
    })
    .await
}

async fn backup(asked: Asked) -> Result<Told, Problem> {
    Jobs::begin(asked, "backup", |asked, running| async move {
        let name = format!("muster-{}.backup", asked.ctx.now().strftime("%Y%m%dT%H%M%S%6fZ"));
        let folder = asked.opened.dir.join(BACKUPS);
        std::fs::create_dir_all(&folder).map_err(|error| {
            muster_app::Error::new(
                muster_app::Kind::Unavailable,
                "the folder for backups cannot be made",
            )
            .caused_by(error)
        })?;
        let (path, version) = (folder.join(&name), env!("CARGO_PKG_VERSION"));
        let info = back_up(&asked.ctx, &asked.opened, &path, version, &running).await?;
        let mut document = json::backup(&info);
        if let Json::Object(map) = &mut document {
            map.insert("file".to_owned(), format!("{BACKUPS}/{name}").into());
        }
        Ok(document)
    })
    .await
}
