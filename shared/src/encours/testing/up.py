"""`encours up` on ports that the system picks: beside others it neither draws nor loses a usual port."""

from __future__ import annotations

from encours.cli.main import main
from encours.embedded import machine, nats, postgres


def up() -> None:
    """Run the `encours` command of this process so."""
    machine.API_PORTS.update(dict.fromkeys(machine.API_PORTS, 0))
    machine.MAILBOX_PORT = machine.GATEWAY_PORT = postgres.PREFERRED_PORT = nats.PREFERRED_PORT = 0
    main()


if __name__ == "__main__":
    up()
