//! The step about somebody who does not stand in HR: entered by three people, a form at a time.

use super::{
    check::Verdict,
    found::{at, ended, equal, items, word},
    steps::Walk,
};

impl Walk {
    /// The head of the fleet knows the name, HR the number, and whoever is above them agrees.
    pub(super) async fn form(&self) -> Verdict {
        let (people, above) = (
            self.first_with("Head of People").await?,
            self.first_with("Head of Operations").await?,
        );
        let end = self.today.saturating_add(jiff::Span::new().days(120)).to_string();
        let (start, end) = (format!("startDate={}", self.today), format!("endDate={end}"));
        let known = ["givenName=Kim", "familyName=Lee", "title=Driver", &start, &end];
        let drafted = [&["forms", "submit", "1", "--as", "tunde.abara"][..], &known].concat();
        let completed = ["forms", "submit", "1", "employeeId=C1", "--as", &people];
        let confirmed = ["forms", "submit", "1", "--as", &above];
        let begun = ["forms", "start", "add-contractor", "--as", "tunde.abara"];
        for args in [&begun[..], &drafted, &completed, &confirmed] {
            ended(&self.muster(args).await, 0)?;
        }
        let seen = self.muster(&["plan", "-o", "json"]).await;
        ended(&seen, 0)?;
        let plan = seen.json();
        let accounts = items(&plan, "operations").iter().filter(|operation| {
            word(operation, "subject") == "kim.lee" && word(operation, "kind") == "create"
        });
        equal("accounts of kim.lee in the plan", accounts.count(), 4usize)?;
        Ok("kim.lee is entered by three people and gets 4 accounts".to_owned())
    }

    /// The sign-in name of the first person with this title.
    async fn first_with(&self, title: &str) -> Verdict {
        let condition = format!("title == '{title}'");
        let seen = self.muster(&["users", "--where", &condition, "-o", "json"]).await;
        ended(&seen, 0)?;
        let found = seen.json();
        let first = items(&found, "items").first().ok_or_else(|| format!("there is no {title}"))?;
        Ok(word(at(first, "values"), "userName").to_owned())
    }
}
