//! The forms by name, in the notation of `form`, and what fields mean.

use crate::form::Form;

/// Name, what it is, fields.
pub(crate) const FORMS: &[(&str, &str, &str)] = &[
    (
        "Person",
        "A person, or another entity.",
        "id:int type:string key:string display:string lifecycle:string? values:map",
    ),
    ("Count", "How many there are.", "count:int"),
    ("History", "What was known, the newest version first.", "items:@Version[]"),
    (
        "Version",
        "What was known for a time.",
        "version:int effective_at:instant recorded_at:instant replaced_at:instant? key:string values:map",
    ),
    (
        "Changed",
        "An entity that was changed by hand.",
        "id:int key:string version:int waiting:@Waiting[]",
    ),
    (
        "Column",
        "A column of a file of entities.",
        "name:string type:string required:flag many:flag choices:string[]",
    ),
    ("Waiting", "A link whose other end is not there yet.", "attribute:string key:string"),
    (
        "Fact",
        "What was said about a lifecycle by hand.",
        "id:int person:string fact:string origin:string reason:string from:instant until:instant? created_by:string created_at:instant lifted_at:instant?",
    ),
    ("Restored", "Somebody who was brought back.", "person:string lifted:string[] roles:string[]"),
    ("Anonymised", "What was erased.", "erased:int entries:int waiting:map[]"),
    (
        "Role",
        "A role of the model.",
        "name:string description:string? owner:string? when:string? includes:string[] grants:string[] at:string",
    ),
    (
        "Assignment",
        "A role that was given directly.",
        "id:int person:string role:string origin:string reason:string from:instant? until:instant? created_by:string created_at:instant ended_at:instant?",
    ),
    (
        "CatalogueEntry",
        "A role that can be asked for. Times are in seconds.",
        "role:string description:string? owner:string? risk:int? grants:string[] stages:string[] longest:int? usual:int? reason:flag questions:string[] held:flag reviewed:@ReviewedThen?",
    ),
    (
        "ReviewedThen",
        "When what a request gives is reviewed: how often in seconds, by which review, and who decides.",
        "every:int name:string stages:string[]",
    ),
    (
        "Request",
        "A request for a role, with its history where one is shown.",
        "id:int basket:int requester:string person:string display:string role:string description:string? risk:int? extends:flag reason:string answers:@RequestAnswer[] from:instant? until:instant? state:waiting|approved|refused|withdrawn|expired stages:string[] stage:string? waits_on:string[] status:string next_at:instant? made_at:instant ended_at:instant? assignment:int? history:@RequestEvent[] delivery:@Delivery?",
    ),
    (
        "AccessTask",
        "A request for access that was denied, as the application sees it; `result` when it was approved.",
        "task:@AccessTaskState result:@AccessResult*",
    ),
    (
        "AccessTaskState",
        "How it stands.",
        "id:string status:pending|approved|denied|cancelled|expired status_endpoint:string display:map progress:map* links:map*",
    ),
    (
        "AccessResult",
        "What came of it: ask for the decision again, with `approval` in its context.",
        "mode:string approval:@AccessApproval",
    ),
    (
        "AccessApproval",
        "What is shown when the decision is asked for again.",
        "id:string state:string approved_at:instant approved_until:instant",
    ),
    (
        "GuestOffer",
        "What may be asked for by whoever has an address of a connected organisation.",
        "organisation:string roles:@GuestRole[]",
    ),
    ("GuestRole", "A role for guests.", "role:string description:string?"),
    (
        "Delivery",
        "How far what a request gave has come on the systems; none where nothing was given, and in lists.",
        "takes_away:flag status:string whole:flag done:int items:@DeliveryItem[]",
    ),
    (
        "DeliveryItem",
        "How far one account or entitlement has come. Its order can be tried again where `retry` says so.",
        "system:string what:string state:planned|sent|executed|verified|held|failed|cancelled|skipped done:flag cause:string? next_try:instant? order:string? retry:flag",
    ),
    (
        "Suggestion",
        "A role that peers have: how many of those who are alike in department, title or manager.",
        "role:string description:string? risk:int? peers:department|title|manager group:string have:int of:int why:string",
    ),
    ("RequestAnswer", "A question with its answer.", "question:string answer:string"),
    (
        "RequestEvent",
        "Something that happened to a request.",
        "at:instant what:string by:string? in_place_of:string? stage:string? note:string",
    ),
    (
        "Campaign",
        "How far a campaign of an access review is.",
        "id:int review:string title:string description:string cause:string state:open|held|closed opened_at:instant due_at:instant closed_at:instant? asked:int aside:@CampaignAside[] waiting:int kept:int removed:int narrowed:int over:int gone:int pending:int median_seconds:int? glances_percent:int? reviewers:@CampaignReviewer[] late:flag held:int?",
    ),
    ("CampaignAside", "How much a campaign asks nobody about, and why.", "cause:string n:int"),
    ("CampaignReviewer", "How much waits for somebody.", "reviewer:string waiting:int"),
    ("ReviewItems", "Items that were decided together.", "items:@ReviewItem[]"),
    (
        "ReviewItem",
        "Something that somebody holds, about which a reviewer is asked; what was said only where one is shown.",
        "id:int campaign:int title:string person:string? display:string? kind:assigned|rule|extra|nested|orphan thing:string description:string? risk:int? why:string cause:string until:instant? last_used:instant? peers:@Peers change:string recommend:string recommend_why:string reviewer:string rule:string stage:string state:waiting|decided|over verdict:open|keep|revoke|shorten reason:string decided_at:instant? decided_by:string? undo_until:instant? outcome:none|pending|gone|stays outcome_at:instant? outcome_note:string conflicts:string[] live:same|changed|gone mark:string? plan:string[] disagree:flag answers:@ReviewAnswer[]",
    ),
    ("Peers", "How many of how many peers have the same.", "have:int of:int"),
    (
        "ReviewAnswer",
        "Something that was said about an item.",
        "at:instant by:string? in_place_of:string? stage:string what:string until:instant? note:string",
    ),
    (
        "Guest",
        "Somebody of a connected organisation.",
        "id:int guest:string display:string mail:string? organisation:string title:string state:invited|active|blocked|removed since:instant removed_at:instant? sponsor:string? sponsor_display:string? without_sponsor:flag until:string roles:string[] accepted_at:instant? moved_from:string? moved_at:instant? made_at:instant made_by:string",
    ),
    (
        "Form",
        "A form that you may begin; `about` says whether it changes something that has to be named.",
        "form:string title:string description:string? type:string about:flag",
    ),
    (
        "Draft",
        "What is entered in a form; fields, history and preview only where one is shown.",
        "id:int form:string title:string state:open|entered|refused|withdrawn|expired version:int starter:string about:string? step:string steps:@FormStep[] waits_on:string[] my_turn:flag in_place_of:string? may_withdraw:flag made_at:instant changed_at:instant ends_at:instant? fields:@FormField[] preview:map? trouble:map? history:@DraftEvent[]",
    ),
    ("FormStep", "A step of a form.", "step:string title:string"),
    (
        "FormField",
        "A field, as far as you may see it. Several values are lines.",
        "field:string label:string help:string? type:string many:flag required:flag editable:flag choices:string[] entered:string ends:@LinkFound[] problem:string?",
    ),
    ("LinkFound", "To whom or what a link can lead.", "key:string display:string"),
    (
        "DraftEvent",
        "Something that happened to a draft.",
        "at:instant what:string by:string? in_place_of:string? step:string note:string",
    ),
    ("Requests", "Requests that were made at once.", "items:@Request[]"),
    ("RequestPreviews", "What requests would come to.", "items:@RequestPreview[]"),
    (
        "RequestPreview",
        "What a request would come to.",
        "person:string role:string until:instant? stages:@RequestStage[] questions:string[] reason:flag conflicts:@RequestConflict[] plan:@SupposedChange[]",
    ),
    (
        "SupposedChange",
        "What would be done on a system.",
        "system:string account:string what:string blocked:string?",
    ),
    ("RequestStage", "A stage, with those it would wait for.", "stage:string waits_on:string[]"),
    (
        "RequestConflict",
        "A conflict that a request would complete.",
        "conflict:string description:string? on:block|approve|warn",
    ),
    (
        "Delegation",
        "Somebody decides in somebody's place.",
        "id:int giver:string delegate:string from:instant until:instant reason:string",
    ),
    (
        "NoticeSettings",
        "How somebody is told what waits for them; what they did not choose is as the model says.",
        "person:string topics:@NoticeTopic[] by:mail|chat chosen_by:mail|chat* has_mail:flag has_chat:flag language:en|de chosen_language:en|de* gathered_at:string",
    ),
    (
        "NoticeTopic",
        "How somebody is told of one topic.",
        "topic:approvals|requests|reviews|forms|guests told:at-once|daily|never chosen:at-once|daily|never* usual:at-once|daily|never",
    ),
    (
        "Conflict",
        "Duties of a person that nobody may have together.",
        "person:@Person conflict:string duties:@HeldDuty[] blocks:flag excepted:flag at:string",
    ),
    (
        "HeldDuty",
        "A duty with the access that makes it up.",
        "duty:string held:string[] outside:string[]",
    ),
    (
        "Exception",
        "A conflict that a person may have for a time.",
        "id:int person:string conflict:string reason:string mitigation:string owner:string from:instant until:instant? created_by:string ended_at:instant?",
    ),
    (
        "Solution",
        "The least that would end a conflict of a person: sets of assignments, that with the least loss first.",
        "person:string conflict:string excepted:flag removals:@Removal[] by_rule:@RoleByRule[] outside:string[]",
    ),
    (
        "Removal",
        "Assignments that would end a conflict together, and all that would be lost.",
        "assignments:@Removed[] lost:string[]",
    ),
    ("Removed", "An assignment.", "id:int role:string"),
    ("RoleByRule", "A role that a rule gives.", "role:string at:string"),
    (
        "Risk",
        "How much harm a person could do, from 0 to 100, and what it comes from.",
        "person:@Person score:int parts:@RiskPart[]",
    ),
    (
        "RiskPart",
        "One thing that adds to a risk.",
        "kind:role|conflict|exception name:string risk:int",
    ),
    (
        "Grace",
        "A role that somebody lost by rule and keeps for a grace period.",
        "id:int person:string role:string origin:string since:instant until:instant? review:flag",
    ),
    ("Entitlement", "An entitlement that an account holds.", "kind:string name:string"),
    (
        "Account",
        "An account as it was last read.",
        "id:int system:string account_type:string name:string status:string enabled:flag? person:string? confidence:int origin:string changed_at:instant values:map entitlements:@Entitlement[]",
    ),
    (
        "Orphan",
        "An account that belongs to nobody.",
        "id:int system:string account_type:string name:string status:string enabled:flag? person:string? confidence:int origin:string changed_at:instant values:map entitlements:@Entitlement[] decision:map* candidates:@Candidate[]",
    ),
    ("Accounts", "Accounts that were decided about.", "items:@Account[]"),
    (
        "Ownerless",
        "Something that nobody answers for.",
        "type:string subject:string owner:string? why:string accounts:string[]",
    ),
    (
        "SignIn",
        "A try to sign in.",
        "place:int at:instant person:string? door:string outcome:string reason:string methods:string network:string device:string browser:string? correlation:string?",
    ),
    (
        "Session",
        "Where somebody is signed in.",
        "id:int person:string? opened_at:instant proved_at:instant seen_at:instant ends_at:instant amr:string[] acr:string network:string device:string",
    ),
    ("SessionsEnded", "Sessions that were ended.", "person:string ended:int"),
    (
        "Factor",
        "A second factor that somebody has.",
        "factor:string name:string? since:instant? used_at:instant? left:int?",
    ),
    ("FactorRemoved", "A second factor that was removed.", "person:string factor:string ended:int"),
    ("Candidate", "Whose it may be.", "key:string confidence:int why:any"),
    (
        "Match",
        "A record or an account that no rule can place.",
        "id:int subject:string system:string what:string key:string status:string problem:string candidates:@Candidate[]",
    ),
    ("Done", "What was done.", "done:string"),
    (
        "System",
        "A connected system.",
        "system:string connector:string mode:string state:string since:instant? reason:string? failures:int next_try:instant? read_at:instant? planned:int sent:int held:int tickets:int",
    ),
    (
        "Ticket",
        "What people are to do by hand.",
        "ticket:int subject:string what:string kind:string status:string reference:string opened_at:instant closed_at:instant? closed_by:string? note:string? attested_at:instant? attested_by:string?",
    ),
    (
        "Alarm",
        "What somebody has to look at.",
        "id:int kind:string system:string? subject:string message:string detail:any times:int raised_at:instant last_at:instant status:string by:string? comment:string",
    ),
    (
        "Finding",
        "What `doctor` found.",
        "status:ok|warn|fail what:string detail:string fix:string?",
    ),
    (
        "ChangeSet",
        "A change set that a guard holds.",
        "id:int made_at:instant reason:string confirm:int create:int update:int absent:int",
    ),
    (
        "Webhook",
        "A webhook: how far it has come, and how it is.",
        "webhook:string url:string state:string since:instant? after:int behind:int next_try:instant? reason:string?",
    ),
    ("WebhookTested", "A webhook that took an event.", "webhook:string accepted:flag"),
    ("WebhookReplayed", "Where a webhook begins again.", "webhook:string after:int"),
    (
        "Unusable",
        "What could not be used.",
        "kind:string system:string what:string subject:string line:int? problem:string since:instant?",
    ),
    (
        "Key",
        "The public half of a key that signs the journal.",
        "number:int public_key:string made_at:instant endorsed:flag",
    ),
    (
        "Checkpoint",
        "The last entry that is signed; null when there was nothing to sign.",
        "signed_up_to:int?",
    ),
    ("Rejected", "A change set that was thrown away.", "rejected:int"),
    (
        "Plan",
        "A kept plan, without its operations.",
        "plan:string hash:string status:string revision:int made_at:instant made_by:string summary:any",
    ),
    ("Cancelled", "A plan that can no longer be applied.", "plan:string status:string"),
    (
        "Order",
        "An operation of a plan.",
        "order:string system:string subject:string what:string state:string attempts:int next_try:instant? error:string? ticket:int? planned_at:instant done_at:instant?",
    ),
    (
        "Review",
        "An order that waits for a second person.",
        "order:string system:string subject:string what:string state:string attempts:int next_try:instant? error:string? ticket:int? planned_at:instant done_at:instant? reason:string asked_at:instant by:string[] not_by:string[]",
    ),
    ("Tried", "How many orders are tried again.", "tried_again:int"),
    ("TicketMade", "The ticket that an order became.", "ticket:int"),
    (
        "Drift",
        "What was changed outside.",
        "id:int group:string system:string account_type:string account:string person:string? what:string kind:string? item:string before:any after:any first_seen:instant seen_at:instant read:int decision:string until:instant? by:string? decided_at:instant? comment:string closed_at:instant?",
    ),
    (
        "DriftGroup",
        "Drift put together by what caused it.",
        "group:string? read:int items:int undecided:int example:@Drift first_seen:instant last_seen:instant",
    ),
    ("Decided", "Drift that was decided about.", "items:@Drift[] decided:int"),
    (
        "Workflow",
        "A workflow of the model.",
        "workflow:string description:string? begins:string where:string tasks:string[] at:string",
    ),
    (
        "WorkflowRun",
        "What a workflow did for one person.",
        "run:int workflow:string revision:int person:string occasion:string due_at:instant state:string began_at:instant began_by:string ended_at:instant? wake_at:instant? detail:string tasks:map[]",
    ),
    (
        "Entry",
        "An entry of the journal.",
        "seq:int at:instant actor:string on_behalf_of:string? action:string subject:string detail:string correlation:string? salt:string? seal:string? prev_hash:string hash:string",
    ),
    (
        "Report",
        "A report.",
        "report:string title:string about:string columns:string[] filters:string[]",
    ),
    (
        "ReportPage",
        "Some rows of a report under what it was made of: when, by whom, of which revision of the model, narrowed by what.",
        "report:string title:string made_at:instant made_by:string revision:int filter:map totals:map chart:any items:map[] next:string?",
    ),
    (
        "Revision",
        "A revision of the model.",
        "revision:int made_at:instant made_by:string hash:string",
    ),
    (
        "Me",
        "Who you are and what you may do.",
        "actor:string scopes:string on_behalf_of:string? timezone:string? rights:@Held[]",
    ),
    ("Checked", "What is wrong with a model.", "ok:flag files:int diagnostics:@Diagnostic[]"),
    (
        "Diagnostic",
        "One problem of a model, with its place.",
        "severity:error|warning code:string message:string at:@At? label:string help:string[] related:map[]",
    ),
    ("At", "A place in a file.", "file:string line:int column:int"),
    (
        "Published",
        "What was published; not new when the files are those of the present revision.",
        "revision:int is_new:flag",
    ),
    ("Held", "A right.", "right:string over_everybody:flag"),
    (
        "Token",
        "A token, without its secret.",
        "token:int begins:string scopes:string expires_at:instant? acts_for:int? valid:flag created_at:instant created_by:string revoked_at:instant?",
    ),
    (
        "Client",
        "A program that calls.",
        "client:string created_at:instant created_by:string ended_at:instant? tokens:@Token[]",
    ),
    (
        "TokenMade",
        "A token that was just made; its secret is shown once.",
        "client:string secret:string token:@Token",
    ),
    ("Revoked", "What is refused from now on.", "client:string valid:flag"),
    (
        "Application",
        "An application that relies on Muster for sign-in, or that gets tokens for itself.",
        "application:string title:string authentication:secret|key|none grants:string[] scopes:string[] redirect_uris:string[] algorithm:string",
    ),
    (
        "ApplicationSecret",
        "A secret of an application, without the secret.",
        "application:string secret:int begins:string valid:flag created_at:instant created_by:string expires_at:instant? revoked_at:instant?",
    ),
    (
        "ApplicationSecretMade",
        "A secret that was just made; its value is shown once.",
        "application:string secret:int begins:string valid:flag created_at:instant created_by:string expires_at:instant? revoked_at:instant? value:string",
    ),
    (
        "ApplicationSecretRevoked",
        "A secret that is refused from now on.",
        "application:string secret:int valid:flag",
    ),
    ("Progress", "How far it is.", "step:string done:int total:int?"),
    (
        "Job",
        "Work that takes long.",
        "id:int kind:string state:running|done|failed|interrupted by:string begun_at:instant ended_at:instant? progress:@Progress? result:any problem:any correlation:string",
    ),
    (
        "Problem",
        "What went wrong (RFC 9457).",
        "type:string status:int code:string title:string detail:string hints:string[]* errors:@Diagnostic[]* retry_after:int*",
    ),
];

