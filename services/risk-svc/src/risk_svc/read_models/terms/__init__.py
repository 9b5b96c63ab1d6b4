"""Terms proposed to customers because of their risk."""
