"""Readers of single image files, DICOM and raster pictures, within limits of size."""
