"""/v1/bank-statements and /v1/bank-lines: files of banks, their statements and lines."""
