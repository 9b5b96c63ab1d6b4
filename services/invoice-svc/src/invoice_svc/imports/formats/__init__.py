"""Format of a file: encoding, delimiter, line ends, decimal sign, thousands mark. Found out or given, never guessed."""
