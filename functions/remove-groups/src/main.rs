mod work;

steps::main!(work::RemoveGroups);
