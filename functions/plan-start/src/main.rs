mod work;

steps::main!(work::PlanStart);
