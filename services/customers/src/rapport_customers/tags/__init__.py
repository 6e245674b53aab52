"""Tags: what customers are labelled with, in groups of allowed values."""
