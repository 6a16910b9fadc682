"""Made images: drawn digits and marks, non-digits, and strings of digits composed on paper."""
