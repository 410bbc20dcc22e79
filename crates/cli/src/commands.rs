//! The commands, one file each: `Args`, whose comments are the help, and `run`.

pub(crate) mod accounts;
pub(crate) mod agent;
pub(crate) mod alarms;
pub(crate) mod applications;
pub(crate) mod apply;
pub(crate) mod approvals;
pub(crate) mod assign;
pub(crate) mod assignments;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod completion;
pub(crate) mod conflicts;
pub(crate) mod decide;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod factors;
pub(crate) mod fmt;
pub(crate) mod forms;
pub(crate) mod guests;
pub(crate) mod healthcheck;
pub(crate) mod help;
pub(crate) mod init;
pub(crate) mod keys;
pub(crate) mod man;
pub(crate) mod matches;
pub(crate) mod migrate;
pub(crate) mod notices;
pub(crate) mod orders;
pub(crate) mod orphans;
pub(crate) mod pass;
pub(crate) mod password;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod plans;
pub(crate) mod problems;
pub(crate) mod profile;
pub(crate) mod provision;
pub(crate) mod reference;
pub(crate) mod report;
pub(crate) mod requests;
pub(crate) mod restore;
pub(crate) mod reviews;
pub(crate) mod revisions;
pub(crate) mod risk;
pub(crate) mod roles;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod sign_ins;
pub(crate) mod simulate;
pub(crate) mod sync;
pub(crate) mod systems;
pub(crate) mod takeover;
pub(crate) mod test;
pub(crate) mod tickets;
pub(crate) mod token;
pub(crate) mod unassign;
pub(crate) mod users;
pub(crate) mod version;
pub(crate) mod webhooks;
pub(crate) mod workflows;

use crate::{Exit, Result, args::Command, shell::Shell};

/// Runs a command.
#[expect(
    clippy::cognitive_complexity,
    clippy::too_many_lines,
    reason = "one line for each command"
)]
pub(crate) async fn run(shell: &mut Shell, command: Command) -> Result<Exit> {
    match command {
        Command::Demo(args) => Box::pin(demo::run(shell, args)).await,
        Command::Init(args) => init::run(shell, &args),
        Command::Check(args) => check::run(shell, &args),
        Command::Fmt(args) => fmt::run(shell, &args),
        Command::Test(args) => test::run(shell, &args),
        Command::Sync(args) => Box::pin(sync::run(shell, args)).await,
        Command::Plan(args) => Box::pin(plan::run(shell, args)).await,
        Command::Apply(args) => Box::pin(apply::run(shell, args)).await,
        Command::Provision(args) => Box::pin(provision::run(shell, args)).await,
        Command::Agent(args) => Box::pin(agent::run(shell, args)).await,
        Command::Run(args) => Box::pin(run::run(shell, args)).await,
        Command::Conflicts(args) => Box::pin(conflicts::run(shell, args)).await,
        Command::Risk(args) => Box::pin(risk::run(shell, args)).await,
        Command::Requests(args) => Box::pin(requests::run(shell, args)).await,
        Command::Approvals(args) => Box::pin(approvals::run(shell, args)).await,
        Command::Notices(args) => notices::run(shell, args).await,
        Command::Reviews(args) => Box::pin(reviews::run(shell, args)).await,
        Command::Forms(args) => Box::pin(forms::run(shell, args)).await,
        Command::Guests(args) => Box::pin(guests::run(shell, args)).await,
        Command::Orders(args) => Box::pin(orders::run(shell, args)).await,
        Command::Systems(args) => Box::pin(systems::run(shell, args)).await,
        Command::Tickets(args) => Box::pin(tickets::run(shell, args)).await,
        Command::Serve(args) => Box::pin(serve::run(shell, args)).await,
        Command::Token(args) => Box::pin(token::run(shell, args)).await,
        Command::Applications(args) => Box::pin(applications::run(shell, args)).await,
        Command::Profile(args) => profile::run(shell, args),
        Command::Report(args) => Box::pin(report::run(shell, args)).await,
        Command::Explain(args) => Box::pin(explain::run(shell, args)).await,
        Command::Decide(args) => Box::pin(decide::run(shell, args)).await,
        Command::Simulate(args) => Box::pin(simulate::run(shell, args)).await,
        Command::Plans(args) => Box::pin(plans::run(shell, args)).await,
        Command::Problems(args) => Box::pin(problems::run(shell, args)).await,
        Command::Users(args) => Box::pin(users::run(shell, args)).await,
        Command::Pass(args) => Box::pin(pass::run(shell, args)).await,
        Command::Password(args) => Box::pin(password::run(shell, args)).await,
        Command::Factors(args) => Box::pin(factors::run(shell, args)).await,
        Command::Sessions(args) => Box::pin(sessions::run(shell, args)).await,
        Command::SignIns(args) => Box::pin(sign_ins::run(shell, args)).await,
        Command::People(args) => Box::pin(people::run(shell, args)).await,
        Command::Accounts(args) => Box::pin(accounts::run(shell, args)).await,
        Command::Orphans(args) => Box::pin(orphans::run(shell, args)).await,
        Command::Revisions(args) => Box::pin(revisions::run(shell, args)).await,
        Command::Takeover(args) => Box::pin(takeover::run(shell, args)).await,
        Command::Drift(args) => Box::pin(drift::run(shell, args)).await,
        Command::Events(args) => Box::pin(events::run(shell, args)).await,
        Command::Webhooks(args) => Box::pin(webhooks::run(shell, args)).await,
        Command::Alarms(args) => Box::pin(alarms::run(shell, args)).await,
        Command::Matches(args) => Box::pin(matches::run(shell, args)).await,
        Command::Roles(args) => Box::pin(roles::run(shell, args)).await,
        Command::Assign(args) => Box::pin(assign::run(shell, args)).await,
        Command::Unassign(args) => Box::pin(unassign::run(shell, args)).await,
        Command::Assignments(args) => Box::pin(assignments::run(shell, args)).await,
        Command::Workflows(args) => Box::pin(workflows::run(shell, args)).await,
        Command::Audit(args) => Box::pin(audit::run(shell, args)).await,
        Command::Keys(args) => Box::pin(keys::run(shell, args)).await,
        Command::Backup(args) => Box::pin(backup::run(shell, args)).await,
        Command::Restore(args) => Box::pin(restore::run(shell, args)).await,
        Command::Migrate(args) => Box::pin(migrate::run(shell, args)).await,
        Command::Healthcheck(args) => Box::pin(healthcheck::run(shell, args)).await,
        Command::Doctor(args) => Box::pin(doctor::run(shell, args)).await,
        Command::Schema(args) => schema::run(shell, &args),
        Command::Completion(args) => completion::run(shell, &args),
        Command::Man(args) => man::run(shell, &args),
        Command::Version(args) => version::run(shell, &args),
        Command::Help(args) => help::run(shell, &args),
        Command::Reference(args) => reference::run(shell, &args),
    }
}
