"""Teams: the tree that staff users work in."""
