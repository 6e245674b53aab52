"""Tasks: work that somebody is to do, made by a person or asked for by a communication."""
