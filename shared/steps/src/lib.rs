//! What the steps of the state machine share: the type of a step, the context that it works in, and what it reports.
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

/// The main function of a step's Lambda function.
#[macro_export]
macro_rules! main {
    ($step:ty) => {
        fn main() -> Result<(), $crate::Error> {
            $crate::serve::<$step>()
        }
    };
}

/// Tests that a step takes what the state machine sends and, if the state machine picks from its output, that `outputs`,
/// one for each that the step can return, have what is picked.
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
                assert_eq!(payloads::accepted::<Payload>(NAME), Ok(()));
            }

            $(
                #[test]
                fn answers_what_the_state_machine_picks() {
                    assert_eq!(payloads::answers(NAME, &$outputs), Ok(()));
                }
            )?
        }
    };
}
