"""The creditor: who issues, and in which number series."""
