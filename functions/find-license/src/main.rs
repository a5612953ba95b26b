mod work;

steps::main!(work::FindLicense);
