"""From ink to lines of writing: desk, ink, rules, lines, grids of cells."""
