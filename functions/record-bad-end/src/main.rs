mod work;

use domain::timeline::StepName;
use runtime::Clients;

fn main() -> Result<(), runtime::Error> {
    runtime::serve(StepName::RecordBadEnd, async |clients: &Clients, event| {
        work::run(clients, runtime::parse_input(event)?).await
    })
}
