//! The stages of midPoint's published system performance test, on the same shape of data.
//!
//! A label names the shape: `1s-50m-5t-50m-20a-1ku` is one source with 50 single and 50 multi-valued mappings of five
//! values each, five targets with as many, 20 assignments a user, 1,000 users. Sources and targets are in memory and
//! answer at once, as they do in the published test.

use std::{fmt::Write as _, time::Instant};

use anyhow::{Context as _, Result, ensure};
use muster_app::Opened;
use muster_engine::{
    ApplyOptions, CancelFlag, MadePlan, NoProgress, PlanOptions, SyncOptions, apply_made,
    make_plan, sync,
};
use muster_model::Value;
use serde_json::json;

use crate::{
    output::{figures, peak_mib, say},
    rig::{Rig, seconds},
};

/// Business and technical roles, and how many technical roles a business role brings.
const BUSINESS: u64 = 100;
const TECHNICAL: u64 = 500;
const INDUCED: u64 = 2;
/// Values of a multi-valued attribute.
const VALUES: u64 = 5;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shape, as in the published test
    #[arg(long, default_value = "1s-50m-5t-50m-20a-1ku")]
    label: String,
    /// The repository; a new SQLite file when nothing is said
    #[arg(long)]
    store: Option<String>,
}

/// A parsed label.
#[derive(Debug, Clone, Copy)]
struct Shape {
    sources: u64,
    mappings: u64,
    targets: u64,
    outbound: u64,
    assignments: u64,
    users: u64,
}

