"""Networks for instrument classification: fronts, bodies and what they are made of; torch only."""
