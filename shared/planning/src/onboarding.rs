//! The checks of an onboarding.

use directory::{Domain, SubscribedSku, User};
use domain::contact::{DomainName, Upn};
use domain::decision::Gate;
use domain::field::FieldError;
use domain::job::Kind;
use domain::request::{Plan, PlannedGroup};
use domain::schedule::{self, Start};
use domain::step_error::StepError;
use domain::submission::{Onboarding, OnboardingFields};
use domain::variables::{LicenseAssignmentMethod, OrgVariables, PasswordDestination};
use store::requests::RequestRecord;

use crate::approval::{Asks, Person};
use crate::licenses::{self, LicenseFound};
use crate::username::{Usernames, Wish, wanted};
use crate::{Checked, Errors, Planner, groups, manager, user_ref};

/// What was found in the tenant for an onboarding.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OnboardingFound {
    pub username: Option<Upn>,
    pub licenses: Vec<LicenseFound>,
    pub groups: Vec<PlannedGroup>,
    /// The destinations of the password. The manager is included only if there is one.
    pub password_places: Vec<PasswordDestination>,
}

impl Planner<'_> {
    /// Plans an onboarding, for a submission or a dry run. Invalid fields count as missing, and whatever depends on
    /// them is not checked.
    pub async fn plan_new(
        &self,
        form: &OnboardingFields,
        asks: Asks<'_>,
    ) -> Result<Checked<OnboardingFound>, StepError> {
        let (check, groups, requester) = tokio::try_join!(
            Check::look(*self, form),
            groups::find(self.graph, form),
            Person::requester(self.graph, asks.requester),
        )?;
        let manager = check.manager.as_ref();
        let mut errors = Errors(check.variables.check_together());
        errors.extend(manager::exists(&form.manager, manager).or_else(|| manager::signs_in(manager)));
        errors.extend(groups.colleague_missing);
        let licenses = check.licenses(&mut errors).await?;
        errors.extend(check.country());
        let start_at = errors.keep(check.start()).and_then(Start::at);
        let account = check.new_account(&mut errors).await?;
        let rehired = account.as_ref().and_then(|account| account.rehired.as_deref());
        let asked = check.approval(asks, &requester, rehired, &mut errors).await?;
        let password_manager = self.password_manager(rehired, manager).await?;

        let found = OnboardingFound {
            username: account.as_ref().map(|account| account.upn.clone()),
            licenses,
            groups: groups.found,
            password_places: check.password_places(password_manager.is_some()),
        };
        let approvers = asked.approvers.clone();
        let whole = account.zip(form.shown_name()).filter(|_| errors.0.is_empty());
        let plan = whole.map(|(account, display_name)| Plan {
            upn: account.upn.to_string(),
            display_name,
            licenses: found.licenses.iter().map(|license| license.sku.clone()).collect(),
            groups: found.groups.clone(),
            rehired: account.rehired,
            manager: manager.map(user_ref),
            password_manager: password_manager.as_ref().map(user_ref),
            start_at,
            ..asked
        });
        Ok(Checked {
            plan,
            errors: errors.0,
            approvers,
            gates: check.gates(&found.licenses, &asks),
            start_at,
            found,
        })
    }

    /// Checks a scheduled onboarding again when its date has come, and returns the errors. Its own reserved username
    /// counts as free. Approval and date are not checked again, and neither are groups, which the plan holds by id.
    pub async fn recheck(&self, record: &RequestRecord, form: &Onboarding) -> Result<Vec<FieldError>, StepError> {
        let form = OnboardingFields::from(form.clone());
        let check = Check::look(*self, &form).await?;
        let mut errors = Errors(check.variables.check_together());
        errors.extend(manager::exists(&form.manager, check.manager.as_ref()));
        errors.extend(check.matched_licenses().1);
        errors.extend(check.country());
        check.own_account(record, &mut errors).await?;
        Ok(errors.0)
    }

    /// The manager who may receive the password. For a rehired account that is the directory's manager only, so that
    /// nobody gets into an account by being named in a form.
    async fn password_manager(&self, rehired: Option<&str>, named: Option<&User>) -> Result<Option<User>, StepError> {
        match rehired {
            Some(id) => self.graph.manager_of(id).await,
            None => Ok(named.cloned()),
        }
    }
}

/// The account that the user will have.
struct Account {
    upn: Upn,
    /// The id of the disabled account that is enabled again.
    rehired: Option<String>,
}

impl Account {
    fn new(upn: Upn) -> Self {
        Self { upn, rehired: None }
    }

    fn rehired((upn, id): (Upn, String)) -> Self {
        Self { upn, rehired: Some(id) }
    }
}

/// An onboarding together with what was found in the tenant.
struct Check<'a> {
    planner: Planner<'a>,
    form: &'a OnboardingFields,
    /// The variables with the form's overrides.
    variables: OrgVariables,
    domains: Vec<Domain>,
    skus: Vec<SubscribedSku>,
    manager: Option<User>,
}

impl<'a> Check<'a> {
    async fn look(planner: Planner<'a>, form: &'a OnboardingFields) -> Result<Self, StepError> {
        let named = form.manager.as_ref().and_then(Option::as_ref);
        let (domains, skus, manager) = tokio::try_join!(
            planner.graph.domains(),
            licenses::subscribed(planner.graph, form),
            planner.user(named),
        )?;
        Ok(Self {
            planner,
            form,
            variables: form.settings(planner.variables.clone()),
            domains,
            skus,
            manager,
        })
    }

    fn matched_licenses(&self) -> (Vec<LicenseFound>, Vec<FieldError>) {
        licenses::matched(self.form.licenses.as_deref().unwrap_or_default(), &self.skus)
    }

