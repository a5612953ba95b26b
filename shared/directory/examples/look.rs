//! Reads a tenant and changes nothing: `cargo run -p directory --example look -- TENANT_ID UPN < credentials.json`
//!
//! The credentials have Gangway's format, `{"client_id": ..., "client_secret": ...}`. Two more arguments replace the
//! addresses of Graph and of its token endpoint.

use directory::{Credentials, Endpoints, Graph};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [tenant, upn, ..] = arguments.as_slice() else {
        return Err("usage: look TENANT_ID UPN [GRAPH_URL LOGIN_URL] < credentials.json".into());
    };
    let address = |i: usize, default: &str| arguments.get(i).map_or(default, String::as_str).parse();
    let endpoints = Endpoints {
        graph: address(2, "https://graph.microsoft.com/v1.0")?,
        login: address(3, "https://login.microsoftonline.com")?,
    };
    let secret: Value = serde_json::from_reader(std::io::stdin())?;
    let credentials = Credentials {
        tenant_id: tenant.clone(),
        client_id: secret["client_id"].as_str().unwrap_or_default().to_owned(),
        client_secret: secret["client_secret"].as_str().unwrap_or_default().into(),
    };
    let graph = Graph::new(outbound::http_client(), endpoints, credentials);
    for domain in graph.domains().await? {
        println!(
            "domain {}{}",
            domain.name,
            if domain.is_default { " (default)" } else { "" }
        );
    }
    for sku in graph.subscribed_skus().await? {
        println!("license {}: {} free", sku.sku.part_number, sku.free());
    }
    println!("name {upn}: {:?}", graph.name_taken(upn).await?);
    if let Some(user) = graph.user(upn).await? {
        println!("user {}, made by request {:?}", user.id, user.marker);
        for group in graph.groups_of(&user.id).await?.unwrap_or_default() {
            println!("group {} ({:?})", group.name, group.kind);
        }
    }
    Ok(())
}
