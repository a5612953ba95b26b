//! One request, and its effects at the vendors.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{aws, http::Answer, links, mail, organisation::Organisation, wait::until};

#[derive(Debug)]
pub struct Request<'a> {
    pub org: &'a Organisation,
    pub id: String,
    /// `onboarding` or `offboarding`.
    pub kind: &'static str,
}

impl<'a> Request<'a> {
    /// Reads the answer to the submission of an onboarding.
    pub fn of(org: &'a Organisation, answer: &Answer) -> Self {
        let body = answer.json();
        Self {
            org,
            id: body["id"].as_str().expect("an id").to_owned(),
            kind: "onboarding",
        }
    }

    /// Reads the answer to the submission of an offboarding.
    pub fn leaving(org: &'a Organisation, answer: &Answer) -> Self {
        Self {
            kind: "offboarding",
            ..Self::of(org, answer)
        }
    }

    pub fn view(&self) -> Value {
        self.org
            .call("GET", &format!("requests/{}", self.id))
            .send()
            .expect(200)
            .json()
    }

    pub fn status(&self) -> String {
        self.view()["status"].as_str().expect("a status").to_owned()
    }

    pub fn until(&self, status: &str) -> Value {
        until(&format!("{} of {} to be {status}", self.id, self.org.id), || {
            let view = self.view();
            let ended = view["outcome"].as_str().filter(|outcome| *outcome != status);
            assert_eq!(ended, None, "instead of {status}: {view:#}\n{:#?}", self.failures());
            (view["status"] == status).then_some(view)
        })
    }

    /// Waits for the end of the request, and returns its outcome.
    pub fn outcome(&self) -> String {
        let view = until(&format!("{} of {} to end", self.id, self.org.id), || {
            let view = self.view();
            view["outcome"].is_string().then_some(view)
        });
        view["outcome"].as_str().expect("an outcome").to_owned()
    }

    pub fn ends(&self, outcome: &str) -> Value {
        let ended = self.outcome();
        let view = self.view();
        assert_eq!(ended, outcome, "{view:#}\n{:#?}\n{:#?}", self.notes(), self.failures());
        assert_eq!(view["status"], outcome);
        view
    }

    /// Finds the account that is marked with this request's id. There is at most one.
    pub fn user(&self) -> Option<Value> {
        let state = self.org.world.state();
        let mut own = state["users"]
            .as_array()
            .expect("users")
            .iter()
            .filter(|user| user["extension_attribute_15"].as_str() == Some(&self.id))
            .cloned();
        let user = own.next();
        assert_eq!(own.next(), None, "a second account of {}", self.id);
        user
    }

    /// Finds the ticket that is marked with this request's id. There is at most one.
    pub fn ticket(&self) -> Option<Value> {
        let state = self.org.world.state();
        let mut own = state["tickets"]
            .as_array()
            .expect("tickets")
            .iter()
            .filter(|ticket| ticket["external_xref"].as_str() == Some(&self.id))
            .cloned();
        let ticket = own.next();
        assert_eq!(own.next(), None, "a second ticket of {}", self.id);
        ticket
    }

    /// Finds the request's ticket in any PSA.
    pub fn ticket_in(&self, psa: &str) -> Value {
        let state = self.org.world.state();
        let tickets = state["vendors"][psa]["tickets"].as_array().expect("tickets").clone();
        let mut own = tickets
            .into_iter()
            .filter(|ticket| ticket["marker"].as_str().is_some_and(|marker| self.is_marked(marker)));
        let ticket = own
            .next()
            .unwrap_or_else(|| panic!("no ticket of {}: {state:#}", self.id));
        assert_eq!(own.next(), None, "a second ticket of {}", self.id);
        ticket
    }

    /// Whether a marker contains the request's id. A tag of Freshdesk has room for the end of the id only.
    fn is_marked(&self, marker: &str) -> bool {
        marker.len() >= 32 && self.id.ends_with(marker)
    }

    pub fn ticket_status(&self) -> String {
        self.ticket().expect("a ticket")["status"]
            .as_str()
            .expect("a status")
            .to_owned()
    }

