mod work;

steps::main!(work::RequestApproval);
