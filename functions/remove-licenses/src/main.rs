mod work;

steps::main!(work::RemoveLicenses);
