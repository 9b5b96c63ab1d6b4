"""Format of a file: encoding, delimiter, line ends, decimal sign, thousands separator; detected or given."""
