"""For Python without the app: train in this process, look at the result, predict files."""