/// What fields of requests mean, wherever they stand.
const MEANINGS: &[(&str, &str)] = &[
    ("after", "Go on after this place: `next` of the page before."),
    ("answers", "Answers by question."),
    ("as", "The person the client acts for; their rights narrow the token."),
    ("as_of", "As it was recorded at this instant."),
    ("at", "At this instant."),
    ("comment", "Why."),
    ("confirm", "The number of things concerned, as they were shown."),
    ("due", "Only those for whom its date has come."),
    ("expires_at", "When the token ends; in a year where nothing is said."),
    ("files", "The texts of the model files, by path; one is `muster.yaml`."),
    ("from", "The first instant."),
    ("limit", "How many at most."),
    ("old_end", "When the former tokens end; a day from now where nothing is said."),
    ("place", "A place in the journal; where it stopped when nothing is said."),
    ("person", "A person, by key or another unique attribute."),
    ("reason", "Why."),
    ("seen", "The `mark` of the state that was seen, for what changed since the campaign opened."),
    ("save", "Keep the plan so that it can be applied."),
    ("type", "The entity type."),
    ("until", "The instant it ends."),
    ("values", "Values by attribute; null clears, links are the key of the other end."),
    ("what", "A system, or SYSTEM:ENTITLEMENT."),
    ("where", "Only those for whom this expression holds."),
];

/// The form of this name.
pub(crate) fn form(name: &str) -> Option<Form> {
    FORMS.iter().find(|(known, ..)| *known == name).map(|(.., notation)| Form::read(notation))
}

/// What a field of this name means.
pub(crate) fn meaning(name: &str) -> Option<&'static str> {
    MEANINGS.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}
