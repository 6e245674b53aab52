"""The pool (公海): customers whom nobody looks after, to be claimed by whoever may."""
