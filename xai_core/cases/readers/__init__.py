"""One file's bytes to pixels: DICOM and raster pictures, within limits."""
