mod work;

steps::main!(work::Finish);
