//! What all steps of the state machine share: the trait of a step, the context it runs in, and the reports it makes.
//!
//! A step's `main.rs` is `steps::main!(TheStep);`, and its tests begin with `steps::payload_tests!(TheStep);`.

mod context;
pub mod effects;
pub mod licensing;
mod offboarding;
mod once;
mod payload;
mod purchase;
mod report;
mod step;

pub use context::StepContext;
pub use payload::{Execution, NoInput, Payload};
pub use purchase::Purchase;
pub use report::Report;
pub use runtime::Error;
pub use step::{Entry, Step, serve};

/// Defines the main function of a step's Lambda function.
#[macro_export]
macro_rules! main {
    ($step:ty) => {
        fn main() -> Result<(), $crate::Error> {
            $crate::serve::<$step>()
        }
    };
}

/// Defines tests that a step parses what the state machine sends. If the state machine selects fields from the step's
/// output, they also check that each of `outputs`, one for each output the step can return, has these fields.
#[macro_export]
macro_rules! payload_tests {
    ($step:ty $(, $outputs:expr)?) => {
        #[cfg(test)]
        mod payload_tests {
            use super::*;

            const NAME: &str = <$step as $crate::Step>::NAME.as_str();

            #[test]
            fn takes_what_the_state_machine_sends() {
                type Payload = $crate::Payload<<$step as $crate::Step>::Input>;
                assert_eq!(statemachine::accepted::<Payload>(NAME), Ok(()));
            }

            $(
                #[test]
                fn answers_what_the_state_machine_picks() {
                    assert_eq!(statemachine::answers(NAME, &$outputs), Ok(()));
                }
            )?
        }
    };
}
