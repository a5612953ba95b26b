//! Tests that every distributor's client must pass against its simulator. Each system needs one `suite!` line here and
//! one entry in `vendors.rs`. Tests of a single vendor have a file of their own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod bad_days;
mod finding;
mod fixture;
mod lost;
mod ordering;
mod texts;
mod vendors;

macro_rules! suite {
    ($vendor:ident, $entry:ident: $($subject:ident { $($test:ident)* })*) => {
        mod $vendor {
            $($(
                #[tokio::test]
                async fn $test() {
                    crate::$subject::$test(&crate::vendors::$entry).await;
                }
            )*)*
        }
    };
    ($vendor:ident, $entry:ident) => {
        suite!($vendor, $entry:
            finding {
                by_part_number
                on_any_page
                only_the_companys_own
                two_are_left_to_a_person
                an_unknown_license_is_named
                a_check_looks_at_everything
            }
            ordering {
                one_more_seat
                a_quantity_that_is_there_is_enough
                a_refusal_is_seen
            }
            texts {
                odd_names
                odd_companies
                odd_references
            }
            bad_days {
                refusals_are_faults_of_their_class
                a_wait_is_honoured
                silence_is_transient
                garbage_is_no_answer
            }
            lost {
                a_seat_is_not_bought_twice
            }
        );
    };
}

suite!(pax8, PAX8);
suite!(sherweb, SHERWEB);
suite!(ingram_micro, INGRAM_MICRO);
suite!(td_synnex, TD_SYNNEX);
