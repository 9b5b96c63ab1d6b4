"""Server of an app and its outermost layer: bounds on connections, on heads and on time."""
