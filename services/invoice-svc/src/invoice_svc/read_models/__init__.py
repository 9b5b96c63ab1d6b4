"""Lists of the service: one folder each, with its tables, the pure projection that fills them, and its queries.

A list tells *which* objects an answer is about; *what* they are is folded from their streams, up to the position of
the same snapshot. So a list and a single GET cannot disagree, and there is one way to answer for the past: rows say
from which business date and from which position on an object counts.
"""
