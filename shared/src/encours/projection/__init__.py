"""Read models: rows, projector, checkpoint, rebuild, content hash, parked streams."""
