//! Finds the next license that is neither assigned nor given up, and the next step for it.

use chrono::Utc;
use directory::Graph;
use domain::authority;
use domain::licensing::{Buying, License, Missing, OrderState, Route, Why};
use domain::request::{LicenseState, Sku};
use domain::step_error::StepError;
use domain::timeline::{Event, StepName};
use serde::Serialize;
use serde::de::IgnoredAny;
use steps::{NoInput, Step, StepContext, effects, licensing};
use store::effects::EffectState;

pub(crate) struct FindLicense;

#[derive(Serialize)]
pub(crate) struct Output {
    outcome: NextAction,
    /// The part number; empty if every license is assigned or given up.
    sku: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum NextAction {
    /// Every license is assigned or given up.
    None,
    /// A seat is free.
    Free,
    /// A seat was bought or its purchase confirmed, or the group is being processed: wait for the result.
    Await,
    Buy,
    /// A technician is asked to buy a seat.
    Ask,
}

impl Step for FindLicense {
    const NAME: StepName = StepName::FindLicense;
    type Input = NoInput;
    type Output = Output;

    async fn run(cx: &StepContext, _: NoInput) -> Result<Output, StepError> {
        cx.user()?;
        if !cx.is_skipped() {
            let graph = cx.graph().await?;
            for sku in open(cx) {
                if let Some(outcome) = Way::to(cx, &graph, sku).await?.find().await? {
                    let sku = sku.part_number.clone();
                    return Ok(Output { outcome, sku });
                }
            }
        }
        Ok(Output {
            outcome: NextAction::None,
            sku: String::new(),
        })
    }
}

/// The licenses that are neither assigned nor given up. A postponed one, which depends on another license, comes last.
fn open(cx: &StepContext) -> Vec<&Sku> {
    let state = |sku: &Sku| cx.record.licenses.get(&sku.part_number);
    let ended = |sku: &Sku| matches!(state(sku), Some(LicenseState::Assigned | LicenseState::Skipped));
    let mut open: Vec<&Sku> = cx.record.plan.licenses.iter().filter(|sku| !ended(sku)).collect();
    open.sort_by_key(|sku| state(sku) == Some(&LicenseState::Postponed));
    open
}

/// Determines the next step for one license.
struct Way<'a> {
    cx: &'a StepContext,
    graph: &'a Graph,
    sku: &'a Sku,
    license: License,
    buying: Buying,
}

impl<'a> Way<'a> {
    async fn to(cx: &'a StepContext, graph: &'a Graph, sku: &'a Sku) -> Result<Self, StepError> {
        let by_group = cx.licenses_by_group().await?;
        let of_user = graph.licensing_of(&cx.user()?.id).await?;
        let config = cx.config().await?;
        let allowed = config.variables.auto_purchase_license_if_none_available;
        Ok(Self {
            cx,
            graph,
            sku,
            license: License {
                by_group,
                state: cx.record.licenses.get(&sku.part_number).copied(),
                on_user: licensing::on_user(of_user.of(&sku.id, by_group)),
                group: None,
                seat_is_free: None,
            },
            buying: Buying {
                wish: cx.record.job.onboarding()?.license_purchase,
                automatic: allowed && integrations::has_distributor(config),
                approved: authority::may_buy_seats(&cx.record.plan),
                order: None,
                promised: None,
            },
        })
    }

    /// Returns `None` if the license is given up now.
    async fn find(mut self) -> Result<Option<NextAction>, StepError> {
        let route = loop {
            match self.license.route(&self.buying) {
                Ok(route) => break route,
                Err(missing) => self.look_up(missing).await?,
            }
        };
        Ok(Some(match route {
            Route::Assign => NextAction::Free,
            Route::AwaitGroup => NextAction::Await,
            Route::AwaitSeat => {
                self.await_seat().await?;
                NextAction::Await
            }
            Route::Buy { counted } if counted || self.count().await? => NextAction::Buy,
            Route::Buy { .. } | Route::Ask { unapproved: false } => NextAction::Ask,
            Route::Ask { unapproved: true } => {
                self.report_not_bought("nobody has approved the request").await?;
                NextAction::Ask
            }
            Route::GiveUp(why) => {
                self.give_up(why).await?;
                return Ok(None);
            }
        }))
    }

    async fn look_up(&mut self, missing: Missing) -> Result<(), StepError> {
        let (cx, sku) = (self.cx, self.sku);
        match missing {
            Missing::Group => {
                let group = self.graph.license_group(&sku.id).await?.joinable();
                self.license.group = Some(group.map(|_| ()));
            }
            Missing::Seats => {
                self.license.seat_is_free = Some(licensing::seat_is_free(self.graph, &sku.id).await?);
            }
            Missing::Order => {
                let effect = effects::purchase(&sku.part_number);
                let order: EffectState<IgnoredAny, IgnoredAny> = cx.store.effect(&cx.key, &effect).await?;
                self.buying.order = Some(match order {
                    EffectState::New => OrderState::None,
                    EffectState::Intended(_) => OrderState::Begun,
                    EffectState::Done(_) => OrderState::Ordered,
                });
            }
            Missing::Promise => {
                let holder = cx.store.lease_holder(&cx.key.org, &sku.part_number).await?;
                self.buying.promised = Some(holder.is_some_and(|holder| holder != cx.key.request));
            }
        }
        Ok(())
    }

    /// Marks a license whose group lost its seat as waiting, if a seat was bought since.
    async fn await_seat(&self) -> Result<(), StepError> {
        if self.license.state != Some(LicenseState::Joined) {
            return Ok(());
        }
        let (store, awaited) = (&self.cx.store, LicenseState::Awaited);
        store.set_license(&self.cx.key, &self.sku.part_number, awaited).await
    }

    /// Whether the seat is within the organisation's daily limit of automatic purchases.
    async fn count(&self) -> Result<bool, StepError> {
        let (cx, variables) = (self.cx, &self.cx.config().await?.variables);
        let day = Utc::now().with_timezone(&variables.timezone).date_naive();
        let most = variables.max_seats_bought_per_day.get();
        let counted = cx.store.count_seat(&cx.key, &self.sku.part_number, day, most).await?;
        if !counted {
            let why = format!("the organisation's limit for a day is reached (max_seats_bought_per_day is {most})");
            self.report_not_bought(&why).await?;
        }
        Ok(counted)
    }

    async fn report_not_bought(&self, why: &str) -> Result<(), StepError> {
        let part_number = &self.sku.part_number;
        let text = messages::seat_not_bought(part_number, why);
        let report = self.cx.report(Event::NotBought, text).once(part_number);
        report.noted(format!("not-bought-{part_number}")).send().await
    }

    async fn give_up(&self, why: Why) -> Result<(), StepError> {
        let part_number = &self.sku.part_number;
        let event = match why {
            Why::NoGroup(_) => Event::NoGroup,
            _ => Event::NotWanted,
        };
        let text = licensing::why_not(part_number, self.cx.upn(), &why);
        let skipped = LicenseState::Skipped;
        self.cx.end_license(part_number, skipped, event, &text).await
    }
}

steps::payload_tests!(
    FindLicense,
    [
        NextAction::None,
        NextAction::Free,
        NextAction::Await,
        NextAction::Buy,
        NextAction::Ask,
    ]
    .map(|outcome| Output {
        outcome,
        sku: "SPB".to_owned(),
    })
);
