//! The members who decide approvals if no approver's address is set.

use domain::integration::Organisation;
use domain::role::Role;
use domain::step_error::StepError;

use crate::Store;

impl Store {
    /// The addresses of the organisation's members with the role approver or admin. If it has none, those of its
    /// parent's members, who act in it with their role.
    pub async fn approving_members(&self, organisation: &Organisation) -> Result<Vec<String>, StepError> {
        for org in [Some(&organisation.id), organisation.parent.as_ref()]
            .into_iter()
            .flatten()
        {
            let mut found = Vec::new();
            let mut after = None;
            loop {
                let (members, next) = self.members(org, after.as_deref()).await?;
                let approving = members
                    .into_iter()
                    .filter(|member| Role::decides_approvals(member.role));
                found.extend(approving.map(|member| member.email));
                match next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }
}
