//! `muster roles`.

use muster_app::{RoleView, json, list_roles, role_named};

use crate::{
    Exit, Result,
    shell::Shell,
    ui::{Report, counted},
};

/// List roles, or show one with its rule and what it grants
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Show this role only
    #[arg(value_name = "ROLE")]
    role: Option<String>,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let (_ctx, opened) = shell.open().await?;
    let roles = list_roles(&opened);
    match args.role {
        None => {
            let items = roles.iter().map(|role| (row(role), json::role(role)));
            shell.ui.show(&Report::list(
                &["role", "owner", "when", "includes", "grants", "at"],
                items,
                None,
            ))?;
        }
        Some(name) => {
            shell.ui.show(&one(&role_named(&opened, &name)?))?;
        }
    }
    Ok(Exit::Done)
}

fn optional(text: Option<&muster_model::Text>) -> String {
    text.map_or_else(String::new, ToString::to_string)
}

fn row(role: &RoleView) -> Vec<String> {
    vec![
        role.name.to_string(),
        optional(role.owner.as_ref()),
        optional(role.when.as_ref()),
        role.includes.join(", "),
        counted(role.grants.len(), "grant"),
        role.at.to_string(),
    ]
}

fn one(role: &RoleView) -> Report {
    let fields = vec![
        ("role", role.name.to_string()),
        ("description", optional(role.description.as_ref())),
        ("owner", optional(role.owner.as_ref())),
        ("when", optional(role.when.as_ref())),
        ("includes", role.includes.join(", ")),
        ("grants", role.grants.join("\n")),
        ("at", role.at.to_string()),
    ];
    Report::one(fields, json::role(role))
}
