"""The debtor: identity, contract terms by date, people, remarks."""
