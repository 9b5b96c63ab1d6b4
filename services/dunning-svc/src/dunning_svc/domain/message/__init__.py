"""Messages to customers: snapshot, template language, blocks, plain text and HTML."""
