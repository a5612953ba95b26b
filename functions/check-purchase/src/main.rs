mod work;

steps::main!(work::CheckPurchase);
