"""Data quality: what is missing, wrong, stale or there twice among customers, and mending what can be mended."""
