"""What scores batches of images: one reference, faster engines that must agree with it."""
