"""Terms that are proposed because of the risk of a customer: by a person, and by the rules of a credit policy."""
