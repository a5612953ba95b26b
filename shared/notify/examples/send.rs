//! Sends one mail through SES with the AWS credentials of the shell:
//! `cargo run -p notify --example send -- FROM TO SUBJECT < text`

use aws_config::BehaviorVersion;
use notify::{Mail, Mailer};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, subject] = arguments.as_slice() else {
        eprintln!("usage: send FROM TO SUBJECT < text");
        std::process::exit(2);
    };
    let text = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(outbound::sdk_http_client())
        .load()
        .await;
    let mailer = Mailer::new(aws_sdk_sesv2::Client::new(&config), from.clone());
    let mail = Mail {
        to: vec![to.clone()],
        reply_to: None,
        subject: subject.clone(),
        text: text.into(),
        links: Vec::new(),
    };
    match mailer.send(&mail).await {
        Ok(()) => println!("sent"),
        Err(error) => println!("{}: {error}", error.name()),
    }
}
