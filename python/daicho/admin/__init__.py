"""What an administrator does: found a network, run it, change its control state."""
