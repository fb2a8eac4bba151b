"""The services of Lagebild: producer, extractor and sink, and the libraries they stand on."""
