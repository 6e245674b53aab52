"""Technical building blocks and published event contracts of the Rapport services."""
