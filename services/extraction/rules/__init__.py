"""The first detector: rules over words and their order, without a parser. See `services.extraction.findings`."""
