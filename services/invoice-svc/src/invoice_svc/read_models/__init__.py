"""What lists and searches read: tables, the pure projection that fills them, and their queries."""
