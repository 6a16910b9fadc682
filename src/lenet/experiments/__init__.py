"""Measurements with everything above them: speed, and the presets trained by their own recipes."""
