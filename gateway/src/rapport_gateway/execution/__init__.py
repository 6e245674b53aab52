"""Plans run: fetches are sent, results merged into one value tree, the answer projected from it."""
