//! The state of the handlers, and the requests that a caller may see or change.

use domain::ids::RequestId;
use domain::request::RequestKey;
use domain::role::Role;
use store::requests::RequestRecord;
use store::secrets::Secrets;
use web::{HasWeb, OrgScope, PathParams, ProblemDetails, Web};

use crate::executions::Executions;
use crate::rights::{changes, sees};

pub(crate) struct App {
    pub(crate) web: Web,
    pub(crate) executions: Executions,
    pub(crate) secrets: Secrets,
}

impl HasWeb for App {
    fn web(&self) -> &Web {
        &self.web
    }
}

impl App {
    pub(crate) async fn load(&self, key: &RequestKey) -> Result<RequestRecord, ProblemDetails> {
        self.web.store.request(key).await?.ok_or_else(ProblemDetails::not_found)
    }

    /// The request of the address. 404 if there is none or the caller may not see it.
    pub(crate) async fn to_see(&self, scope: &OrgScope, params: &PathParams) -> Result<RequestRecord, ProblemDetails> {
        let request = RequestId::parse(params.get("id")).map_err(|_| ProblemDetails::not_found())?;
        let record = self
            .load(&RequestKey {
                org: scope.org().clone(),
                request,
            })
            .await?;
        if sees(scope, &record) {
            Ok(record)
        } else {
            Err(ProblemDetails::not_found())
        }
    }

    /// The request of the address, if the caller may change it. 403 if they may only see it; 404 if not even that.
    pub(crate) async fn to_change(
        &self,
        scope: &OrgScope,
        params: &PathParams,
    ) -> Result<RequestRecord, ProblemDetails> {
        let record = self.to_see(scope, params).await?;
        if !changes(scope, &record) {
            scope.need(Role::cancels_and_reschedules)?;
        }
        Ok(record)
    }
}
