"""The benchmarks of Vigil: one run, one table, ratios against its peers and a bare loop. See docs/benchmarks.md."""
