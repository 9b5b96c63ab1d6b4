"""A bank's statement of an account: its content, its lines, and the rules of taking them in."""
