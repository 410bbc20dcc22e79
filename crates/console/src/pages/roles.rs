//! `/roles`: the roles of the model, and who has each.

use askama::Template;
use axum::response::Response;
use muster_app::{Ctx, RoleView, list_role_holders, list_roles, role_named};
use muster_policy::Right;
use muster_web::Problem;

use super::{Pager, part_of, people};
use crate::{
    address,
    frame::{Frame, page},
    given::ROWS,
    reasons::{self, Sentence},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "roles.html")]
struct List<'v> {
    frame: Frame<'v>,
    roles: Vec<Role>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "role.html")]
struct One<'v> {
    frame: Frame<'v>,
    role: Role,
    includes: Vec<(String, String)>,
    /// Who has it, for those who may see people; with what stands for their number.
    holders: Option<(Vec<Holder>, usize)>,
    pager: Pager,
}

struct Role {
    name: String,
    href: String,
    description: String,
    owner: String,
    when: String,
    grants: Vec<String>,
    at: Sentence,
    /// The form for it, for those who may publish.
    edit: Option<String>,
}

struct Holder {
    row: people::Row,
    assigned: bool,
}

fn role(visit: &Visit, view: &RoleView) -> Role {
    let text = |text: &Option<muster_model::Text>| text.as_deref().unwrap_or_default().to_owned();
    Role {
        name: view.name.to_string(),
        href: address::role(&view.name),
        description: text(&view.description),
        owner: text(&view.owner),
        when: text(&view.when),
        grants: view.grants.clone(),
        at: reasons::sentence(visit, String::new(), Some(&view.at)),
        edit: visit
            .may_for_everybody(Right::RevisionsWrite)
            .map(|_| address::edit(&view.at.file, &format!("roles/{}", view.name))),
    }
}

/// All of them.
pub(crate) async fn list(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let part = part_of(list_roles(&visit.opened), &visit.given);
    let pager = Pager::new("/roles", &visit.given, &[], part.next.map(|next| next.to_string()));
    let roles = part.items.iter().map(|view| role(&visit, view)).collect();
    page(&visit, &List { frame: Frame::of(&visit), roles, pager })
}

/// One of them.
pub(crate) async fn show(visit: Visit, _ctx: Ctx) -> Result<Response, Problem> {
    let view = role_named(&visit.opened, visit.given.text("role"))?;
    let mut holders = None;
    let mut next = None;
    if let Some(ctx) = visit.may(Right::PeopleRead) {
        let (opened, after) = (&visit.opened, visit.given.after());
        let (part, n) = list_role_holders(&ctx, opened, &view.name, after, ROWS).await?;
        next = part.next.map(|next| next.to_string());
        let holder = |one: &muster_app::RoleHolder| Holder {
            row: people::Row::of(&one.person),
            assigned: one.assigned,
        };
        holders = Some((part.items.iter().map(holder).collect(), n));
    }
    let pager = Pager::new(&address::role(&view.name), &visit.given, &[], next);
    let includes = view.includes.iter().map(|name| (name.to_string(), address::role(name)));
    let includes = includes.collect();
    page(
        &visit,
        &One { frame: Frame::of(&visit), role: role(&visit, &view), includes, holders, pager },
    )
}
