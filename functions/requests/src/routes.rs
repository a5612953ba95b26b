//! Who sees and changes which request.

use domain::ids::RequestId;
use domain::request::RequestKey;
use store::requests::RequestRecord;
use store::secrets::Secrets;
use web::{Answer, Call, OrgScope, ProblemDetails, Web};

use crate::executions::Executions;
use crate::{list, one, pending};

pub(crate) struct App {
    pub(crate) web: Web,
    pub(crate) executions: Executions,
    pub(crate) secrets: Secrets,
}

impl App {
    pub(crate) async fn handle(&self, call: Call) -> Result<Answer, ProblemDetails> {
        let visit = self.web.visit(&call).await?;
        match (call.verb(), call.route()) {
            ("GET", "/orgs/{org}/requests") => list::list(&self.web, &call, &visit).await,
            ("GET", "/orgs/{org}/requests/{id}") => {
                let record = self.to_see(&visit, &call).await?;
                one::answer(&self.web, &call, &visit, &record).await
            }
            ("GET", "/orgs/{org}/pending") => pending::answer(&self.web, &call, &visit).await,
            ("POST", "/orgs/{org}/requests/{id}/cancel") => {
                let record = self.to_change(&visit, &call).await?;
                self.cancel(&visit, &record.key()).await?;
                self.changed(&call, &visit).await
            }
            ("POST", "/orgs/{org}/requests/{id}/reschedule") => {
                let record = self.to_change(&visit, &call).await?;
                self.reschedule(&call, &visit, &record.key()).await?;
                self.changed(&call, &visit).await
            }
            ("POST", "/orgs/{org}/requests/{id}/resume") => {
                let record = self.to_see(&visit, &call).await?;
                self.resume(&call, &visit, &record.key()).await?;
                self.changed(&call, &visit).await
            }
            ("POST", "/orgs/{org}/requests/{id}/password") => {
                let record = self.to_see(&visit, &call).await?;
                self.password(&call, &visit, &record).await
            }
            _ => Err(ProblemDetails::not_found()),
        }
    }

    pub(crate) async fn load(&self, key: &RequestKey) -> Result<RequestRecord, ProblemDetails> {
        self.web.store.request(key).await?.ok_or_else(ProblemDetails::not_found)
    }

    async fn to_see(&self, visit: &OrgScope, call: &Call) -> Result<RequestRecord, ProblemDetails> {
        let request = RequestId::parse(call.param("id")).map_err(|_| ProblemDetails::not_found())?;
        let record = self
            .load(&RequestKey {
                org: visit.org().clone(),
                request,
            })
            .await?;
        if sees(visit, &record) {
            Ok(record)
        } else {
            Err(ProblemDetails::not_found())
        }
    }

    async fn to_change(&self, visit: &OrgScope, call: &Call) -> Result<RequestRecord, ProblemDetails> {
        let record = self.to_see(visit, call).await?;
        if !changes(visit, &record) {
            visit.need(domain::role::Role::cancels_and_reschedules)?;
        }
        Ok(record)
    }

    /// The request as it is now: for a page by looking again, so that a reload changes nothing twice.
    async fn changed(&self, call: &Call, visit: &OrgScope) -> Result<Answer, ProblemDetails> {
        let record = self.to_see(visit, call).await?;
        if call.wants_page() {
            return Ok(Answer::see_other(&self.web.base.link(&one::path(&record))));
        }
        one::answer(&self.web, call, visit, &record).await
    }
}

pub(crate) fn sees(visit: &OrgScope, record: &RequestRecord) -> bool {
    visit.caller.role.sees_all_requests() || visit.caller.asked_for(&record.requester)
}

pub(crate) fn changes(visit: &OrgScope, record: &RequestRecord) -> bool {
    visit.caller.role.cancels_and_reschedules() || visit.caller.asked_for(&record.requester)
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::{DateTime, Utc};
    use domain::ids::OrgId;
    use domain::integration::Organisation;
    use domain::job::Job;
    use domain::request::{Plan, Requester, Status};
    use domain::role::Role;
    use domain::submission::Onboarding;
    use store::members::Member;
    use web::Caller;

    use super::*;

    pub(crate) fn at() -> DateTime<Utc> {
        "2026-11-28T07:00:00Z".parse().unwrap()
    }

    pub(crate) fn visit(member: &str, role: Role, name: &str) -> OrgScope {
        let org = OrgId::parse("acme").unwrap();
        let member = Member {
            org: org.clone(),
            id: member.to_owned(),
            email: format!("{member}@contoso.com"),
            name: name.to_owned(),
            role,
            identity: None,
            sessions_after: None,
            sign_in_link: None,
        };
        let organisation = Organisation::new(org, name);
        OrgScope {
            organisation,
            caller: Caller::member(member, "csrf-token".to_owned()),
        }
    }

    pub(crate) fn record(requester: &str, name: &str, status: Status) -> RequestRecord {
        let body = serde_json::json!({"first_name": "Ada", "last_name": "Lovelace", "start_date": "2026-12-01"});
        // No form lets all of these names in; a page shows them as text all the same.
        let mut form = Onboarding::parse(&body).unwrap();
        name.clone_into(&mut form.first_name);
        RequestRecord {
            org: OrgId::parse("acme").unwrap(),
            id: RequestId::parse(&format!("r{}", "0".repeat(32))).unwrap(),
            status,
            run: 1,
            job: Job::Onboarding(form),
            plan: Plan {
                upn: "ada@contoso.com".to_owned(),
                display_name: name.to_owned(),
                licenses: Vec::new(),
                start_at: Some(at()),
                ..Plan::default()
            },
            requester: Requester {
                id: requester.to_owned(),
                person: None,
                email: Some(format!("{requester}@contoso.com")),
            },
            created_at: at(),
            step: None,
            ticket: None,
            user: None,
            licenses: Default::default(),
            ended_at: None,
            resumed: None,
            skipped: Default::default(),
        }
    }

    #[test]
    fn who_sees_and_changes_what() {
        let cases = [
            (Role::Basic, "me", true, true),
            (Role::Basic, "other", false, false),
            (Role::Approver, "other", true, false),
            (Role::Approver, "me", true, true),
            (Role::Technician, "other", true, true),
            (Role::Admin, "other", true, true),
        ];
        for (role, requester, may_see, may_change) in cases {
            let (visit, record) = (visit("me", role, "Me"), record(requester, "Ada", Status::Scheduled));
            assert_eq!(sees(&visit, &record), may_see, "{role:?} {requester}");
            assert_eq!(changes(&visit, &record), may_change, "{role:?} {requester}");
        }
    }
}
