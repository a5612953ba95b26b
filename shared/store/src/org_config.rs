//! The effective variables of an organisation or a request, read in one place for pages and steps.

use domain::ids::OrgId;
use domain::integration::Organisation;
use domain::step_error::StepError;
use domain::variables::{Family, Inherited, OrgVariables, inherited_from};

use crate::Store;
use crate::requests::RequestRecord;

/// An organisation and its effective variables.
pub struct OrgConfig {
    pub organisation: Organisation,
    pub variables: OrgVariables,
}

/// Reads the organisation and its current effective variables.
///
/// # Errors
///
/// [`StepError::Permanent`] if there is no such organisation, [`StepError::NeedsAttention`] if a stored value is no
/// longer valid for its variable.
pub async fn org_config(store: &Store, org: &OrgId) -> Result<OrgConfig, StepError> {
    let organisation = store.organisation(org).await?;
    let organisation = organisation.ok_or_else(|| StepError::Permanent(format!("there is no organisation {org}")))?;
    let variables = store.variables(&organisation).await?;
    Ok(OrgConfig {
        organisation,
        variables,
    })
}

/// Reads the effective variables for one request, whose own overrides win. Steps use these.
pub async fn request_config(store: &Store, record: &RequestRecord) -> Result<OrgConfig, StepError> {
    let mut config = org_config(store, &record.org).await?;
    config.variables = record.job.settings(config.variables);
    Ok(config)
}

impl Store {
    /// The organisation's current effective variables.
    pub async fn variables(&self, organisation: &Organisation) -> Result<OrgVariables, StepError> {
        let own = self.own_variables(&organisation.id).await?;
        let inherited = self.inherited(organisation).await?;
        OrgVariables::resolve(&own, &inherited).map_err(|problems| {
            let names: Vec<String> = problems.into_iter().map(|problem| problem.field).collect();
            StepError::NeedsAttention(format!("stored variables are no longer valid: {}", names.join(", ")))
        })
    }

    /// Everything that a change of the organisation's variables is checked with.
    pub async fn family(&self, organisation: &Organisation) -> Result<Family, StepError> {
        // The version is read first, so that any change during the other reads counts as newer.
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
