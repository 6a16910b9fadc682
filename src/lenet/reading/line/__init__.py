"""From a line of writing to the likeliest numbers: segmentation, sliding window, path search, ranking."""
