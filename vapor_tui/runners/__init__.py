"""What drives a job: the Runner protocol and its implementations."""
