"""/v1/entities: creditors, their number series and the certificate that they have no gaps."""
