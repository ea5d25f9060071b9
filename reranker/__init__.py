"""Run in, ranking out: the late-interaction model, fit and evidence."""