    /// Lists the texts of the ticket's notes, oldest first. All are internal except the ticket's own description.
    pub fn notes(&self) -> Vec<String> {
        let ticket = self.ticket().unwrap_or_default();
        let notes = ticket["notes"].as_array().cloned().unwrap_or_default();
        for note in notes
            .iter()
            .filter(|note| note["text"].as_str().is_some_and(|text| text.contains("[gangway ")))
        {
            assert_eq!(note["internal"], true, "{note}");
            assert_eq!(note["discussion"], false, "{note}");
        }
        notes
            .iter()
            .map(|note| note["text"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    pub fn note(&self, words: &str) -> String {
        until(
            &format!("a note with \"{words}\" on the ticket of {}", self.org.id),
            || self.notes().into_iter().find(|note| note.contains(words)),
        )
    }

    pub fn has_note(&self, words: &str) -> bool {
        self.notes().iter().any(|note| note.contains(words))
    }

    /// Lists the names of Gangway's notes, and checks that each occurs at most once.
    pub fn note_names(&self) -> Vec<String> {
        let notes = self.notes();
        let markers = notes.iter().filter_map(|note| note.rsplit_once("[gangway "));
        // Between the request's id and the name is a random part.
        let mut names: Vec<String> = markers
            .map(|(_, marker)| {
                let parts: Vec<&str> = marker.trim_end_matches(']').splitn(3, '/').collect();
                assert!(parts.len() == 3 && parts[1].len() == 16, "{marker}");
                format!("{}/{}", parts[0], parts[2])
            })
            .collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(all, names.len(), "a note of one kind stands twice: {notes:#?}");
        names
    }

    /// Reads the password in the ticket's note to the technician.
    pub fn password_of_note(&self) -> String {
        password_in(&self.note("Temporary password: "))
    }

    /// The links of the first approval mail to the address: approve and deny.
    pub fn approval_links(&self, address: &str, name: &str) -> (String, String) {
        let mail = mail::first(address, &format!("{} of {name} ", self.kind));
        (links::after(&mail.text, "Approve:"), links::after(&mail.text, "Deny:"))
    }

    /// The links of the ticket's note on licenses: confirm and reject.
    pub fn license_links(&self) -> (String, String) {
        let note = self.note("Confirm License Purchase:");
        (
            links::after(&note, "Confirm License Purchase:"),
            links::after(&note, "Reject License Purchase:"),
        )
    }

    pub fn cancel(&self) -> Answer {
        self.org.call("POST", &format!("requests/{}/cancel", self.id)).send()
    }

    pub fn resume(&self, body: &Value) -> Answer {
        self.org
            .call("POST", &format!("requests/{}/resume", self.id))
            .json(body)
            .send()
    }

    /// Asks for the kept password as an admin.
    pub fn show_password(&self) -> Answer {
        self.org.call("POST", &format!("requests/{}/password", self.id)).send()
    }

    /// Lists what the audit says about this request itself.
    pub fn audit(&self, what: &str) -> Vec<Value> {
        let mut entries = aws::query(self.org.stack.table("audit"), "org", &self.org.id);
        entries.retain(|entry| entry["what"]["S"] == what && entry["subject"]["S"] == self.id.as_str());
        entries
    }

    /// Counts the request's executions.
    pub fn runs(&self) -> usize {
        let executions = aws::executions(self.org.stack);
        let own = |execution: &&Value| {
            let name = execution["name"].as_str().unwrap_or_default();
            name.starts_with(&format!("{}-", self.id))
        };
        executions.iter().filter(own).count()
    }

    pub fn reschedule(&self, date: &str) -> Answer {
        let field = if self.kind == "onboarding" {
            "start_date"
        } else {
            "last_day"
        };
        let body = serde_json::json!({ field: date });
        self.org
            .call("POST", &format!("requests/{}/reschedule", self.id))
            .json(&body)
            .send()
    }

    /// Reads the item of a gate, in DynamoDB's JSON.
    pub fn gate(&self, gate: &str) -> Option<Value> {
        let sort_key = format!("{}#{gate}", self.id);
        let items = aws::query(self.org.stack.table("gates"), "org", &self.org.id);
        items
            .into_iter()
            .find(|item| item["gate"]["S"].as_str() == Some(&sort_key))
    }

    /// Reads the token of the task that waits at a gate.
    pub fn task_token(&self, gate: &str) -> String {
        let item = until("a task token at the gate", || {
            self.gate(gate).filter(|item| item["token"]["S"].is_string())
        });
        item["token"]["S"].as_str().expect("a token").to_owned()
    }

    pub fn gate_closes_at(&self, gate: &str) -> DateTime<Utc> {
        let item = until("the gate", || self.gate(gate));
        item["closes_at"]["S"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time")
    }

    /// Lists the decisions at this request's gates that the audit contains.
    pub fn decisions(&self) -> Vec<String> {
        let entries = aws::query(self.org.stack.table("audit"), "org", &self.org.id);
        let own = |entry: &&Value| {
            entry["what"]["S"] == "gate.decided"
                && entry["subject"]["S"]
                    .as_str()
                    .is_some_and(|subject| subject.starts_with(&self.id))
        };
        entries
            .iter()
            .filter(own)
            .map(|entry| entry["new"]["S"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    pub fn execution(&self, run: u32) -> String {
        self.org.stack.execution(&format!("{}-{run}", self.id))
    }

    pub fn history(&self, run: u32) -> Vec<Value> {
        aws::history(&self.execution(run))
    }

    /// Lists the failures of the first execution, for the message of a failed test.
    fn failures(&self) -> Vec<Value> {
        let details = [
            "taskFailedEventDetails",
            "taskTimedOutEventDetails",
            "executionFailedEventDetails",
        ];
        let history = self.history(1);
        let failed = history
            .iter()
            .flat_map(|event| details.map(|name| &event[name]))
            .filter(|found| !found.is_null());
        failed.cloned().collect()
    }

    /// Waits for the end of an execution, and lists the states that it entered.
    pub fn states(&self, run: u32) -> Vec<String> {
        let history = until("the execution to end", || {
            let history = self.history(run);
            let ends = [
                "ExecutionSucceeded",
                "ExecutionFailed",
                "ExecutionAborted",
                "ExecutionTimedOut",
            ];
            // An event of the last step may follow the end of a stopped execution.
            let ended = |event: &Value| ends.contains(&event["type"].as_str().unwrap_or_default());
            history.iter().any(ended).then_some(history)
        });
        let entered = history
            .iter()
            .filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str());
        entered.map(str::to_owned).collect()
    }

    pub fn secret_is_kept(&self) -> bool {
        let name = format!("{}/password/{}/{}", self.org.stack.name, self.org.id, self.id);
        aws::secrets().contains(&name)
    }
}

pub fn password_in(text: &str) -> String {
    let (_, rest) = text
        .split_once("Temporary password: ")
        .unwrap_or_else(|| panic!("no password in:\n{text}"));
    rest.lines().next().unwrap_or_default().to_owned()
}
