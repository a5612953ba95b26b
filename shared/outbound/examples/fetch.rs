//! Asks one address through the shared client and prints the status:
//! `cargo run -p outbound --example fetch -- https://graph.microsoft.com/v1.0/`

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: fetch ADDRESS");
        std::process::exit(2);
    };
    match outbound::send("the server", "fetch", outbound::http_client().get(address)).await {
        Ok(reply) => println!("{}", reply.status()),
        Err(error) => println!("{}: {error}", error.name()),
    }
}
