//! End-to-end tests. The template is deployed to the local engine with the functions that `cargo lambda` built. IAM
//! policies are enforced, and the vendors are simulated. `cargo xtask test` runs them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails by a panic that says why"
)]

mod approval;
mod audit;
mod authority;
mod bad_ends;
mod browsers;
mod checks;
mod decisions;
mod google;
mod hostile;
mod input;
mod kept;
mod keys;
mod license_groups;
mod licenses;
mod limits;
mod many;
mod mfa;
mod offboarding;
mod own_passwords;
mod passwords;
mod people;
mod reruns;
mod resume;
mod start_date;
mod straight;
mod submissions;
mod systems;
mod ticket_life;
mod tokens;
mod usernames;
mod vaults;
