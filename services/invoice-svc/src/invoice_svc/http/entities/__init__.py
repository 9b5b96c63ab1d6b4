"""/v1/entities: creditors, their number series and the proof that those have no holes."""
