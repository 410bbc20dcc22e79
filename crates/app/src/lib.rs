//! Use cases: what people and programs can ask of a project, each a function in a file of its own.
//!
//! A use case loads, decides with a plain function of a pure crate, saves and writes the journal, in one transaction.
//! Runs that talk to connected systems (synchronise, plan, apply) are in `engine`, which builds on this crate.

mod accounts;
mod alarm;
mod application_secrets;
mod assign;
mod audit;
mod authority;
mod checkpoint;
mod clients;
mod conflicts;
mod context;
mod decide;
mod deliver;
mod delivery;
mod doctor;
mod drift;
mod duties;
mod entitlements;
mod error;
mod events;
mod explain;
mod facts;
mod files;
mod jobs;
pub mod json;
mod keys;
mod leavers;
mod names;
mod nearby;
mod nested;
mod observed;
mod ocsf;
mod opened;
mod orphans;
mod owners;
mod pass;
mod people;
mod person;
mod process;
mod publish;
mod random;
mod reached;
mod revisions;
mod roles;
mod scope;
mod sealing;
mod security_events;
mod simulate;
mod suppose;
mod survey;
mod takeover;
mod template;
mod typed;
mod withheld;

pub use accounts::{AccountQuery, AccountView, account_view, list_accounts};
pub use alarm::{
    AlarmView, NewAlarm, acknowledge_alarm, clear_alarms, list_alarms, raise_alarm, raise_alarms,
};
pub use application_secrets::{
    SecretMade, application_json, application_named, application_secret_json,
    create_application_secret, list_application_secrets, revoke_application_secret,
};
pub use assign::{AssignRequest, AssignmentView, assign, list_assignments, unassign};
pub use audit::{
    AuditQuery, ExportFormat, Verified, export_journal, export_journal_after, export_journal_part,
    journal_json, search_journal, verify_export, verify_signed_export,
};
pub use authority::{Authority, Reach};
pub use checkpoint::{make_checkpoint, make_due_checkpoint};
pub use clients::{
    CLIENT_NAME, KnownClient, TokenMade, create_token, create_token_for, end_client,
    is_client_name, is_still_known, known_client, list_clients, revoke_token, rotate_token,
    token_json,
};
pub use conflicts::{Completed, Holdings, would_conflict};
pub use context::{Clock, Connectors, Ctx};
pub use decide::{
    AccessAnswer, AccessQuestion, Decider, Detail, Found, Known, Lacking, Properties, RuleNamed,
    RuleNeeded, SearchPage, Until, decide, known_identity, lacking_roles, question_digest,
    search_actions, search_resources, search_subjects,
};
pub use deliver::{CommandCall, Deliver, DeliverError, Mail, WebhookCall, WebhookKind};
pub use delivery::{DeliveryItem, DeliveryView, see_delivery};
pub use doctor::{Finding, FindingStatus, doctor};
pub use drift::{
    AdoptAhead, Adopted, Chosen, DriftAhead, DriftGroupView, DriftQuery, DriftVerb, DriftView,
    adopt_drift, compared_drift, decide_drift, decline_old_drift, drift_groups, list_drift,
    preview_drift, show_drift,
};
pub use entitlements::{EntitlementIndex, observed_account};
pub use error::{Error, Kind};
pub use events::{
    EVENT_PREFIX, EventFilter, EventPage, PublishedEvent, cloud_event, event_source, events_of,
    last_event, list_events, replay_webhook, webhook_named,
};
pub use explain::{
    AccessExplained, AccountExplained, AttributeExplained, EntitlementExplained, IdleExplained,
    Origin, PersonExplained, RoleHeld, When, explain_access, explain_attribute, explain_person,
};
pub use facts::{
    IdentityFacts, decode_facts, exception_from, exception_name, fact_kind, fact_name, facts_as_of,
    gives_role, identity_facts, lifecycle_facts, load_identities, load_world, load_world_for,
    role_assignments, subject_of, withheld, withheld_name, withhold_name, withhold_named,
};
pub use files::{belongs_to_project, load_project, project_hash, read_project};
pub use jobs::{begin_job, begin_job_in};
pub use keys::{
    SigningKey, init_keys, is_signed, key_file, list_keys, rotate_keys, signing_key, unhex,
};
pub use leavers::{Active, active_leavers, is_leaving_state, leaving_states};
pub use muster_project::{File, block_named, blocks, with_lines};
pub use muster_store::absolute_url;
pub use names::{AccountNames, Layout, Names, ReadNames, SystemNames, TypeNames};
pub use nearby::load_world_near;
pub use observed::{drift_of, observed_accounts};
pub use ocsf::ocsf_event;
pub use opened::{Opened, likeness, similar};
pub use orphans::{OrphanChoice, assign_orphan, decide_orphans, expire_orphans, orphan_decisions};
pub use owners::{Ownerless, list_ownerless, why_left};
pub use pass::{Validity, may_have_password, new_pass, pass_opens};
pub use people::{
    Page, PeopleQuery, Person, entity_type, find_entity, list_people, person as person_of,
    resolve_person,
};
pub use person::{VersionView, entity_history, name_person, see_linked, see_person};
pub use process::{process_is_gone, process_name};
pub use publish::{model_files, publish_model};
pub use random::random;
pub use reached::{changes_since, entities_by_type, linking_to, reached};
pub use revisions::{list_revisions, see_revision};
pub use roles::{RoleView, find_role, list_roles, role_named};
pub use scope::{Scope, Scopes};
pub use sealing::Sealer;
pub use security_events::{
    ScimEvent, SpeakScim, security_events, verification_event, wanted_actions,
};
pub use simulate::{
    Change, ChangeKind, Event, Impact, ModelQuery, ModelsCompared, PersonImpact, Thing,
    compare_models, everybody, look_ahead,
};
pub use suppose::{Planned, SupposedChange, planned, suppose, suppose_new};
pub use survey::{
    ActiveLeaver, ConflictColumn, ConflictCount, ConflictMap, ConflictPlace, ConflictRow,
    ConflictView, HeldAccess, Holders, PeerGroup, PeerRole, PeerValue, PersonInConflict, PlaceOf,
    RoleHolder, SurveyCounts, Surveyed, conflict_map, count_peer_roles, count_survey,
    duties_in_conflict, find_people, list_active_leavers, list_by_risk, list_conflicts,
    list_in_conflict, list_role_holders, survey,
};
pub use takeover::{
    AcceptDeduced, DeducedRole, IndirectAccess, OpenAccess, RedundantAssignment, SystemTaken,
    Takeover, accept_deduced, brought_along, nested_entitlements, take_over,
};
pub use template::fill_template;
pub use typed::{typed_secret, typed_secret_folded};
pub use withheld::refuse_withheld;
