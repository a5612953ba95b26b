mod work;

steps::main!(work::DeletePassword);
