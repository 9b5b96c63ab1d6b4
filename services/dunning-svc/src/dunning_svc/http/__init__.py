"""Routes and schemas, nothing else."""
