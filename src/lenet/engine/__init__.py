"""The arithmetic: the native engine for processors, and the reference in NumPy that it is tested against."""
