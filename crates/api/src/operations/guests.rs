//! Guests: who they are, and inviting them.
//!
//! A sponsor sees and invites their own guests without any right; whoever has the rights of people does for others.

use muster_app::json::list as items;
use muster_engine::{GuestQuery, NewGuest, invite_guest, json::guest, list_guests, see_guest};
use muster_policy::Right::{PeopleRead, PeopleWrite};
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> [Operation; 3] {
    [
        Operation::list(
            ("guests.list", "/guests", "List guests: your own, or everybody's"),
            None,
            "@Guest",
            list,
        )
        .query("of:mine|all* removed:flag*")
        .paged(),
        Operation::get(("guests.get", "/guests/{person}", "See a guest"), None, "@Guest", get),
        Operation::post(
            ("guests.invite", "/guests", "Invite a guest, or one who was here before again"),
            None,
            "@Guest",
            invite,
        )
        .body(
            "mail:filled name:filled roles:filled[+] sponsor:filled?* until:instant?* reason:text?* \
             answers:texts* despite_look_alikes:flag*",
        )
        .makes(),
    ]
}

async fn list(mut asked: Asked) -> Result<Told, Problem> {
    let sponsor = if asked.maybe("of") == Some("all") { None } else { asked.me().ok() };
    if sponsor.is_none() {
        asked.within(PeopleRead)?;
    }
    let (removed, after, limit) = (asked.flag("removed"), asked.after(), asked.limit());
    let query = GuestQuery { sponsor, removed, after, limit };
    let page = list_guests(&asked.ctx, &asked.opened, &query).await?;
    let guests: Vec<Json> = page.items.iter().map(guest).collect();
    Ok(items(&guests, page.next.map(cursor).as_deref()).into())
}

async fn get(mut asked: Asked) -> Result<Told, Problem> {
    let name = asked.text("person").to_owned();
    if let Some(me) = asked.me().ok()
        && let Ok(found) = see_guest(&asked.ctx, &asked.opened, Some(me), &name).await
    {
        return Ok(guest(&found).into());
    }
    asked.within(PeopleRead)?;
    Ok(guest(&see_guest(&asked.ctx, &asked.opened, None, &name).await?).into())
}

async fn invite(mut asked: Asked) -> Result<Told, Problem> {
    let new = NewGuest {
        mail: asked.text("mail").to_owned(),
        name: asked.text("name").to_owned(),
        sponsor: asked.owned("sponsor"),
        until: asked.instant("until"),
        roles: asked.texts("roles"),
        reason: asked.text("reason").to_owned(),
        answers: asked.pairs("answers"),
        despite_look_alikes: asked.flag("despite_look_alikes"),
    };
    let me = asked.me().ok();
    // In the name of somebody else only whoever enters people does it.
    if new.sponsor.is_some() || me.is_none() {
        asked.within(PeopleWrite)?;
    }
    let made = invite_guest(&asked.ctx, &asked.opened, me, &new).await?;
    Ok(Told::made(&guest(&made)))
}
