"""Chaos against stock tor: seeded faults at random moments of transfers whose bytes are known."""
