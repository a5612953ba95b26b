mod work;

steps::main!(work::PurchaseLicense);
