"""What happens to a library when the world fails under it."""
