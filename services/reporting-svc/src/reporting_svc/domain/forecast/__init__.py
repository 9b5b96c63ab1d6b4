"""Cash that open receivables bring: curves of payment, ranges, and the comparison with what came; pure."""
