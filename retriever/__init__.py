"""Brief in, run out: lexical and dense recall, fused; evaluation of runs."""
