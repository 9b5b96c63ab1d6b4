"""Transport of events over NATS JetStream: names, declaration, relay, tail.

The stream's sequence number is the ledger's position.
"""
