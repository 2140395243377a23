"""Every figure that the README gives is printed by a module of this package."""
