"""What makes data files: run by hand, no part of what is installed."""
