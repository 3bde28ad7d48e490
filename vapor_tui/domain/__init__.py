"""What the product knows without a disk, a database or a screen."""
