"""Resource: experiments."""
