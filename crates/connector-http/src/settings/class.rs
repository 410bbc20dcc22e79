//! One class of objects and what can be done with them.

use muster_connector::SettingReader;
use muster_http::Method;
use muster_model::Text;

use super::operation::{self, Listing, Operation};

/// A class of objects.
#[derive(Debug, Clone)]
pub(crate) struct Class {
    /// Where an object's id stands.
    pub(crate) id: Text,
    /// Where its name stands.
    pub(crate) name: Text,
    /// Where it says whether it is enabled.
    pub(crate) enabled: Option<State>,
    /// Reads all of them.
    pub(crate) list: Option<Listing>,
    /// Reads one by id or name.
    pub(crate) get: Option<Operation>,
    /// Searches one by name.
    pub(crate) find: Option<Listing>,
    /// Creates one.
    pub(crate) create: Option<Operation>,
    /// Changes values.
    pub(crate) update: Option<Operation>,
    /// True when an update sends the whole object.
    pub(crate) whole: bool,
    /// Gives another name.
    pub(crate) rename: Option<Operation>,
    /// Enables; without it, an update does.
    pub(crate) enable: Option<Operation>,
    /// Disables; without it, an update does.
    pub(crate) disable: Option<Operation>,
    /// Deletes.
    pub(crate) delete: Option<Operation>,
    /// Adds and removes members.
    pub(crate) members: Option<Members>,
}

/// Where and how an object says whether it is enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// Where it stands.
    pub(crate) path: Text,
    /// The value of an enabled one.
    pub(crate) on: Text,
    /// The value of a disabled one.
    pub(crate) off: Text,
}

/// How members are changed: one by one, or, without operations, as a list in an update of the group.
#[derive(Debug, Clone)]
pub(crate) struct Members {
    /// Adds one.
    pub(crate) add: Option<Operation>,
    /// Removes one.
    pub(crate) remove: Option<Operation>,
}

impl Class {
    /// True when its objects can be enabled and disabled.
    pub(crate) fn can_enable(&self) -> bool {
        let by_update = self.update.is_some();
        let both = self.enable.is_some() && self.disable.is_some();
        self.enabled.is_some() && (by_update || both)
    }
}

/// Reads a class.
pub(super) fn read(reader: &mut SettingReader<'_>) -> Option<Class> {
    let object = ["id", "name"];
    let name = reader.required("name");
    let id = reader.text("id").or_else(|| name.clone());
    let mut one = |key: &str, method: Method, known: &[&str]| {
        reader.map(key, |reader| operation::read(reader, method, known))
    };
    let get = one("get", Method::Get, &object);
    let create = one("create", Method::Post, &["name", "enabled", "values"]);
    let rename = one("rename", Method::Patch, &["id", "name", "to"]);
    let enable = one("enable", Method::Post, &["id", "name", "enabled"]);
    let disable = one("disable", Method::Post, &["id", "name", "enabled"]);
    let delete = one("delete", Method::Delete, &object);
    let mut whole = false;
    let update = reader.map("update", |reader| {
        whole = reader.boolean("whole").unwrap_or(false);
        let method = if whole { Method::Put } else { Method::Patch };
        operation::read(reader, method, &["id", "name", "values"])
    });
    let enabled = reader.map("enabled", read_state);
    let list = reader.map("list", operation::read_list);
    let find = reader.map("find", |reader| {
        let items = reader.text("items").unwrap_or_else(|| "".into());
        let operation = operation::read(reader, Method::Get, &["name"])?;
        let paging = operation::Paging::None;
        Some(Listing { operation, items, paging, since: None, deleted: None })
    });
    let members = reader.map("members", |reader| {
        let known = ["id", "name", "member"];
        let add = reader.map("add", |reader| operation::read(reader, Method::Put, &known));
        let remove = reader.map("remove", |reader| operation::read(reader, Method::Delete, &known));
        Some(Members { add, remove })
    });
    if get.is_none() && find.is_none() && list.is_none() {
        let message = "a class needs `list`, `get` or `find`, or its objects cannot be read";
        reader.problem("list", message, Some("write `list: { path: /users }`".to_owned()));
    }
    if members.as_ref().is_some_and(|m| m.add.is_none() || m.remove.is_none()) && update.is_none() {
        let message = "`members` needs `add` and `remove`, or the class an `update`";
        reader.problem("members", message, None);
    }
    let (id, name) = (id?, name?);
    Some(Class {
        id,
        name,
        enabled,
        list,
        get,
        find,
        create,
        update,
        whole,
        rename,
        enable,
        disable,
        delete,
        members,
    })
}

fn read_state(reader: &mut SettingReader<'_>) -> Option<State> {
    let path = reader.required("path");
    let on = reader.text("on").unwrap_or_else(|| "true".into());
    let off = reader.text("off").unwrap_or_else(|| "false".into());
    if on == off {
        let message = "settings `enabled.on` and `enabled.off` are the same";
        reader.problem("off", message, Some("an account could never be disabled".to_owned()));
    }
    path.map(|path| State { path, on, off })
}
