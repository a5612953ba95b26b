mod work;

steps::main!(work::SettleGate);
