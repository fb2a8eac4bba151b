"""The extractor: a Faust app that reads articles and sends event records.

work       what a worker process does with one message
pool       the worker processes, their time limit, their deaths
publisher  sending with the broker's confirmation
progress   how far each partition has come: lag, and the watchdog of /livez
loop       batch → extract → send → confirm → acknowledge
app        the Faust app around it, with health, signals and start-up
"""
