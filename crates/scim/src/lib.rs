//! The vocabulary of SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865): schemas, filters, attribute paths, PATCH and messages.
//!
//! Both sides use it: the connector that speaks to other people's servers, and a server of our own. Resources are JSON
//! values; nothing here knows HTTP, accounts or the model. What others send is read tolerantly and limited in size
//! and depth; what we write is strict.

mod access;
mod attributes;
mod core;
mod diff;
mod filter;
mod message;
mod parse;
mod patch;
mod path;
mod schema;
mod service;

pub use access::{get, key_of, normalize, remove, set};
pub use attributes::{Attribute, AttributeKind, Mutability, Returned, Uniqueness};
pub use core::{enterprise_user_schema, group_schema, user_schema};
pub use diff::{Style, diff};
pub use filter::{Comparison, Filter, Literal};
pub use message::{ListResponse, ScimError, error_types};
pub use parse::{SyntaxError, parse_filter, parse_path};
pub use patch::{MakeMissing, Operation, OperationKind, Patch, PatchError};
pub use path::{AttributePath, Path};
pub use schema::{ResourceType, Schema};
pub use service::{PageLimits, ServiceConfig};

/// URNs that the RFCs define.
pub mod urn {
    /// The core schema of users.
    pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
    /// The core schema of groups.
    pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
    /// The extension for users of enterprises.
    pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    /// The service provider's configuration.
    pub const SERVICE_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
    /// Resource types.
    pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
    /// Schemas.
    pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
    /// A page of results.
    pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    /// An error.
    pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
    /// A PATCH.
    pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
}
