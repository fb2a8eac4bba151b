"""Views for the questions people ask: who sent what where, who supplied whom, who said what.

Revision: 0002
"""

from typing import Final

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CITATION: Final = "e.evidence, a.title, a.source, a.published_on, a.url, e.article_id, e.event_id, e.confidence"

VIEWS: Final = {
    "deployments": """
        SELECT {actor} AS actor, {actor_codes} AS actor_codes, e.movement, e.force, e.quantity, e.quantity_min,
            e.quantity_max, o.name AS origin, o.country AS origin_country, d.name AS destination,
            d.country AS destination_country, d.latitude, d.longitude, {beneficiary} AS beneficiary, e.status,
            e.reported, {attribution} AS said_by, e.time, e.time_earliest, e.time_latest, {citation}
        FROM events e JOIN articles a ON a.article_id = e.article_id
            LEFT JOIN places o ON o.event_id = e.event_id AND o.role = 'origin'
            LEFT JOIN places d ON d.event_id = e.event_id AND d.role = 'destination'
        WHERE e.type = 'deployment'""",
    "supplies": """
        SELECT {supplier} AS supplier, {supplier_codes} AS supplier_codes, {recipient} AS recipient,
            {recipient_codes} AS recipient_codes, e.goods, e.category, e.quantity, e.quantity_min, e.quantity_max,
            e.quantity_unit, e.status, e.reported, {attribution} AS said_by, e.time, e.time_earliest, e.time_latest,
            {citation}
        FROM events e JOIN articles a ON a.article_id = e.article_id
        WHERE e.type = 'supply'""",
    "statements": """
        SELECT {speaker} AS speaker, {speaker_codes} AS speaker_codes, e.kind, e.content, e.quoted,
            {addressee} AS addressee, e.status, {attribution} AS said_by,
            (SELECT count(*) FROM told t WHERE t.statement_id = e.event_id) AS events_told, e.time, e.time_earliest,
            e.time_latest, {citation}
        FROM events e JOIN articles a ON a.article_id = e.article_id
        WHERE e.type = 'statement'""",
    "told_events": """
        SELECT s.event_id AS statement_id, s.kind AS statement_kind, s.content, e.event_id, e.type, e.status,
            e.quantity, e.quantity_min, e.quantity_max, e.evidence, s.article_id
        FROM told t JOIN events s ON s.event_id = t.statement_id JOIN events e ON e.event_id = t.event_id""",
    "speakers": """
        SELECT p.name AS speaker, p.code, count(*) AS statements, count(DISTINCT e.article_id) AS articles,
            min(a.published_on) AS first_published_on, max(a.published_on) AS last_published_on
        FROM parties p JOIN events e ON e.event_id = p.event_id JOIN articles a ON a.article_id = e.article_id
        WHERE p.role = 'speaker' GROUP BY p.name, p.code""",
}
ROLES: Final = ("actor", "beneficiary", "supplier", "recipient", "speaker", "addressee", "attribution")


def upgrade() -> None:
    """Make the views."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    lists = {"citation": CITATION} | {
        name: _names(role, column, sqlite=sqlite) for role in ROLES for name, column in _columns(role)
    }
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {query.format(**lists)}")


def _columns(role: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (role, "name"), (f"{role}_codes", "code")


def _names(role: str, column: str, *, sqlite: bool) -> str:
    """The names or codes of an event's parties in one role, in their order, separated by commas."""
    aggregate = "group_concat" if sqlite else "string_agg"
    ordered = (
        f"SELECT p.{column} AS value FROM parties p WHERE p.event_id = e.event_id AND p.role = '{role}' "  # noqa: S608 - constants
        "ORDER BY p.position"
    )
    return f"(SELECT {aggregate}(value, ', ') FROM ({ordered}) AS ordered)"  # noqa: S608 - constants
