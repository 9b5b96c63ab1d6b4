"""An order: placed by the customer, delivered in parts, and billed delivery by delivery."""
