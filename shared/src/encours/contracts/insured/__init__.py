"""Credit insurance of debts: the rules that more than one service follows."""
