"""Everything that needs TensorFlow. The app's server process never imports this package."""
