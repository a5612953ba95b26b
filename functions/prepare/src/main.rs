mod work;

steps::main!(work::Prepare);
