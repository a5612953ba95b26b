mod work;

steps::main!(work::AssignLicense);
