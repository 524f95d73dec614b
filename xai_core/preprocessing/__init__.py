"""From a case's pixels to what is measured: names of images, and where the breast is."""
