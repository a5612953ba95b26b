mod work;

steps::main!(work::RequestLicense);
