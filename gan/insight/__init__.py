"""What a trained pair of networks knows: pure functions of networks and pictures."""
