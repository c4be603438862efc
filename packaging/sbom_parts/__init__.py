"""Where sbom.py finds what a tree was made of."""
