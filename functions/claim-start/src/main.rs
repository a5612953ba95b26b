mod work;

steps::main!(work::ClaimStart);
