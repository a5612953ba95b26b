//! Creates a client of the simulated tenant.

use directory::{Credentials, Endpoints, Graph};
use simulators::testing::Simulated;

pub(crate) fn graph(simulated: &Simulated) -> Graph {
    let url = |path: &str| format!("{}{path}", simulated.base).parse().unwrap();
    let endpoints = Endpoints {
        graph: url("/graph/v1.0"),
        login: url("/login"),
    };
    let credentials = simulated.world(|world| Credentials {
        tenant_id: world.tenant.id.clone(),
        client_id: world.tenant.client_id.clone(),
        client_secret: world.tenant.client_secret.clone().into(),
    });
    Graph::new(outbound::http_client(), endpoints, credentials)
}
