//! Checks that an organisation's systems fit its variables.

use domain::ids::OrgId;
use integrations::Report;
use store::Store;
use store::secrets::Secrets;

use crate::{Failure, existing};

pub(crate) async fn verify(store: &Store, secrets: &Secrets, org: &OrgId) -> Result<(), Failure> {
    existing(store, org).await?;
    let settled = integrations::org_config(store, org).await?;
    let reports = integrations::verify(store, secrets, &settled).await;
    print!("{}", shown(&reports));
    let wrong = reports.iter().filter(|report| !report.is_fine()).count();
    match wrong {
        0 => Ok(()),
        1 => Err("one system is not as the settings need it".to_owned().into()),
        _ => Err(format!("{wrong} systems are not as the settings need them").into()),
    }
}

fn shown(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        text.push_str(&format!("{}\n", report.system));
        for finding in &report.findings {
            let (mark, says) = match &finding.result {
                Ok(found) => ("ok   ", found.clone()),
                Err(error) => ("WRONG", error.to_string()),
            };
            text.push_str(&format!("  {mark} {}: {says}\n", finding.what));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use domain::finding::Finding;
    use domain::step_error::StepError;

    use super::*;

    #[test]
    fn what_is_wrong_stands_out() {
        let report = Report {
            system: "hudu".to_owned(),
            findings: vec![
                Finding::new("sign-in", Ok("Hudu 2".to_owned())),
                Finding::new("company 7", Err(StepError::NeedsAttention("is not there".to_owned()))),
            ],
        };
        assert_eq!(
            shown(&[report]),
            "hudu\n  ok    sign-in: Hudu 2\n  WRONG company 7: is not there\n"
        );
    }
}
