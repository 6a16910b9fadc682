"""The LeNets of the literature and of this project, as data: networks, their recipes, sources and published results."""
