"""gdsym beside its peers: `python -m benchmarks` writes docs/benchmarks.md."""
