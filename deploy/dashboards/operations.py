"""The dashboard of those who run Lagebild: what flows, how late it is, what waits and what fails."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.dashboards.panels import lines, numbers

RATE = "[$__rate_interval]"


def dashboard() -> Dashboard:
    """The dashboard, ready to be built."""
    board = (
        Dashboard("Lagebild: operations")
        .uid("lagebild-operations")
        .description("What flows through extractor and sink, how late it is, what waits and what fails.")
        .tags(["lagebild"])
        .time("now-1h", "now")
        .refresh("10s")
        .timezone("browser")
        .readonly()
    )
    for section in (_health, _flow, _delay, _extractor, _sink, _claims, _failures, _processes):
        section(board)
    return board


def _health(board: Dashboard) -> None:
    board.with_row(Row("Health"))
    up = "Services that answer Prometheus, by job. Fewer than were started: runbook, LagebildServiceDown."
    board.with_panel(numbers("Services that answer", up, "short", ("sum by (job) (up)", "{{job}}")))
    ago = "Time since each service last finished a batch. It grows while nothing arrives, too."
    since = "time() - max by (service) (lagebild_last_success_timestamp_seconds > 0)"
    board.with_panel(numbers("Since the last success", ago, "s", (since, "{{service}}")))
    alerts = "Alerts that fire now; docs/operations.md has an entry for each."
    firing = 'sum(ALERTS{alertstate="firing", alertname=~"Lagebild.*"}) or vector(0)'
    board.with_panel(numbers("Alerts that fire", alerts, "short", (firing, "alerts")))
    build = (
        "Running processes by service and version of Lagebild. Two versions of one service: an upgrade is under way."
    )
    versions = ("sum by (service, version) (lagebild_build_info)", "{{service}} {{version}}")
    board.with_panel(numbers("Versions", build, "short", versions))


def _flow(board: Dashboard) -> None:
    board.with_row(Row("Flow"))
    sent = f"sum(rate(lagebild_articles_produced_total{RATE}))"
    taken = f"sum(rate(lagebild_articles_consumed_total{RATE}))"
    board.with_panel(
        lines(
            "Articles sent and taken",
            "Articles a second that the broker has confirmed to producers, and messages that extractors have taken.",
            "articles/s",
            (sent, "sent"),
            (taken, "taken"),
        )
    )
    processed = f"sum by (outcome) (rate(lagebild_articles_processed_total{RATE}))"
    board.with_panel(
        lines(
            "Articles by outcome",
            "Articles a second finished and acknowledged: with events, without, or put into the dead letters.",
            "articles/s",
            (processed, "{{outcome}}"),
        )
    )
    found = f"sum by (type, status) (rate(lagebild_events_extracted_total{RATE}))"
    board.with_panel(
        lines(
            "Records by type and status",
            "Event records a second that were sent and confirmed.",
            "records/s",
            (found, "{{type}} {{status}}"),
        )
    )


def _delay(board: Dashboard) -> None:
    board.with_row(Row("Delay"))
    board.with_panel(
        lines(
            "From article to row",
            "Time from the article's Kafka timestamp to the commit of its rows. Alert: 95 of 100 above 30 s.",
            "s",
            *((_quantile(q, "lagebild_end_to_end_seconds"), f"{q:.0%}") for q in (0.5, 0.95, 0.99)),
        )
    )
    old = "max by (group, topic) (lagebild_consumer_lag_seconds)"
    board.with_panel(
        lines(
            "Age of the oldest message that waits",
            "Of the partition that is furthest behind, by consumer group and topic. Alert: over 5 minutes.",
            "s",
            (old, "{{group}} {{topic}}"),
        )
    )
    waiting = "sum by (group, topic, partition) (lagebild_consumer_lag_messages)"
    board.with_panel(
        lines(
            "Messages that wait, by partition",
            "One partition far above the others: many messages of few articles, or a service that stands still.",
            "short",
            (waiting, "{{group}} {{topic}} {{partition}}"),
        )
    )


def _extractor(board: Dashboard) -> None:
    board.with_row(Row("Extractor"))
    board.with_panel(
        lines(
            "Time to read an article",
            "In a worker process, without waiting.",
            "s",
            *((_quantile(q, "lagebild_extraction_seconds"), f"{q:.0%}") for q in (0.5, 0.95, 0.99)),
        )
    )
    use = f"sum(rate(lagebild_extraction_seconds_sum{RATE})) / sum(lagebild_pool_processes)"
    board.with_panel(
        lines(
            "Use of the worker processes",
            "Share of the time in which they read German. Near 1: more processes or more extractors would help.",
            "percentunit",
            (use, "use"),
        )
    )
    board.with_panel(
        lines(
            "Queue",
            "Messages fetched and not acknowledged; those of them with the worker processes; the processes.",
            "short",
            ("sum(lagebild_extractor_unacknowledged_messages)", "not acknowledged"),
            ("sum(lagebild_pool_articles_in_work)", "with the processes"),
            ("sum(lagebild_pool_processes)", "processes"),
        )
    )
    mean = _mean("lagebild_extractor_batch_articles")
    board.with_panel(
        lines(
            "Articles in a batch",
            "On average. At the limit (LAGEBILD_EXTRACTOR_BATCH_SIZE) there is always more to do.",
            "short",
            (mean, "articles"),
        )
    )
    restarts = "sum by (reason) (increase(lagebild_pool_restarts_total[15m]))"
    board.with_panel(
        lines(
            "Worker processes replaced",
            "In 15 minutes: because an article took too long, or because the process died.",
            "short",
            (restarts, "{{reason}}"),
        )
    )


def _sink(board: Dashboard) -> None:
    board.with_row(Row("Sink"))
    written = f"sum by (table, outcome) (rate(lagebild_sink_rows_total{RATE}))"
    board.with_panel(
        lines(
            "Rows by outcome",
            "Rows a second: written, removed (replaced findings, tombstones), or rejected by the database.",
            "rows/s",
            (written, "{{table}} {{outcome}}"),
        )
    )
    board.with_panel(
        lines(
            "Time of a transaction",
            "Rows and offsets of a batch, until the database has committed them.",
            "s",
            *((_quantile(q, "lagebild_sink_commit_seconds"), f"{q:.0%}") for q in (0.5, 0.95, 0.99)),
        )
    )
    taken = f"sum by (kind) (rate(lagebild_sink_messages_consumed_total{RATE}))"
    board.with_panel(
        lines("Messages taken", "Messages a second that the sink has taken, by kind.", "msg/s", (taken, "{{kind}}"))
    )
    mean = _mean("lagebild_sink_batch_messages")
    board.with_panel(
        lines(
            "Messages in a batch",
            "On average. At the limit (LAGEBILD_SINK_BATCH_SIZE) there is always more to do.",
            "short",
            (mean, "messages"),
        )
    )


def _claims(board: Dashboard) -> None:
    board.with_row(Row("Claims"))
    refresh = _quantile(0.95, "lagebild_claims_refresh_seconds")
    board.with_panel(
        lines(
            "Time to bring the claims up to date",
            "For one batch of changed articles, 95 of 100.",
            "s",
            (refresh, "95%"),
        )
    )
    board.with_panel(
        lines(
            "Changes that wait",
            "Changed articles that the claims have not taken up yet. It falls back to 0 where the sink keeps up.",
            "short",
            ("sum(lagebild_claim_changes_waiting)", "changes"),
        )
    )
    sent = f"sum by (kind) (rate(lagebild_claims_sent_total{RATE}))"
    board.with_panel(
        lines("Claims sent", "Claims and tombstones a second, confirmed by the broker.", "msg/s", (sent, "{{kind}}"))
    )


def _failures(board: Dashboard) -> None:
    board.with_row(Row("Failures"))
    letters = "sum by (service, stage, exception) (increase(lagebild_dead_letters_total[15m]))"
    board.with_panel(
        lines(
            "Dead letters",
            "Messages put aside in 15 minutes, by service, stage and class of error: `lagebild dead-letters list`.",
            "short",
            (letters, "{{service}} {{stage}} {{exception}}"),
        )
    )
    failed = "sum by (instance) (increase(lagebild_sink_commit_failures_total[5m]))"
    board.with_panel(
        lines(
            "Transactions that failed",
            "In 5 minutes. The sink tries again and loses nothing: runbook, LagebildSinkFailing.",
            "short",
            (failed, "{{instance}}"),
        )
    )
    limit = "max by (job, instance) (lagebild_dead_letter_limit_reached)"
    board.with_panel(
        lines(
            "Stopped by dead letters",
            "1: so many messages failed that the service stands still. Runbook, LagebildDeadLetterLimit.",
            "bool_yes_no",
            (limit, "{{job}} {{instance}}"),
        )
    )
    refused = "sum(increase(lagebild_inputs_rejected_total[15m]))"
    board.with_panel(
        lines(
            "Inputs refused by producers",
            "In 15 minutes: files, lines or pages that were no usable article. The producer names each.",
            "short",
            (refused, "inputs"),
        )
    )


def _processes(board: Dashboard) -> None:
    board.with_row(Row("Processes"))
    cpu = f"sum by (job, instance) (rate(process_cpu_seconds_total{RATE}))"
    board.with_panel(
        lines(
            "CPU of the services",
            "Cores used by each service's own process; the extractor's worker processes are not in it.",
            "short",
            (cpu, "{{job}} {{instance}}"),
        )
    )
    memory = "sum by (job, instance) (process_resident_memory_bytes)"
    board.with_panel(
        lines(
            "Memory of the services",
            "Resident memory of each service's own process; the extractor's worker processes are not in it.",
            "bytes",
            (memory, "{{job}} {{instance}}"),
        )
    )
    files = "max by (job, instance) (process_open_fds / process_max_fds)"
    board.with_panel(
        lines(
            "Open files",
            "Share of the files that the process may open. It stays small where nothing leaks.",
            "percentunit",
            (files, "{{job}} {{instance}}"),
        )
    )


def _quantile(share: float, histogram: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{RATE})))"


def _mean(histogram: str) -> str:
    return f"sum(rate({histogram}_sum{RATE})) / sum(rate({histogram}_count{RATE}))"
