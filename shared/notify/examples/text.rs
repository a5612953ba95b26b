//! Sends one text message through SNS with the AWS credentials of the shell:
//! `cargo run -p notify --example text -- NUMBER < text`

use aws_config::BehaviorVersion;
use domain::contact::PhoneNumber;
use notify::{Sms, SmsSender};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let number = std::env::args().nth(1).unwrap_or_default();
    let Ok(to) = PhoneNumber::parse(&number) else {
        eprintln!("usage: text NUMBER < text; the number {}", PhoneNumber::TAKES);
        std::process::exit(2);
    };
    let text = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(outbound::sdk_http_client())
        .load()
        .await;
    let sns = aws_sdk_sns::Client::new(&config);
    let sender = SmsSender::new(sns, "Gangway".to_owned(), "0.50".to_owned());
    let text = text.trim_end().into();
    match sender.send(&Sms { to, text }).await {
        Ok(()) => println!("sent"),
        Err(error) => println!("{}: {error}", error.name()),
    }
}
