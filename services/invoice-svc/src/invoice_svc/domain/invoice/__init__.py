"""The invoice: from a draft through its legal number to settlement."""
