mod work;

steps::main!(work::Ticket);
