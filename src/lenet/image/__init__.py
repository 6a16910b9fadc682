"""Pixels without any network: pictures decoded, measured, drawn, and digits normalised as MNIST has them."""
