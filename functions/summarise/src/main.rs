mod offboarding;
mod work;

steps::main!(work::Summarise);
