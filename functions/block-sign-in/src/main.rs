mod work;

steps::main!(work::BlockSignIn);
