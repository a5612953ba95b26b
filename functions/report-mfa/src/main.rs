mod work;

steps::main!(work::ReportMfa);
