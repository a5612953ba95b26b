//! Reports what an offboarding removed.

use domain::step_error::StepError;
use domain::timeline::Event;
use messages::{Removed, Skipped};

use crate::StepContext;

impl StepContext {
    /// Reports what was removed and what was not, and records the effect. Anything that failed remains to be done, so a
    /// resume tries it again.
    pub async fn report_removed(&self, effect: &str, what: &Removed, text: &str) -> Result<(), StepError> {
        let record = &self.record;
        self.report(Event::Removed, messages::listed(&what.removed))
            .once(record.once_more(""))
            .note(record.once_more(effect), text)
            .send()
            .await?;
        let detail = |left: &Skipped| format!("{}: {}", left.name, left.reason);
        for left in &what.left {
            let report = self.report(Event::Left, detail(left)).once(&*left.name);
            report.warning().send().await?;
        }
        for failed in &what.failed {
            let report = self.report(Event::Failed, detail(failed)).once(&*failed.name);
            report.failure().send().await?;
        }
        if what.failed.is_empty() {
            self.store.effect_done(&self.key, effect, what).await?;
        }
        Ok(())
    }
}
