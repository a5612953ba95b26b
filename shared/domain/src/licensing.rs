//! The way of one license to its user: which step comes next, and what that step does, as functions of the facts.
//!
//! Most facts cost a call to the directory or to the store, so a function returns [`Missing`] when it needs one that
//! nobody has looked up: the caller looks it up and asks again.

use crate::request::LicenseState;
use crate::submission::LicensePurchase;

/// What is known of one license of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    /// The organisation assigns licenses by group.
    pub by_group: bool,
    /// What the request has recorded of it.
    pub state: Option<LicenseState>,
    pub on_user: OnUser,
    /// Whether a group gives it, or why none does, in words fit for a ticket.
    pub group: Option<Result<(), String>>,
    pub seat_is_free: Option<bool>,
}

/// What the tenant shows of the license on the user, or answered when it was to be assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnUser {
    Nothing,
    Active,
    Disabled,
    /// Somebody else took the seat: Microsoft's CountViolation.
    LacksSeat,
    /// It builds on a license that the user has not (yet): Microsoft's DependencyViolation.
    LacksAnother,
    /// It breaks another rule of licensing, by Microsoft's name.
    Violates(String),
    /// The user has no usage location, or one where the license is not sold.
    NoUsageLocation,
    /// Why, in words fit for a ticket.
    Refused(String),
}

/// What is known of buying the license.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buying {
    /// The request's own wish.
    pub wish: LicensePurchase,
    /// The organisation lets Gangway buy, and has a distributor.
    pub automatic: bool,
    /// Somebody with the authority to spend money approved or submitted the request.
    pub approved: bool,
    pub order: Option<OrderState>,
    /// Another request waits for the seat that it bought.
    pub promised: Option<bool>,
}

/// The request's own order of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    None,
    /// Meant to be sent, and counted for the day.
    Begun,
    Ordered,
}

/// A fact that is needed and nobody has looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Group,
    Seats,
    Order,
    Promise,
}

/// Which step comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To assign it: a seat is free, or the tenant already shows the license on the user.
    Assign,
    /// To wait until the bought seat shows up.
    AwaitSeat,
    /// To wait until Microsoft has processed the group.
    AwaitGroup,
    /// To buy a seat, one of those that the organisation allows for a day unless it is `counted` already.
    Buy {
        counted: bool,
    },
    /// To ask a technician to buy it. `unapproved`: Gangway would buy it, but nobody approved the request.
    Ask {
        unapproved: bool,
    },
    GiveUp(Why),
}

/// What the step that assigns does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Assign,
    /// Add the user to the group that gives it.
    Join,
    /// Have Microsoft process the user's groups again.
    ProcessAgain,
    /// Try it again after the other licenses of the request.
    Postpone,
    AwaitSeat,
    AwaitGroup,
    /// The seat went to somebody else and none is on its way: find another.
    FindSeat,
    /// Nothing: the user has it.
    Finish,
    GiveUp(Why),
}

/// Why a license is left to a technician.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The request wants no seat bought.
    NotWanted,
    /// No group gives it.
    NoGroup(String),
    /// The bought seat did not show up in time.
    SeatNotShown,
    /// Microsoft did not process the group in time.
    GroupSlow,
    NoUsageLocation,
    /// It breaks a rule of licensing, by Microsoft's name.
    Violation(String),
    Refused(String),
}

/// Microsoft's name for a license without a seat.
pub const COUNT_VIOLATION: &str = "CountViolation";
/// Microsoft's name for a license that builds on another one.
pub const DEPENDENCY_VIOLATION: &str = "DependencyViolation";

impl License {
    fn group(&self) -> Result<Result<(), String>, Missing> {
        self.group.clone().ok_or(Missing::Group)
    }

    fn seat_is_free(&self) -> Result<bool, Missing> {
        self.seat_is_free.ok_or(Missing::Seats)
    }

    fn is(&self, state: LicenseState) -> bool {
        self.state == Some(state)
    }

