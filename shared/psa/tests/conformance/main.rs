//! Tests that every PSA's client must pass against its simulator. Each system needs one line of `suites!` here and one
//! entry in `vendors.rs`. Tests of a single vendor have a file of their own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper that fails is a test that fails"
)]

mod bad_days;
mod fixture;
mod lists;
mod lost;
mod notes;
mod texts;
mod tickets;
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
            tickets {
                opened_with_every_name
                unknown_names_are_listed
                another_systems_ticket_is_left_alone
                found_by_marker
                a_given_one_must_be_the_companys
                a_technicians_open_one_with_the_same_summary_is_adopted
                a_customers_ticket_with_our_marker_is_not_ours
            }
            notes {
                internal_and_public
                passwords_arrive_as_they_are
                a_customers_marker_stands_for_nothing
                long_ones_are_written
                status_is_set_once
            }
            lists {
                names_are_found_on_any_page
                tickets_are_found_on_any_page
                notes_are_found_on_any_page
                a_check_finds_every_name
            }
            texts {
                odd_summaries_and_notes
                odd_company_names
                hostile_texts_are_only_read
            }
            bad_days {
                refusals_are_faults_of_their_class
                a_wait_is_honoured
                silence_is_transient
                garbage_is_no_answer
            }
            lost {
                a_ticket_is_not_opened_twice
                a_note_is_not_written_twice
                a_status_is_set_in_the_end
            }
        );
    };
}

macro_rules! suites {
    ($($vendor:ident: $entry:ident),* $(,)?) => {
        $(suite!($vendor, $entry);)*

        #[test]
        fn every_system_has_its_suite() {
            let here = [$(vendors::$entry.name),*];
            let mut names = domain::variables::Psa::NAMES.iter();
            assert_eq!(names.find(|name| **name != "email_only" && !here.contains(name)), None);
        }
    };
}

suites! {
    autotask: AUTOTASK,
    connectwise: CONNECTWISE,
    freshdesk: FRESHDESK,
    halopsa: HALOPSA,
    kaseya_bms: KASEYA_BMS,
    servicenow: SERVICENOW,
}
