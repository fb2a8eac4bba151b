"""Speed of the whole stream beside the bare extraction: `python -m tests.bench` (`make bench`).

articles   articles of a given length, spread evenly over the partitions
bare       the extractor alone, in processes of its own
cpu        processor seconds by part of the stream
stream     the running stream, and how long articles take through it
flame      where the time goes
plan       what is measured, in which order
"""
