//! The steps about what somebody changed outside: it is seen, put together by cause, made wanted, put right.

use std::sync::Arc;

use super::{
    capture::muster,
    check::Verdict,
    found::{at, ended, equal, find, items, word},
    outside::{Failing, change},
    steps::Walk,
};
use crate::host::Host;

impl Walk {
    /// The system that fails now and then does, so nothing is concluded from what it does not show.
    pub(super) async fn changed_outside(&self) -> Verdict {
        change(&self.dir, self.today).map_err(|error| error.message)?;
        let failing = Failing { inner: Arc::clone(&self.host.connectors) };
        let host = Host { connectors: Arc::new(failing), ..self.host.clone() };
        let seen = Box::pin(muster(&host, &self.dir, &["sync", "-o", "json"])).await;
        ended(&seen, 12)?;
        let reads = seen.json();
        let drift = items(&reads, "items").iter().filter_map(|read| at(read, "drift").as_u64());
        equal("changed outside", drift.sum::<u64>(), self.expected.outside.len())?;
        let seen = self.muster(&["systems", "-o", "json"]).await;
        ended(&seen, 0)?;
        let systems = seen.json();
        let unwell =
            items(&systems, "items").iter().filter(|system| word(system, "state") != "well");
        let unwell: Vec<&str> = unwell.map(|system| word(system, "system")).collect();
        equal("systems that are not well", unwell.join(", "), "crm")?;
        Ok(format!(
            "{} changed outside, {} read in part",
            self.expected.outside.len(),
            unwell.join(", ")
        ))
    }

    /// They are there after a plan was applied as before: nobody has decided about them.
    pub(super) async fn differences(&self) -> Verdict {
        let seen = self.muster(&["drift", "-o", "json"]).await;
        ended(&seen, 0)?;
        let groups = seen.json();
        let n: u64 = items(&groups, "items").iter().filter_map(|of| at(of, "items").as_u64()).sum();
        equal("differences", n, self.expected.outside.len())?;
        equal("causes", items(&groups, "items").len(), 3usize)?;
        Ok(format!("{n} differences, 3 causes"))
    }

    /// One role that can be asked for gives what three people were given by hand: they get it for good reason from now on.
    pub(super) async fn adopt(&self) -> Verdict {
        let group = self.cause("view-suppliers").await?;
        let seen = self.muster(&["drift", "list", "--group", &group, "-o", "json"]).await;
        ended(&seen, 0)?;
        let drift = seen.json();
        for one in items(&drift, "items") {
            let id = at(one, "id").to_string();
            let args = ["drift", "adopt", &id, "--comment", "they buy spare parts", "-o", "json"];
            let seen = self.muster(&args).await;
            ended(&seen, 0)?;
            equal("assigned", word(&seen.json(), "assigned"), "supplier-list")?;
        }
        Ok(format!("{} people get supplier-list", items(&drift, "items").len()))
    }

    pub(super) async fn revert(&self) -> Verdict {
        let group = self.cause("title").await?;
        let args = ["drift", "revert", "--group", &group, "--confirm", "9", "-o", "json"];
        ended(&self.muster(&args).await, 0)?;
        let seen = self.muster(&["plan", "-o", "json"]).await;
        ended(&seen, 0)?;
        let plan = seen.json();
        let titles = items(&plan, "operations").iter().filter(|operation| {
            word(operation, "system") == "directory"
                && word(operation, "reason").starts_with("drift")
        });
        equal("titles in the plan", titles.count(), 9usize)?;
        Ok("9 titles are in the next plan".to_owned())
    }

    /// The group of drift of this attribute or entitlement.
    async fn cause(&self, item: &str) -> Verdict {
        let groups = self.muster(&["drift", "-o", "json"]).await.json();
        let group = find(items(&groups, "items"), &|of| word(at(of, "example"), "item") == item)
            .ok_or_else(|| format!("no cause is about {item}"))?;
        Ok(word(group, "group").to_owned())
    }
}
