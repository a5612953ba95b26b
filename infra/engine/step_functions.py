"""moto's server, with three repairs and two savings.

Repair: an answer to a task token counts while the task's function still runs, as in AWS. moto also accepts it, but listens for
heartbeats only after the function has returned, and then waits a whole heartbeat for an answer that it already has.

Repair: an execution that is stopped while it waits for an answer ends at once, and not at the end of the wait.

Repair: if a function could not be reached, or its answer was cut off, the error is Lambda.SdkClientException, as in AWS. moto's
States.Runtime cannot be retried.

Savings: a state machine is parsed once and not for each execution (which takes a second of processor time), and an AWS client is
made once and not for each task.
"""

import sys
from threading import Lock
from types import SimpleNamespace

import boto3
from botocore.exceptions import BotoCoreError
from moto.server import main
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client

listen = CallbackEndpoint.setup_heartbeat_endpoint
parse = AmazonStateLanguageParser.parse
stop = Environment.set_stop
fail = Environment.set_error
failure_of = StateTaskServiceLambda._from_error
one_at_a_time = Lock()
trees = {}
clients = {}


def listen_and_look(self, heartbeat_seconds):
    endpoint = listen(self, heartbeat_seconds)
    if self.get_outcome() is not None:
        endpoint.notify()
    return endpoint


def stop_and_wake(self, stop_date, cause, error):
    stop(self, stop_date=stop_date, cause=cause, error=error)
    for endpoint in list(self.callback_pool_manager._pool.values()):
        endpoint.interrupt_all()


def fail_unless_stopped(self, error):
    # The wait that the stop has cut off reports a timeout.
    if not isinstance(self.program_state(), ProgramStopped):
        fail(self, error)


def failure_of_call(self, env, ex):
    if not isinstance(ex, BotoCoreError):
        return failure_of(self, env, ex)
    error = "Lambda.SdkClientException"
    details = TaskFailedEventDetails(
        error=error, cause=str(ex), resource=self._get_sfn_resource(), resourceType=self._get_sfn_resource_type()
    )
    return FailureEvent(
        env=env,
        error_name=CustomErrorName(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),
    )


def parse_once(definition):
    with one_at_a_time:
        if definition not in trees:
            trees[definition] = parse(definition)[1]
        tree = trees[definition]
    # Executions write into the preprocessed tree, so each gets its own.
    return Preprocessor().visit(tree), tree


def client_once(service_name, region_name, **settings):
    with one_at_a_time:
        key = (service_name, region_name)
        if key not in clients:
            clients[key] = boto3.client(service_name, region_name, **settings)
        return clients[key]


CallbackEndpoint.setup_heartbeat_endpoint = listen_and_look
Environment.set_stop = stop_and_wake
Environment.set_error = fail_unless_stopped
StateTaskServiceLambda._from_error = failure_of_call
AmazonStateLanguageParser.parse = staticmethod(parse_once)
boto_client.boto3 = SimpleNamespace(client=client_once)

if __name__ == "__main__":
    sys.exit(main())
