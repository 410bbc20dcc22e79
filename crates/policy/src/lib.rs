//! What an identity should have, and why: the checked model, and `evaluate`, a pure function of facts, model and time.
//!
//! The way in is [`Evaluator`]: made once per model, it evaluates identities one by one from their facts, the entities
//! they link to and an instant. It reads no clock, asks no database and knows nothing of what systems really hold; the
//! difference to that is the `plan` crate's.

mod access;
mod access_review;
mod administration;
mod application;
mod checked;
mod correlation;
mod deduce;
mod desired;
mod directory;
mod duties;
mod evaluate;
mod evaluator;
mod form;
mod guests;
mod idle;
mod lifecycle;
mod lookups;
mod notices;
mod outcome;
mod projection;
mod reasons;
mod removal;
mod request;
mod review;
mod risk;
mod schedule;
mod scim;
mod server;
mod sign_in;
mod type_model;
mod webhook;
mod withhold;
mod work;
mod workflow;
mod world;

pub use access::*;
pub use access_review::{
    AccessReview, ReasonFor, ReviewOpening, ReviewScope, ReviewStage, Reviewer, SetAside, Silence,
};
pub use administration::{Administration, Right};
pub use application::{
    Application, Assurance, ClientAuthentication, GrantType, Pkce, SigningAlgorithm,
};
pub use checked::*;
pub use correlation::{Pair, Standing, settle};
pub use deduce::{Access, Deduced, Deducer, Deduction};
pub use directory::{
    Container, Directory, DirectoryLimits, EntityEntries, EntryAttribute, Holds, LdapAttribute,
    LdapClass, LdapClassKind, LdapSyntax, ldap_attribute, ldap_attributes, ldap_class,
    ldap_classes,
};
pub use duties::{Conflict, Duty, Reaction};
pub use evaluator::Evaluator;
pub use form::{Form, FormBy, FormField, FormStep};
pub use guests::{AddressProblem, Guests, Organisation, is_domain};
pub use idle::{Idle, LastUsed, Unused};
pub use lookups::{Lookups, Missing};
pub use notices::{By, Chat, ChatForm, NoticeText, Notices, Template, Told, Topic};
pub use outcome::{
    AccountRef, Assignment, ConflictException, DesiredAccount, Evaluation, FactKind, FoundConflict,
    HeldRole, Identity, LifecycleFact, Via, Want,
};
pub use projection::Projection;
pub use reasons::{AttributeReason, Because, MissingRole, Reason, StateReason, Subject};
pub use removal::{RemovalSet, Removals};
pub use request::{ApprovalStage, Approver, RequestPolicy, RequestTerms, ReviewTerms};
pub use review::Review;
pub use risk::{Risk, RiskPart, RiskSource};
pub use schedule::Schedule;
pub use scim::{Hook, HookAsks, ScimResource, ScimType};
pub use server::{LogFormat, LogLevel, Server, ServerLimits, TlsFiles};
pub use sign_in::{
    CertificateName, CertificatePolicy, Hashing, LockoutPolicy, LogPolicy, PasskeyPolicy,
    PasswordPolicy, SecondFactor, SessionLimits, SignIn, SprayPolicy, ThrottlePolicy, TypeSignIn,
};
pub use type_model::{LifecycleState, Local, Retention, TypeModel};
pub use webhook::{EventForm, Webhook};
pub use withhold::{Withheld, Withhold};
pub use work::{Delivery, Rate, Work};
pub use workflow::{TaskArg, Trigger, Workflow, WorkflowTask};
pub use world::MemoryWorld;
