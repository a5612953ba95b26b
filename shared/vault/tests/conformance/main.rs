//! Tests that every password destination must pass against its simulator. Each needs one `suite!` line here and one
//! entry in `places.rs`. Tests of a single system have a file of their own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod bad_days;
mod fixture;
mod hudu_and_itglue;
mod passportal;
mod places;
mod pwpush;
mod writing;

macro_rules! suite {
    ($place:ident, $entry:ident: $($subject:ident { $($test:ident)* })*) => {
        mod $place {
            $($(
                #[tokio::test]
                async fn $test() {
                    crate::$subject::$test(&crate::places::$entry).await;
                }
            )*)*
        }
    };
    ($place:ident, $entry:ident) => {
        suite!($place, $entry:
            writing {
                it_is_there_once_as_it_was_written
                odd_and_long_names
                a_lost_answer_makes_no_second_one
                only_our_marker_counts
                it_is_found_on_the_third_page
                a_check_changes_nothing_and_names_what_is_wrong
                nothing_shows_the_password
                hostile_texts_are_only_read
                a_customers_marker_stands_for_nothing
            }
            bad_days {
                refusals_are_faults_of_their_class
                a_wait_is_honoured
                silence_is_transient
                garbage_is_no_answer
            }
        );
    };
}

suite!(hudu, HUDU);
suite!(itglue, ITGLUE);
suite!(through_passportal, PASSPORTAL);
suite!(through_pwpush, PWPUSH);
suite!(through_pwpush_without_a_token, ANONYMOUS);
