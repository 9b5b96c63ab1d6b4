"""/v1/orders, /v1/deliveries, and the invoice of several deliveries."""