    /// The tenant's licenses that the form names, with the groups that provide them if licenses are assigned by group.
    async fn licenses(&self, errors: &mut Errors) -> Result<Vec<LicenseFound>, StepError> {
        let (mut licenses, unknown) = self.matched_licenses();
        errors.extend(unknown);
        if self.variables.license_assignment_method == LicenseAssignmentMethod::Group {
            licenses::look_for_groups(self.planner.graph, &mut licenses).await?;
        }
        Ok(licenses)
    }

    /// Checks that the country of use, which licenses need, is known.
    fn country(&self) -> Option<FieldError> {
        let wants_licenses = self.form.licenses.as_ref().is_some_and(|licenses| !licenses.is_empty());
        let left_open = self.form.usage_location == Some(None);
        let message = "is needed for a license: give it, or set the variable usage_location";
        (wants_licenses && left_open && self.variables.usage_location.is_none())
            .then(|| FieldError::new("usage_location", message))
    }

    fn start(&self) -> Result<Start, FieldError> {
        match self.form.start_date {
            Some(date) => schedule::plan(Kind::Onboarding, self.planner.now, date, &self.variables),
            None => Ok(Start::Now),
        }
    }

    /// The part of the plan about the approval.
    async fn approval(
        &self,
        asks: Asks<'_>,
        requester: &Person,
        rehired: Option<&str>,
        errors: &mut Errors,
    ) -> Result<Plan, StepError> {
        // The rehired person may still be a member, and must not approve their own rehire.
        let subject = match rehired {
            Some(id) => self.planner.graph.user(id).await?.as_ref().map(Person::from),
            None => None,
        };
        let subject = subject.unwrap_or_default();
        let concerned = [requester, &subject];
        let manager = manager::approving(&self.form.manager, self.manager.as_ref(), &asks, requester);
        let approvers = self
            .planner
            .approvers(&self.variables, asks, manager, &concerned)
            .await?;
        let approvers = errors.keep(approvers).unwrap_or_default();
        Ok(approvers.plan(asks, &concerned))
    }

    fn password_places(&self, has_manager: bool) -> Vec<PasswordDestination> {
        let mut places = self.variables.password_places();
        places.retain(|place| *place != PasswordDestination::Manager || has_manager);
        places
    }

    fn gates(&self, licenses: &[LicenseFound], asks: &Asks<'_>) -> Vec<Gate> {
        let purchase = self.form.license_purchase.unwrap_or_default();
        let by_hand = licenses::bought_by_hand(licenses, self.planner.organisation, &self.variables, purchase);
        asks.gate().into_iter().chain(by_hand).collect()
    }

    /// The form's domain if the tenant has verified it, or the tenant's default domain if the form has none. `None` if
    /// the field is invalid.
    fn domain(&self) -> Result<Option<DomainName>, FieldError> {
        let Some(asked) = &self.form.email_domain else {
            return Ok(None);
        };
        let error = |message: String| FieldError::new("email_domain", message);
        let name = match asked {
            Some(asked) => proved(asked, &self.domains).map_err(error)?,
            None => {
                let mut domains = self.domains.iter();
                let default = domains.find(|domain| domain.is_default && domain.is_verified);
                let missing = || error("is needed: the tenant has no default domain".to_owned());
                &default.ok_or_else(missing)?.name
            }
        };
        DomainName::parse(name)
            .map(Some)
            .map_err(|wrong| error(wrong.to_string()))
    }

    fn usernames<'b>(&'b self, own: Option<&'b RequestRecord>) -> Usernames<'b> {
        Usernames {
            graph: self.planner.graph,
            store: self.planner.store,
            organisation: self.planner.organisation,
            own: own.map(|record| &record.id),
        }
    }

    /// The account of a new request; `None` if its name is unknown or taken.
    async fn new_account(&self, errors: &mut Errors) -> Result<Option<Account>, StepError> {
        let domain = errors.keep(self.domain()).flatten();
        let local = errors.keep(wanted(self.form, &self.variables)).flatten();
        let (Some(domain), Some(local), Some(rehire)) = (domain, local, self.form.rehire) else {
            return Ok(None);
        };
        let usernames = self.usernames(None);
        let account = if rehire {
            let found = usernames.rehired(Upn::of(&local, &domain)).await?;
            found.map(Account::rehired)
        } else {
            let wish = Wish::new(local, domain, self.form, &self.variables);
            usernames.settle(wish).await?.map(Account::new)
        };
        Ok(errors.keep(account))
    }

    /// Checks that a starting request can still have its account.
    async fn own_account(&self, record: &RequestRecord, errors: &mut Errors) -> Result<(), StepError> {
        let domain = errors.keep(self.domain()).flatten();
        errors.keep(wanted(self.form, &self.variables));
        if domain.is_none() {
            return Ok(());
        }
        let upn = Upn::parse(&record.plan.upn)
            .map_err(|_| StepError::Permanent("the username of the plan cannot be read".to_owned()))?;
        let usernames = self.usernames(Some(record));
        let own = if self.form.rehire.unwrap_or_default() {
            usernames.rehired(upn).await?.map(|_| ())
        } else {
            usernames.settle(Wish::Promised(upn)).await?.map(|_| ())
        };
        errors.keep(own);
        Ok(())
    }
}

/// The tenant's spelling of a domain, or why the domain can't be used.
fn proved<'a>(asked: &DomainName, domains: &'a [Domain]) -> Result<&'a str, String> {
    let found = domains
        .iter()
        .find(|domain| domain.name.eq_ignore_ascii_case(asked.as_str()));
    match found {
        Some(domain) if domain.is_verified => Ok(&domain.name),
        Some(_) => Err(format!("{asked} is not verified in the tenant yet")),
        None => Err(format!("{asked} is no domain of the tenant")),
    }
}
