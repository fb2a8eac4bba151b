"""German number and time phrases as values: quantities with bounds and units, dates as intervals."""
