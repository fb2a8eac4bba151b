"""The learned detector: from the encoder's output to findings."""
