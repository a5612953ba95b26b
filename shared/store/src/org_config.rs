//! The variables that hold for an organisation or a request, read in one place for pages and steps.

use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::step_error::StepError;
use domain::variables::{Family, Inherited, OrgVariables, inherited_from};

use crate::Store;
use crate::requests::RequestRecord;

/// An organisation and the variables that hold for it.
pub struct OrgConfig {
    pub organisation: Organisation,
    pub variables: OrgVariables,
}

/// What holds for the organisation now. Permanent if there is none, and for a person if a stored value is no longer one
/// that its variable takes.
pub async fn org_config(store: &Store, org: &OrgId) -> Result<OrgConfig, StepError> {
    let organisation = store.organisation(org).await?;
    let organisation = organisation.ok_or_else(|| StepError::Permanent(format!("there is no organisation {org}")))?;
    let variables = store.variables(&organisation).await?;
    Ok(OrgConfig {
        organisation,
        variables,
    })
}

/// What holds for one request, whose own overrides win. Steps go by these.
pub async fn request_config(store: &Store, record: &RequestRecord) -> Result<OrgConfig, StepError> {
    let mut config = org_config(store, &record.org).await?;
    config.variables = record.job.settings(config.variables);
    Ok(config)
}

impl Store {
    /// The organisation's variables as they hold now.
    pub async fn variables(&self, organisation: &Organisation) -> Result<OrgVariables, StepError> {
        let own = self.own_variables(&organisation.id).await?;
        let inherited = self.inherited(organisation).await?;
        OrgVariables::resolve(&own, &inherited).map_err(|problems| {
            let names: Vec<String> = problems.into_iter().map(|problem| problem.field).collect();
            StepError::NeedsAttention(format!("stored variables are no longer valid: {}", names.join(", ")))
        })
    }

    /// All that a change of the organisation's variables is checked with.
    pub async fn family(&self, organisation: &Organisation) -> Result<Family, StepError> {
        // First, so that whatever is changed while the rest is read counts as newer.
        let version = self.variables_version(&organisation.id).await?;
        Ok(Family {
            version,
            own: self.own_variables(&organisation.id).await?,
            inherited: self.inherited(organisation).await?,
            // Only an organisation without a parent has children.
            children: match organisation.parent {
                None => self.children(&organisation.id).await?,
                Some(_) => Vec::new(),
            },
        })
    }

    /// The parent's values for its children.
    async fn inherited(&self, organisation: &Organisation) -> Result<Inherited, StepError> {
        Ok(match &organisation.parent {
            Some(parent) => inherited_from(&self.own_variables(parent).await?),
            None => Inherited::new(),
        })
    }
}
