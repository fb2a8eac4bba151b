"""The dashboard of those who read the records: what states and armed groups do and say, from the database's views."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.dashboards.panels import bars, columns_over_time, places, rows, sql_numbers


def dashboard() -> Dashboard:
    """The dashboard, ready to be built."""
    board = (
        Dashboard("Lagebild: what happens in the world")
        .uid("lagebild-world")
        .description("Deployments, supplies and statements, by the day on which the article was published.")
        .tags(["lagebild"])
        .time("now-5y", "now")
        .refresh("1m")
        .timezone("utc")
        .readonly()
    )
    for section in (_overview, _where, _who, _claims, _deeds, _words):
        section(board)
    return board


def _overview(board: Dashboard) -> None:
    board.with_row(Row("Overview"))
    board.with_panel(
        sql_numbers(
            "In this time",
            "Articles read, and records of each type found in them.",
            "short",
            f"""
            SELECT count(DISTINCT a.article_id) AS articles, {_BY_TYPE}
            FROM articles a LEFT JOIN events e ON e.article_id = a.article_id WHERE $__timeFilter(a.published_on)
            """,
            span=24,
        )
    )
    board.with_panel(
        columns_over_time(
            "Records over time, by type",
            "Records a day, by the day on which the article was published (UTC).",
            "short",
            """
            SELECT a.published_on::timestamp AS time, e.type AS metric, count(*) AS records
            FROM events e JOIN articles a ON a.article_id = e.article_id WHERE $__timeFilter(a.published_on)
            GROUP BY 1, 2 ORDER BY 1, 2
            """,
            span=16,
        )
    )
    board.with_panel(
        bars(
            "Certainty",
            "Records by status: happened, planned, possible or denied; each bar by type.",
            "short",
            f"SELECT e.status, {_BY_TYPE} FROM events e JOIN articles a ON a.article_id = e.article_id "
            "WHERE $__timeFilter(a.published_on) GROUP BY e.status ORDER BY count(*) DESC",
            span=8,
            height=8,
        )
    )


def _where(board: Dashboard) -> None:
    board.with_row(Row("Where"))
    board.with_panel(
        places(
            "Places that forces and goods go to or come from",
            "Places of deployments and supplies with known coordinates; the larger, the more records name them.",
            "short",
            """
            SELECT p.name, p.country, p.latitude, p.longitude, count(*) AS records,
                string_agg(DISTINCT e.type, ', ') AS types, max(a.published_on)::timestamp AS latest
            FROM places p JOIN events e ON e.event_id = p.event_id JOIN articles a ON a.article_id = e.article_id
            WHERE p.latitude IS NOT NULL AND $__timeFilter(a.published_on)
            GROUP BY p.name, p.country, p.latitude, p.longitude ORDER BY records DESC
            """,
            size="records",
            span=16,
        )
    )
    board.with_panel(
        bars(
            "Countries of destination",
            "Deployments by the country they go to, ISO 3166 alpha-3; each bar by status.",
            "short",
            f"SELECT destination_country AS country, {_BY_STATUS} FROM deployments "
            "WHERE destination_country IS NOT NULL AND $__timeFilter(published_on) "
            "GROUP BY destination_country ORDER BY count(*) DESC LIMIT 15",
            span=8,
            height=14,
        )
    )


def _who(board: Dashboard) -> None:
    board.with_row(Row("Who"))
    board.with_panel(
        bars(
            "Top actors",
            "Who deploys, supplies and speaks most, by number of records of each type.",
            "short",
            f"""
            SELECT p.name, {_BY_TYPE}
            FROM parties p JOIN events e ON e.event_id = p.event_id JOIN articles a ON a.article_id = e.article_id
            WHERE p.role IN ('actor', 'supplier', 'speaker') AND $__timeFilter(a.published_on)
            GROUP BY p.name ORDER BY count(*) DESC, p.name LIMIT 15
            """,
            span=12,
        )
    )
    board.with_panel(
        bars(
            "Sources",
            "Which newspapers and agencies the records come from.",
            "short",
            f"""
            SELECT coalesce(a.source, 'unknown') AS source, {_BY_TYPE}
            FROM events e JOIN articles a ON a.article_id = e.article_id
            WHERE $__timeFilter(a.published_on) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 15
            """,
            span=12,
        )
    )


def _claims(board: Dashboard) -> None:
    board.with_row(Row("What several articles tell together"))
    board.with_panel(
        rows(
            "Claims",
            "One row is one happening, put together from all records that tell of it; most sources first.",
            "string",
            """
            SELECT c.last_seen, c.type, c.movement,
                string_agg(p.role || ': ' || p.name, ', ' ORDER BY p.role, p.position) AS parties, c.first_day,
                c.last_day, c.sources, c.articles, c.records, c.statuses_disagree, c.quantities_disagree
            FROM claims c LEFT JOIN claim_parties p ON p.claim_id = c.claim_id WHERE $__timeFilter(c.last_seen)
            GROUP BY c.claim_id ORDER BY c.sources DESC, c.last_seen DESC, c.claim_id LIMIT 100
            """,
            span=16,
        )
    )
    board.with_panel(
        bars(
            "Corroboration",
            "Claims by the number of independent sources that tell of them; each bar by type.",
            "short",
            f"""
            SELECT c.sources || CASE WHEN c.sources = 1 THEN ' source' ELSE ' sources' END AS told_by,
                {_counts("c.type", _TYPES)}
            FROM claims c WHERE $__timeFilter(c.last_seen) GROUP BY c.sources ORDER BY c.sources
            """,
            span=8,
            height=10,
        )
    )


def _deeds(board: Dashboard) -> None:
    board.with_row(Row("Who does what"))
    board.with_panel(
        rows(
            "Latest deployments",
            "Who sends which forces where, whether it happened, and who says so.",
            "string",
            """
            SELECT published_on, actor, movement, force, quantity, origin, destination, status,
                said_by, source, title, url
            FROM deployments WHERE $__timeFilter(published_on) ORDER BY published_on DESC, event_id LIMIT 100
            """,
        )
    )
    board.with_panel(
        rows(
            "Latest supplies",
            "Who supplies whom with what and how much, whether it happened, and who says so.",
            "string",
            """
            SELECT published_on, supplier, recipient, goods, category, quantity, status, said_by, source, title, url
            FROM supplies WHERE $__timeFilter(published_on) ORDER BY published_on DESC, event_id LIMIT 100
            """,
        )
    )


def _words(board: Dashboard) -> None:
    board.with_row(Row("Who says what"))
    board.with_panel(
        rows(
            "Latest statements",
            "Who says what to or against whom, and how many deployments and supplies are told in it.",
            "string",
            """
            SELECT published_on, speaker, kind, addressee, content, quoted, events_told, source, title, url
            FROM statements WHERE $__timeFilter(published_on) ORDER BY published_on DESC, event_id LIMIT 100
            """,
        )
    )


def _counts(column: str, values: dict[str, str]) -> str:
    return ", ".join(f"count(*) FILTER (WHERE {column} = '{value}') AS {name}" for value, name in values.items())


_TYPES = {"deployment": "deployments", "supply": "supplies", "statement": "statements"}
_BY_TYPE = _counts("e.type", _TYPES)
_BY_STATUS = _counts("status", {name: name for name in ("actual", "planned", "possible", "denied")})
