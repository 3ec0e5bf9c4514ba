"""Image to image: what colours a drawing and what enlarges a picture."""
