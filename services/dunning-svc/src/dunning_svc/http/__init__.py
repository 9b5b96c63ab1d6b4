"""Routes, bodies and answers, a folder per resource."""
