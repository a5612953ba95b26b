mod work;

steps::main!(work::CreateUser);
