"""What the host's own code does where values are read: managers, instances, loading."""
