"""Mail that leaves a service: the mail server, messages as bytes, and notices that are sent once."""
