"""spaCy components that analyse German text."""
