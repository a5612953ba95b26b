"""moto's server, with one repair: a task token that is answered while its function still runs is not forgotten.

AWS takes such an answer. moto takes it too, but begins to listen for heartbeats only when the function has returned, and
then waits a whole heartbeat for what it has already.
"""

import sys

from moto.server import main
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint

listen = CallbackEndpoint.setup_heartbeat_endpoint


def listen_and_look(self, heartbeat_seconds):
    endpoint = listen(self, heartbeat_seconds)
    if self.get_outcome() is not None:
        endpoint.notify()
    return endpoint


CallbackEndpoint.setup_heartbeat_endpoint = listen_and_look

if __name__ == "__main__":
    sys.exit(main())
