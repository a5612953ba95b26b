//! Executions that end without recording the request's outcome. The local engine sends no events about them, so the
//! tests send recorded ones.

use e2e::{aws, engine::engine, links, organisation::Organisation, request::Request, wait::until};
use serde_json::{Value, json};

/// EventBridge's event about an execution that was stopped.
fn stopped(request: &Request<'_>, run: u32) -> Value {
    let input =
        json!({"org": request.org.id, "request": request.id, "kind": request.kind, "run": run, "enter": "start"})
            .to_string();
    json!({
        "version": "0", "id": "315c1398-40ff-a850-213b-158f73e60175", "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states", "account": "000000000000", "time": "2026-11-21T19:42:21Z", "region": "us-east-1",
        "resources": [request.execution(run)],
        "detail": {
            "executionArn": request.execution(run), "stateMachineArn": request.org.stack.state_machine,
            "name": format!("{}-{run}", request.id), "status": "ABORTED", "startDate": 1_795_290_141_000_u64,
            "stopDate": 1_795_290_741_000_u64, "input": input, "output": null, "inputDetails": {"included": true},
            "outputDetails": null,
        },
    })
}

/// Stops the execution, and sends the event about it.
pub(crate) fn stop(request: &Request<'_>, run: u32) {
    let execution = request.execution(run);
    aws::call("AWSStepFunctions.StopExecution", &json!({ "executionArn": execution }));
    assert_eq!(tell(request, run), "handed_on");
}

/// Sends the event to `record-bad-end`, and returns its answer.
pub(crate) fn tell(request: &Request<'_>, run: u32) -> String {
    let answer = aws::invoke(request.org.stack, "record-bad-end", &stopped(request, run));
    answer["outcome"].as_str().expect("an outcome").to_owned()
}

#[test]
fn an_execution_that_somebody_stopped_ends_its_request_honestly() {
    let org = Organisation::approving(&engine().patient, "stopped", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.until("waiting_approval");
    let (approve, _) = request.approval_links(org.approver(), "Ada Lovelace");
    until("the ticket to wait", || {
        (request.ticket_status() == "Waiting").then_some(())
    });
    stop(&request, 1);
    // Events may be delivered twice.
    let again = tell(&request, 1);
    assert!(["handed_on", "nothing_to_do"].contains(&again.as_str()), "{again}");
    request.ends("failed");
    assert!(request.note("failed at the step").contains("What to do"));
    assert_eq!(tell(&request, 1), "nothing_to_do");
    request.note_names();
    assert_eq!(request.user(), None);
    links::press(&approve).expect(410);
    // The username is free again.
    let second = org
        .dry_run(&org.person("Ada", "Lovelace", &json!({})))
        .expect(200)
        .json();
    assert_eq!(second["problems"], json!([]));
}

#[test]
fn an_execution_that_gangway_stopped_itself_ends_nothing_twice() {
    let org = Organisation::approving(&engine().patient, "self-stopped", &json!({}), &[]);
    let request = org.submit(&org.person("Ada", "Lovelace", &json!({"manager": org.manager()})));
    request.approval_links(org.approver(), "Ada Lovelace");
    request.cancel().expect(200);
    assert_eq!(tell(&request, 1), "nothing_to_do");
    request.ends("cancelled");
    assert_eq!(tell(&request, 1), "nothing_to_do");
    assert!(!request.has_note("failed at the step"));
}
