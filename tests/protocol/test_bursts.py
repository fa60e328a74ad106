"""More messages than zmq's queues hold by default."""

from __future__ import annotations

from .client import Client

MANY = 6000


def test_a_burst_of_displays_reaches_a_client_that_was_not_reading(client: Client) -> None:
    cell = client.execute(
        f"for i in range({MANY}): display({{'text/plain': str(i)}}, raw=True)\n'end'"
    )
    cell.result()
    shown = [message["content"]["data"]["text/plain"] for message in cell.of("display_data")]
    assert shown == [str(i) for i in range(MANY)]
    assert cell.value == "'end'"
