use super::*;

const JOINED: Option<LicenseState> = Some(LicenseState::Joined);
const POSTPONED: Option<LicenseState> = Some(LicenseState::Postponed);
const AWAITED: Option<LicenseState> = Some(LicenseState::Awaited);

/// A license that the user does not have, with every fact known: a group provides it, and no seat is free.
fn license(by_group: bool, state: Option<LicenseState>, on_user: OnUser) -> License {
    License {
        by_group,
        state,
        on_user,
        group: Some(Ok(())),
        seat_is_free: Some(false),
    }
}

/// Gangway may buy a seat and has not done so.
fn buying() -> Buying {
    Buying {
        wish: LicensePurchase::Auto,
        automatic: true,
        approved: true,
        order: Some(OrderState::None),
        promised: Some(false),
    }
}

fn no_group() -> Why {
    Why::NoGroup("no group of the tenant carries it".to_owned())
}

#[test]
fn route_follows_the_tenant_and_never_loops() {
    let needs = || OnUser::LacksAnother;
    for (on_user, state, expected) in [
        (OnUser::Nothing, JOINED, Route::AwaitGroup),
        (OnUser::Nothing, POSTPONED, Route::AwaitGroup),
        (OnUser::Active, JOINED, Route::Assign),
        (OnUser::Active, POSTPONED, Route::AwaitGroup),
        (needs(), JOINED, Route::Assign),
        (needs(), POSTPONED, Route::AwaitGroup),
        // The other rules decide, so a seat is bought.
        (OnUser::Nothing, None, Route::Buy { counted: false }),
        (OnUser::Nothing, AWAITED, Route::AwaitSeat),
        (OnUser::LacksSeat, JOINED, Route::Buy { counted: false }),
        (OnUser::LacksSeat, POSTPONED, Route::Buy { counted: false }),
    ] {
        let license = license(true, state, on_user);
        assert_eq!(license.route(&buying()), Ok(expected), "{license:?}");
    }
}

#[test]
fn direct_license_is_retried_at_once() {
    let postponed = License {
        seat_is_free: Some(true),
        ..license(false, POSTPONED, OnUser::Nothing)
    };
    assert_eq!(postponed.route(&buying()), Ok(Route::Assign));
    for on_user in [OnUser::Active, OnUser::LacksSeat, OnUser::LacksAnother] {
        assert_eq!(license(false, None, on_user).route(&buying()), Ok(Route::Assign));
    }
}

#[test]
fn free_seat_is_assigned_unless_promised() {
    let free = |on_user| License {
        seat_is_free: Some(true),
        ..license(true, JOINED, on_user)
    };
    let promised = Buying {
        promised: Some(true),
        ..buying()
    };
    let new = License {
        state: None,
        ..free(OnUser::Nothing)
    };
    assert_eq!(new.route(&buying()), Ok(Route::Assign));
    assert_eq!(free(OnUser::LacksSeat).route(&buying()), Ok(Route::AwaitGroup));
    assert_eq!(new.route(&promised), Ok(Route::Buy { counted: false }));
    // A request that may not buy uses a free seat even if it is promised.
    let by_hand = Buying {
        automatic: false,
        ..promised
    };
    assert_eq!(new.route(&by_hand), Ok(Route::Assign));
}

#[test]
fn missing_seat_is_bought_requested_or_given_up() {
    let ask = |unapproved| Route::Ask { unapproved };
    for (change, expected) in [
        (buying(), Route::Buy { counted: false }),
        (
            Buying {
                order: Some(OrderState::Begun),
                approved: false,
                ..buying()
            },
            Route::Buy { counted: true },
        ),
        (
            Buying {
                order: Some(OrderState::Ordered),
                ..buying()
            },
            Route::AwaitSeat,
        ),
        (
            Buying {
                approved: false,
                ..buying()
            },
            ask(true),
        ),
        (
            Buying {
                automatic: false,
                ..buying()
            },
            ask(false),
        ),
        (
            Buying {
                wish: LicensePurchase::Manual,
                ..buying()
            },
            ask(false),
        ),
        (
            Buying {
                wish: LicensePurchase::None,
                ..buying()
            },
            Route::GiveUp(Why::NotWanted),
        ),
    ] {
        for by_group in [false, true] {
            let license = license(by_group, None, OnUser::Nothing);
            assert_eq!(license.route(&change), Ok(expected.clone()), "{change:?}");
        }
    }
}

#[test]
fn no_seat_is_bought_without_a_group_to_assign_it() {
    let nowhere = |by_group, state| License {
        group: Some(Err("no group of the tenant carries it".to_owned())),
        ..license(by_group, state, OnUser::Nothing)
    };
    assert_eq!(nowhere(true, None).route(&buying()), Ok(Route::GiveUp(no_group())));
    assert_eq!(nowhere(false, None).route(&buying()), Ok(Route::Buy { counted: false }));
    assert_eq!(nowhere(true, None).action(false, false), Ok(Action::GiveUp(no_group())));
}

