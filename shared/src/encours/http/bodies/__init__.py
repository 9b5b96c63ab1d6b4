"""Request bodies: media types, strict JSON, streamed files."""
