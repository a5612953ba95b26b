//! Checks whether an organisation's systems have what its variables need. Signs in and reads, but changes nothing.

use ::psa::Names;
use directory::{GroupMatch, SubscribedSku};
use domain::finding::Finding;
use domain::step_error::StepError;
use domain::variables::{Distributor as DistributorChoice, OrgVariables, PasswordDestination, Psa as PsaChoice};
use futures::future::join4;
use store::Store;
use store::secrets::Secrets;

use crate::OrgConfig;

/// The findings about one system.
pub struct Report {
    pub system: String,
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn is_fine(&self) -> bool {
        self.findings.iter().all(|finding| finding.result.is_ok())
    }
}

/// Returns one report for each system that the variables choose, the directory first.
pub async fn verify(store: &Store, secrets: &Secrets, config: &OrgConfig) -> Vec<Report> {
    let licenses = async {
        let (tenant, skus) = tenant(secrets, config).await;
        (tenant, distributor(store, secrets, config, &skus).await)
    };
    // The checks run concurrently, because an unresponsive system takes long and a person is waiting.
    let ((tenant, distributor), psa, vaults, pwpush) = join4(
        licenses,
        psa(secrets, config),
        vaults(secrets, config),
        pwpush(secrets, config),
    )
    .await;
    let mut reports = vec![tenant];
    reports.extend(psa);
    reports.extend(distributor);
    reports.extend(vaults);
    reports.extend(pwpush);
    reports
}

/// Free licenses come in tens of thousands of seats and are not bought.
const MOST_BOUGHT: u32 = 10_000;

/// Checks the directory. Also returns the part numbers of the paid licenses.
async fn tenant(secrets: &Secrets, config: &OrgConfig) -> (Report, Vec<String>) {
    let report = |findings| Report {
        system: "graph".to_owned(),
        findings,
    };
    let read = async {
        let graph = crate::graph(secrets, &config.organisation).await?;
        let skus = graph.subscribed_skus().await?;
        Ok::<_, StepError>((graph, skus))
    };
    let (graph, skus) = match read.await {
        Ok(found) => found,
        Err(error) => return (report(vec![Finding::new("sign-in", Err(error))]), Vec::new()),
    };
    let mut findings = vec![Finding::new("sign-in", Ok(format!("{} licenses", skus.len())))];
    if let Some(name) = &config.variables.mfa_group {
        let found = graph.group(name).await.and_then(the_one);
        findings.push(Finding::new(format!("mfa_group {name}"), found));
    }
    (report(findings), skus.into_iter().filter_map(bought).collect())
}

pub(crate) fn the_one(found: GroupMatch) -> Result<String, StepError> {
    match found {
        GroupMatch::One(group) => match group.kind.refuses_members() {
            None => Ok(group.id),
            Some(why) => Err(StepError::NeedsAttention(format!("nobody can be added: {why}"))),
        },
        GroupMatch::None => Err(StepError::NeedsAttention("there is no such group".to_owned())),
        GroupMatch::Several(count) => Err(StepError::NeedsAttention(format!(
            "{count} groups have this name: set the id of one"
        ))),
    }
}

fn bought(sku: SubscribedSku) -> Option<String> {
    let paid = sku.applies_to == "User" && (1..MOST_BOUGHT).contains(&sku.enabled);
    paid.then_some(sku.sku.part_number)
}

async fn psa(secrets: &Secrets, config: &OrgConfig) -> Option<Report> {
    let choice = config.variables.default_psa?;
    let findings = match choice {
        PsaChoice::EmailOnly => return None,
        _ => match crate::real_psa(secrets, config, choice).await {
            Ok(psa) => psa.check(&names(&config.variables)).await,
            Err(error) => vec![Finding::new("set-up", Err(error))],
        },
    };
    Some(Report {
        system: choice.as_str().to_owned(),
        findings,
    })
}

fn names(variables: &OrgVariables) -> Names {
    let statuses = [
        &variables.default_ticket_status,
        &variables.ticket_status_waiting_input,
        &variables.ticket_status_workflow_complete,
    ];
    Names {
        location: variables.default_ticket_location.clone(),
        statuses: statuses.into_iter().flatten().cloned().collect(),
        priority: variables.default_priority.clone(),
        work_role: variables.default_work_role.clone(),
        tech_id: variables.default_tech_id.clone(),
    }
}

async fn distributor(store: &Store, secrets: &Secrets, config: &OrgConfig, skus: &[String]) -> Option<Report> {
    let choice = config.variables.ms_licensing_distributor?;
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    let findings = match crate::distributor(store, secrets, config).await {
        Ok(Some(distributor)) => distributor.check(&skus).await,
        Ok(None) if choice == DistributorChoice::Manual => return None,
        Ok(None) => {
            let why = format!(
                "{}; until then technicians buy by hand",
                crate::no_company(choice.as_str())
            );
            vec![Finding::new("set-up", Err(StepError::NeedsAttention(why)))]
        }
        Err(error) => vec![Finding::new("set-up", Err(error))],
    };
    Some(Report {
        system: choice.as_str().to_owned(),
        findings,
    })
}

async fn vaults(secrets: &Secrets, config: &OrgConfig) -> Vec<Report> {
    let mut reports = Vec::new();
    for place in config.variables.password_places() {
        if !matches!(
            place,
            PasswordDestination::ItGlue | PasswordDestination::Hudu | PasswordDestination::Passportal
        ) {
            continue;
        }
        let findings = match crate::vault(secrets, config, place).await {
            Ok(vault) => vault.check().await,
            Err(error) => vec![Finding::new("set-up", Err(error))],
        };
        reports.push(Report {
            system: place.as_str().to_owned(),
            findings,
        });
    }
    reports
}

async fn pwpush(secrets: &Secrets, config: &OrgConfig) -> Option<Report> {
    config.variables.pwpush_url.as_ref()?;
    let findings = match crate::pwpush(secrets, config).await {
        Ok(pwpush) => pwpush.check().await,
        Err(error) => vec![Finding::new("set-up", Err(error))],
    };
    Some(Report {
        system: "pwpush".to_owned(),
        findings,
    })
}
