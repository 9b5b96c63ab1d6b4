"""/v1/penalty-documents: claims of interest and recovery fees for late payment."""
