//! The path of one license to its user: which step comes next, and what that step does, as functions of known facts.
//!
//! Most facts cost a call to the directory or to the store. So a function returns [`Missing`] when it needs a fact that
//! is not known yet; the caller looks it up and calls again.

use crate::request::LicenseState;
use crate::submission::LicensePurchase;

/// The known facts about one license of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    /// The organisation assigns licenses by group.
    pub by_group: bool,
    /// The state that the request has recorded for the license.
    pub state: Option<LicenseState>,
    pub on_user: OnUser,
    /// Whether a group provides the license, or why none does, as text for a ticket.
    pub group: Option<Result<(), String>>,
    pub seat_is_free: Option<bool>,
}

/// What the tenant shows of the license on the user, or Graph's reply to the attempt to assign it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnUser {
    Nothing,
    Active,
    Disabled,
    /// Another user took the seat (Microsoft's CountViolation).
    LacksSeat,
    /// The license depends on one that the user does not have yet (Microsoft's DependencyViolation).
    LacksAnother,
    /// Assigning the license breaks another licensing rule, given by Microsoft's name.
    Violates(String),
    /// The user has no usage location, or one where the license is not sold.
    NoUsageLocation,
    /// Graph refused for another reason, given as text for a ticket.
    Refused(String),
}

/// The known facts about buying the license.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buying {
    /// What the request itself says about buying.
    pub wish: LicensePurchase,
    /// The organisation allows automatic purchases and has a distributor.
    pub automatic: bool,
    /// An approver, or a requester who needs no approval, authorised the purchase.
    pub approved: bool,
    pub order: Option<OrderState>,
    /// Whether another request is waiting for the seat that it bought.
    pub promised: Option<bool>,
}

/// The state of the request's own order of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    None,
    /// The order is about to be sent and counts towards the daily limit.
    Begun,
    Ordered,
}

/// A fact that a decision needs and that has not been looked up yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Group,
    Seats,
    Order,
    Promise,
}

/// The step that comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Assign the license: a seat is free, or the tenant already shows the license on the user.
    Assign,
    /// Wait until the bought seat appears in the tenant.
    AwaitSeat,
    /// Wait until Microsoft has processed the group.
    AwaitGroup,
    /// Buy a seat. It uses up one of the organisation's daily purchases, unless it is already `counted`.
    Buy {
        counted: bool,
    },
    /// Ask a technician to buy a seat. `unapproved`: Gangway could buy it, but nobody approved the request.
    Ask {
        unapproved: bool,
    },
    GiveUp(Why),
}

/// What the assigning step does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Assign,
    /// Add the user to the group that provides the license.
    Join,
    /// Ask Microsoft to process the user's groups again.
    ProcessAgain,
    /// Try again after the request's other licenses.
    Postpone,
    AwaitSeat,
    AwaitGroup,
    /// Another user took the seat and none is on order: go back to finding one.
    FindSeat,
    /// Do nothing, because the user has the license.
    Finish,
    GiveUp(Why),
}

/// Why a license is left to a technician.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The request asks that no seat be bought.
    NotWanted,
    /// No group provides the license.
    NoGroup(String),
    /// The bought seat did not appear in time.
    SeatNotShown,
    /// Microsoft did not process the group in time.
    GroupSlow,
    NoUsageLocation,
    /// Assigning the license breaks a licensing rule, given by Microsoft's name.
    Violation(String),
    Refused(String),
}

/// Microsoft's name for the error of a license without a free seat.
pub const COUNT_VIOLATION: &str = "CountViolation";
/// Microsoft's name for the error of a license that depends on another one.
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

    /// Returns the next step for a license that is neither assigned nor given up.
    pub fn route(&self, buying: &Buying) -> Result<Route, Missing> {
        let in_group = self.by_group && (self.is(LicenseState::Joined) || self.is(LicenseState::Postponed));
        let seat_lost = match self.on_user {
            OnUser::Nothing if in_group => return Ok(Route::AwaitGroup),
            OnUser::Nothing => false,
            OnUser::LacksSeat if self.by_group => true,
            // The license was tried again: keep looking until there is no time left.
            _ if self.by_group && self.is(LicenseState::Postponed) => return Ok(Route::AwaitGroup),
            // The assigning step reports the result, even if an earlier run of it died before it could.
            _ => return Ok(Route::Assign),
        };
        let order = buying.order.ok_or(Missing::Order)?;
        if self.is(LicenseState::Awaited) || order == OrderState::Ordered {
            return Ok(Route::AwaitSeat);
        }
        // Checked before a purchase, because no group would give the bought seat to the user.
        if self.by_group
            && self.state.is_none()
            && let Err(why) = self.group()?
        {
            return Ok(Route::GiveUp(Why::NoGroup(why)));
        }
        let buys = buying.wish == LicensePurchase::Auto && buying.automatic;
        // A seat that appears while another request waits for its purchase belongs to that request.
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

    /// Returns what the assigning step does. `others_open`: another license of the request, on which this one may
    /// depend, has not been tried yet. `last`: this is the last attempt.
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
    /// Replaces a wait by its outcome when there is no further attempt.
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
