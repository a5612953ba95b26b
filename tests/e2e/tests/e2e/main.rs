//! The template deployed to the local engine, the functions as `cargo lambda` builds them, IAM enforced, the vendors
//! simulated: what Gangway promises, seen to work. Run by `cargo xtask test`.

mod approval;
mod browsers;
mod decisions;
mod input;
mod licenses;
mod many;
mod passwords;
mod reruns;
mod start_date;
mod straight;
mod submissions;