#[test]
fn action_follows_what_the_tenant_shows() {
    let violation = |name: &str| Action::GiveUp(Why::Violation(name.to_owned()));
    for (by_group, on_user, direct_or_group) in [
        (false, OnUser::Nothing, Action::AwaitSeat),
        (true, OnUser::Nothing, Action::AwaitSeat),
        (false, OnUser::Active, Action::Finish),
        (true, OnUser::Active, Action::Finish),
        (false, OnUser::LacksSeat, violation(COUNT_VIOLATION)),
        (true, OnUser::LacksSeat, Action::FindSeat),
        (true, OnUser::LacksAnother, violation(DEPENDENCY_VIOLATION)),
        (true, OnUser::Violates("Other".to_owned()), violation("Other")),
        (false, OnUser::NoUsageLocation, Action::GiveUp(Why::NoUsageLocation)),
        (
            false,
            OnUser::Refused("no".to_owned()),
            Action::GiveUp(Why::Refused("no".to_owned())),
        ),
    ] {
        let license = license(by_group, None, on_user);
        assert_eq!(license.action(false, false), Ok(direct_or_group), "{license:?}");
    }
}

#[test]
fn a_free_seat_is_used() {
    let free = |by_group, state, on_user| {
        License {
            seat_is_free: Some(true),
            ..license(by_group, state, on_user)
        }
        .action(false, false)
    };
    assert_eq!(free(false, None, OnUser::Nothing), Ok(Action::Assign));
    assert_eq!(free(true, None, OnUser::Nothing), Ok(Action::Join));
    assert_eq!(free(true, AWAITED, OnUser::Nothing), Ok(Action::Join));
    assert_eq!(free(true, JOINED, OnUser::Nothing), Ok(Action::AwaitGroup));
    assert_eq!(free(true, JOINED, OnUser::LacksSeat), Ok(Action::ProcessAgain));
}

#[test]
fn lost_seat_is_awaited_if_one_is_on_order() {
    let lost = license(true, AWAITED, OnUser::LacksSeat);
    assert_eq!(lost.action(false, false), Ok(Action::AwaitSeat));
}

#[test]
fn license_with_dependency_is_postponed_once() {
    let needs = |by_group, state| license(by_group, state, OnUser::LacksAnother);
    let refused = Ok(Action::GiveUp(Why::Violation(DEPENDENCY_VIOLATION.to_owned())));
    for by_group in [false, true] {
        assert_eq!(needs(by_group, None).action(true, false), Ok(Action::Postpone));
        assert_eq!(needs(by_group, None).action(false, false), refused);
    }
    assert_eq!(needs(false, POSTPONED).action(true, false), refused);
    assert_eq!(needs(true, POSTPONED).action(true, false), Ok(Action::ProcessAgain));
    assert_eq!(needs(true, POSTPONED).action(true, true), refused);
}

#[test]
fn the_last_attempt_waits_for_nothing() {
    for (action, why) in [
        (Action::AwaitSeat, Why::SeatNotShown),
        (Action::AwaitGroup, Why::GroupSlow),
        (Action::Join, Why::GroupSlow),
        (Action::ProcessAgain, Why::GroupSlow),
        (Action::FindSeat, Why::Violation(COUNT_VIOLATION.to_owned())),
    ] {
        assert_eq!(action.at_last(), Action::GiveUp(why));
    }
    for action in [Action::Finish, Action::Postpone] {
        assert_eq!(action.clone().at_last(), action);
    }
}

#[test]
fn fact_is_looked_up_only_if_needed() {
    let unknown = |by_group, state, on_user| License {
        group: None,
        seat_is_free: None,
        ..license(by_group, state, on_user)
    };
    let nothing = Buying {
        order: None,
        promised: None,
        ..buying()
    };
    let ordered = Buying {
        order: Some(OrderState::None),
        ..nothing.clone()
    };
    assert_eq!(
        unknown(true, JOINED, OnUser::Nothing).route(&nothing),
        Ok(Route::AwaitGroup)
    );
    assert_eq!(
        unknown(true, None, OnUser::Nothing).route(&nothing),
        Err(Missing::Order)
    );
    assert_eq!(
        unknown(true, None, OnUser::Nothing).route(&ordered),
        Err(Missing::Group)
    );
    assert_eq!(
        unknown(false, None, OnUser::Nothing).route(&ordered),
        Err(Missing::Seats)
    );
    let free = License {
        seat_is_free: Some(true),
        ..unknown(false, None, OnUser::Nothing)
    };
    assert_eq!(free.route(&ordered), Err(Missing::Promise));
    assert_eq!(
        unknown(true, None, OnUser::Active).action(false, false),
        Ok(Action::Finish)
    );
    assert_eq!(
        unknown(true, None, OnUser::Nothing).action(false, false),
        Err(Missing::Group)
    );
    assert_eq!(
        unknown(false, None, OnUser::Nothing).action(false, false),
        Err(Missing::Seats)
    );
}
