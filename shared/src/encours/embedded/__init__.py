"""PostgreSQL, nats-server and a mailbox for one machine, started from wheels; and the supervisor of `encours up`.

Embedded differs from a real installation only in who started the servers: everything else takes addresses.
"""