impl Shape {
    fn parse(label: &str) -> Result<Self> {
        let parts: Vec<&str> = label.split('-').collect();
        let [sources, mappings, targets, outbound, assignments, users] = parts.as_slice() else {
            anyhow::bail!("a label looks like 1s-50m-5t-50m-20a-1ku")
        };
        let number = |part: &str, unit: &str| -> Result<u64> {
            let digits = part
                .strip_suffix(unit)
                .with_context(|| format!("`{part}` does not end in `{unit}`"))?;
            match digits.strip_suffix('k') {
                Some(thousands) => Ok(thousands.parse::<u64>()? * 1000),
                None => Ok(digits.parse()?),
            }
        };
        let shape = Self {
            sources: number(sources, "s")?,
            mappings: number(mappings, "m")?,
            targets: number(targets, "t")?,
            outbound: number(outbound, "m")?,
            assignments: number(assignments, "a")?,
            users: number(users, "u")?,
        };
        ensure!(
            shape.sources > 0 && shape.outbound <= shape.mappings,
            "targets cannot map more than sources give"
        );
        Ok(shape)
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let shape = Shape::parse(&args.label)?;
    say(&format!(
        "midpoint: {} ({shape:?}), {VALUES} values, {BUSINESS} business and {TECHNICAL} technical roles",
        args.label
    ))?;
    let rig = Rig::new(&model(&shape), args.store.as_deref())?;
    fill(&rig, &shape);
    let opened = rig.open().await?;
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let per_user = |seconds: f64| seconds * 1000.0 / shape.users as f64;

    let start = Instant::now();
    let sources = systems("source", shape.sources);
    let report = sync(&rig.ctx, &opened, &sources, &NoProgress).await?;
    let read = seconds(start);
    ensure!(report.reads.iter().all(|read| read.n_bad == 0 && read.complete), "{:?}", report.reads);
    let targets = systems("target", shape.targets);
    sync(&rig.ctx, &opened, &targets, &NoProgress).await?;
    let saved = PlanOptions { save: true, ..PlanOptions::default() };
    let made = make_plan(&rig.ctx, &opened, &saved, &NoProgress).await?;
    let planned = seconds(start);
    let n = made.plan.operations.len();
    if n > 0 {
        apply_all(&rig, &opened, made).await?;
    }
    let import = seconds(start);
    say(&format!(
        "  read {read:.2} s, planned {:.2} s, {n} operations applied {:.2} s",
        planned - read,
        import - planned
    ))?;

    let start = Instant::now();
    sync(&rig.ctx, &opened, &sources, &NoProgress).await?;
    let noop = seconds(start);
    let start = Instant::now();
    let reconciled = sync(&rig.ctx, &opened, &targets, &NoProgress).await?;
    let reconcile = seconds(start);
    ensure!(
        shape.targets == 0
            || reconciled.reads.iter().all(|read| read.changed + read.created + read.absent == 0),
        "{:?}",
        reconciled.reads
    );
    let start = Instant::now();
    let again = make_plan(&rig.ctx, &opened, &PlanOptions::default(), &NoProgress).await?;
    let recompute = seconds(start);
    ensure!(
        again.plan.operations.is_empty() && again.evaluated == shape.users,
        "the second plan is not empty"
    );
    figures(&json!({
        "label": args.label, "users": shape.users, "operations": n,
        "import_ms_per_user": per_user(import), "noop_ms_per_user": per_user(noop),
        "target_reconcile_ms_per_user": per_user(reconcile), "recompute_ms_per_user": per_user(recompute),
        "peak_mib": peak_mib(),
    }))
}

/// The first `n` systems of a kind.
fn systems(kind: &str, n: u64) -> SyncOptions {
    SyncOptions { systems: (0..n).map(|i| format!("{kind}{i}")).collect(), complete: false }
}

/// Applies the plan; all of it has to be done.
async fn apply_all(rig: &Rig, opened: &Opened, made: MadePlan) -> Result<()> {
    let n = made.plan.operations.len() as u64;
    let options = ApplyOptions { confirm: Some(n), auto_approve: false, ..ApplyOptions::default() };
    let cancel = CancelFlag::default();
    let report = apply_made(&rig.ctx, opened, made, &options, &NoProgress, &cancel).await?;
    let first = report.failed.first();
    ensure!(report.executed == n, "{} of {n} operations were executed: {first:?}", report.executed);
    Ok(())
}

/// The sources' accounts: random values from a fixed seed.
fn fill(rig: &Rig, shape: &Shape) {
    let mut random = 0x5eed_u64;
    let mut next = || {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 33
    };
    for source in 0..shape.sources {
        let connector = rig.connectors.memory(&format!("source{source}"));
        for user in 0..shape.users {
            let mut values: Vec<(String, Value)> =
                vec![("name".to_owned(), Value::text(format!("u-{user:08}")))];
            for i in 0..shape.mappings {
                if source == 0 {
                    values.push((format!("s{i}"), Value::text(format!("single-{i}-{user}"))));
                }
                let multi = (0..VALUES).map(|_| Value::text(format!("{:010}", next())));
                values.push((format!("m{i}"), Value::set(multi.collect())));
            }
            if source == 0 && shape.assignments > 0 {
                let roles = (0..shape.assignments).map(|i| {
                    Value::text(format!(
                        "business-{:04}",
                        (user * 7 + i * 13 + user % 11) % BUSINESS
                    ))
                });
                values.push(("role".to_owned(), Value::set(roles.collect())));
            }
            let values: Vec<(&str, Value)> =
                values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            connector.put("account", &format!("u-{user:08}"), &values, None);
        }
    }
}

fn model(shape: &Shape) -> String {
    let mut out = String::from(
        "muster: 1\ntypes:\n  user:\n    identity: true\n    key: name\n    attributes:\n      name: { type: string, unique: true, required: true }\n      role: { type: string, many: true }\n",
    );
    for i in 0..shape.mappings {
        // Writing into a String cannot fail, here and below.
        _ = writeln!(out, "      s{i}: {{ type: string }}");
        for source in 0..shape.sources {
            _ = writeln!(out, "      m{i}_{source}: {{ type: string, many: true }}");
        }
    }
    out.push_str("systems:\n");
    for source in 0..shape.sources {
        let columns: Vec<String> = (0..shape.mappings)
            .map(|i| format!("m{i}"))
            .chain(["role".to_owned()])
            .map(|name| format!("{name}: {{ type: string, many: true }}"))
            .collect();
        _ = write!(
            out,
            "  source{source}:\n    connector: memory\n    settings: {{ name: source{source} }}\n    reads:\n      user:\n        class: account\n        columns: {{ {} }}\n        \
             match: [{{ on: \"name == record.name\" }}]\n        guards: {{}}\n        owns:\n",
            columns.join(", ")
        );
        if source == 0 {
            out.push_str("          name: record.name\n          role: record.role\n");
            (0..shape.mappings).for_each(|i| _ = writeln!(out, "          s{i}: record.s{i}"));
        }
        (0..shape.mappings).for_each(|i| {
            _ = writeln!(
                out,
                "          m{i}_{source}: record.m{i}.map(v, 'source-{source:03}:' + v)"
            );
        });
    }
    for target in 0..shape.targets {
        _ = write!(
            out,
            "  target{target}:\n    connector: memory\n    settings: {{ name: target{target} }}\n    mode: enforce\n    guards: {{}}\n    accounts:\n      user:\n        object: account\n        \
             match: [{{ on: \"name == user.name\" }}]\n        name: user.name\n        set:\n          name: user.name\n          membership: {{ value: \"[]\", many: true }}\n"
        );
        for i in 0..shape.outbound {
            _ = writeln!(out, "          s{i}: user.s{i}");
            let parts: Vec<String> =
                (0..shape.sources).map(|source| format!("user.m{i}_{source}")).collect();
            _ = writeln!(out, "          m{i}: {{ value: \"{}\", many: true }}", parts.join(" + "));
        }
        out.push_str(
            "    entitlements:\n      group: { object: group, members: member, create: true }\n",
        );
    }
    if shape.targets > 0 {
        roles(shape, &mut out);
    }
    out
}

fn roles(shape: &Shape, out: &mut String) {
    out.push_str("roles:\n  targets:\n    when: user.lifecycle == 'active'\n    grants: [");
    let accounts: Vec<String> =
        (0..shape.targets).map(|target| format!("target{target}.user")).collect();
    _ = writeln!(out, "{}]", accounts.join(", "));
    if shape.assignments == 0 {
        return;
    }
    for technical in 0..TECHNICAL {
        let target = technical % shape.targets;
        _ = writeln!(
            out,
            "  technical-{technical:04}: {{ grants: [{{ target{target}.group: g-{technical:04} }}] }}"
        );
    }
    for business in 0..BUSINESS {
        let induced: Vec<u64> =
            (0..INDUCED).map(|i| (business * 5 + i * 251) % TECHNICAL).collect();
        let names: Vec<String> = induced.iter().map(|t| format!("technical-{t:04}")).collect();
        _ = writeln!(
            out,
            "  business-{business:04}:\n    when: \"'business-{business:04}' in user.role\"\n    includes: [{}]\n    values:",
            names.join(", ")
        );
        for target in 0..shape.targets {
            let here: Vec<String> = induced
                .iter()
                .filter(|technical| *technical % shape.targets == target)
                .map(|technical| format!("'business-{business:04}-technical-{technical:04}'"))
                .collect();
            if !here.is_empty() {
                _ = writeln!(
                    out,
                    "      target{target}.user.membership: \"[{}]\"",
                    here.join(", ")
                );
            }
        }
    }
}
