"""Lists of the service: one folder each, with its tables, the pure projection that fills them, and its queries.

A list selects the objects of an answer; their content is folded from their streams, up to the position of the same
snapshot. So a list and a single GET always agree. Rows contain the business date and the position from which an
object exists, for answers about the past.
"""