    /// Which step comes next for a license that is neither assigned nor given up.
    pub fn route(&self, buying: &Buying) -> Result<Route, Missing> {
        let in_group = self.by_group && (self.is(LicenseState::Joined) || self.is(LicenseState::Postponed));
        let seat_lost = match self.on_user {
            OnUser::Nothing if in_group => return Ok(Route::AwaitGroup),
            OnUser::Nothing => false,
            OnUser::LacksSeat if self.by_group => true,
            // Tried again: looked at until there is no time left.
            _ if self.by_group && self.is(LicenseState::Postponed) => return Ok(Route::AwaitGroup),
            // The step that assigns reports it, also where an earlier run of that step died before it could.
            _ => return Ok(Route::Assign),
        };
        let order = buying.order.ok_or(Missing::Order)?;
        if self.is(LicenseState::Awaited) || order == OrderState::Ordered {
            return Ok(Route::AwaitSeat);
        }
        // Before a seat is bought that nothing would give to the user.
        if self.by_group
            && self.state.is_none()
            && let Err(why) = self.group()?
        {
            return Ok(Route::GiveUp(Why::NoGroup(why)));
        }
        let buys = buying.wish == LicensePurchase::Auto && buying.automatic;
        // A seat that shows up while another request waits for the one it bought is that request's.
        if self.seat_is_free()? && !(buys && buying.promised.ok_or(Missing::Promise)?) {
            return Ok(if seat_lost { Route::AwaitGroup } else { Route::Assign });
        }
        let counted = order == OrderState::Begun;
        Ok(match buying.wish {
            _ if buys && (counted || buying.approved) => Route::Buy { counted },
            LicensePurchase::None => Route::GiveUp(Why::NotWanted),
            _ => Route::Ask { unapproved: buys },
        })
    }

    /// What the step that assigns does. `others_open`: another license of the request, which this one may build on, is yet
    /// to be tried. `last`: there is no further try.
    pub fn action(&self, others_open: bool, last: bool) -> Result<Action, Missing> {
        Ok(match &self.on_user {
            OnUser::Nothing if self.by_group => self.by_group()?,
            OnUser::Nothing if self.seat_is_free()? => Action::Assign,
            OnUser::Nothing => Action::AwaitSeat,
            OnUser::Active => Action::Finish,
            OnUser::Disabled => Action::GiveUp(Why::Refused("it is disabled".to_owned())),
            OnUser::LacksSeat if self.by_group => self.after_a_lost_seat()?,
            OnUser::LacksSeat => violation(COUNT_VIOLATION),
            OnUser::LacksAnother => self.dependency(others_open, last),
            OnUser::Violates(name) => violation(name),
            OnUser::NoUsageLocation => Action::GiveUp(Why::NoUsageLocation),
            OnUser::Refused(why) => Action::GiveUp(Why::Refused(why.clone())),
        })
    }

    fn by_group(&self) -> Result<Action, Missing> {
        if self.is(LicenseState::Joined) {
            return Ok(Action::AwaitGroup);
        }
        Ok(match self.group()? {
            Err(why) => Action::GiveUp(Why::NoGroup(why)),
            Ok(()) if self.seat_is_free()? => Action::Join,
            Ok(()) => Action::AwaitSeat,
        })
    }

    fn after_a_lost_seat(&self) -> Result<Action, Missing> {
        Ok(match self.seat_is_free()? {
            true => Action::ProcessAgain,
            false if self.is(LicenseState::Awaited) => Action::AwaitSeat,
            false => Action::FindSeat,
        })
    }

    fn dependency(&self, others_open: bool, last: bool) -> Action {
        match self.is(LicenseState::Postponed) {
            false if others_open => Action::Postpone,
            true if self.by_group && !last => Action::ProcessAgain,
            _ => violation(DEPENDENCY_VIOLATION),
        }
    }
}

impl Action {
    /// What the action leads to when there is no further try: a wait has been too long.
    pub fn at_last(self) -> Self {
        match self {
            Self::AwaitSeat => Self::GiveUp(Why::SeatNotShown),
            Self::Join | Self::ProcessAgain | Self::AwaitGroup => Self::GiveUp(Why::GroupSlow),
            Self::FindSeat => violation(COUNT_VIOLATION),
            Self::Assign | Self::Postpone | Self::Finish | Self::GiveUp(_) => self,
        }
    }
}

fn violation(name: &str) -> Action {
    Action::GiveUp(Why::Violation(name.to_owned()))
}

#[cfg(test)]
mod tests;
