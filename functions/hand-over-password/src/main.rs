mod places;
mod work;

steps::main!(work::HandOverPassword);
