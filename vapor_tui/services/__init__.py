"""What the command line and the screens ask for; answers are data, not exceptions."""
