"""A creditor's rules for disputes: categories of its debtors' reason codes, owners and deadlines, all dated."""
