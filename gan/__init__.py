"""A small-GAN studio: train on a folder of pictures, look inside the model, publish it."""
