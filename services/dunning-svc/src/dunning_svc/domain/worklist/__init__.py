"""The worklist: customers by the amount that is at risk, with the formula and the reasons in words."""
