mod work;

steps::main!(work::AddGroups);
