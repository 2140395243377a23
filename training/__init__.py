"""Makes the reader's model: data, training, calibration, export.  Not installed with Footnote."""
