"""The studies, one room each; none imports another."""
