"""From the ledger to NATS JetStream and back: names, declaration, relay, tail.

The stream's sequence number is the ledger's position.
"""
