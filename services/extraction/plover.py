"""CAMEO event codes, which PLOVER maps to its root classes, derived from a record's own fields.

Source of the codes: Schrodt, "CAMEO: Conflict and Mediation Event Observations. Event and Actor Codebook" (2012),
chapter 3; the choice among them: this project's references. Type and status stay apart in the record and the code
joins them: aid that is promised has another code than aid that is given. Where CAMEO has no code (a deployment that
does not take place, a statement that is not made) there is none.
"""

from collections.abc import Collection, Mapping

from schemas import Category, EventType, Movement, StatementKind, Status

_AID: Mapping[Category, str] = {"money": "1", "energy": "1", "humanitarian": "3", "other": "0"}
"""Last digit of the codes of material aid: 1 economic, 3 humanitarian, 0 unspecified; 2, military, for all else."""

_SUPPLY: Mapping[Status, str] = {
    "actual": "07",  # provide aid: 071, 072, 073
    "planned": "033",  # express intent to provide material aid: 0331 …
    "denied": "122",  # reject request for material aid: 1221 …
}
_DEMANDED_AID = "103"  # demand material aid: 1031 …
_CONSIDERED = "014"  # consider policy option

_DEPLOYMENT: Mapping[tuple[Movement, Status], str] = {
    ("deploy", "actual"): "154",  # mobilize or increase armed forces
    ("deploy", "planned"): "154",  # CAMEO does not tell the order from its execution; the status does
    ("withdraw", "actual"): "087",  # de-escalate military engagement
    ("withdraw", "planned"): "0356",  # express intent to de-escalate military engagement
    ("withdraw", "denied"): "1246",  # refuse to de-escalate military engagement
}
_DEMANDED_MOVEMENT: Mapping[Movement, str] = {
    "deploy": "1034",  # demand military protection or peacekeeping
    "withdraw": "1056",  # demand de-escalation of military engagement
}

_STATEMENT: Mapping[StatementKind, str] = {
    "say": "010",  # make statement, not specified below
    "assess": "010",
    "warn": "010",
    "confirm": "015",  # acknowledge or claim responsibility
    "deny": "016",  # deny responsibility
    "announce": "03",  # express intent to cooperate
    "support": "051",  # praise or endorse
    "demand": "10",  # demand
    "condemn": "111",  # criticize or denounce
    "accuse": "112",  # accuse
    "refuse": "12",  # reject
    "threaten": "13",  # threaten
}
_DECLINE_COMMENT = "011"
_THREATEN_FORCE = "138"
_COMMENT_STEMS = ("komment", "äußer", "dementier", "bestätig", "stellung", "offen", "schweig", "schwieg", "auskunft")


def supply_code(status: Status, category: Category, *, demanded: bool) -> str:
    """The code of a supply.

    Args:
        status: of the supply.
        category: of its goods.
        demanded: whether it is told in a demand; then a merely possible supply has the code of that demand.
    """
    digit = _AID.get(category, "2")
    if status == "possible":
        return _DEMANDED_AID + digit if demanded else _CONSIDERED
    return _SUPPLY[status] + digit


def deployment_code(status: Status, movement: Movement, *, demanded: bool) -> str | None:
    """The code of a deployment or withdrawal; `demanded` as in `supply_code`."""
    if status == "possible":
        return _DEMANDED_MOVEMENT[movement] if demanded else _CONSIDERED
    return _DEPLOYMENT.get((movement, status))


def statement_code(status: Status, kind: StatementKind, cue: str, told: Collection[EventType]) -> str | None:
    """The code of a statement.

    Args:
        status: of the utterance itself.
        kind: of the statement.
        cue: its anchor's words: they tell a refusal to comment from another refusal.
        told: types of the events told in its content: a threat that tells a deployment threatens with force.
    """
    if status != "actual":
        return _DECLINE_COMMENT if (kind, status) == ("confirm", "denied") else None
    if kind == "refuse" and any(stem in cue.lower() for stem in _COMMENT_STEMS):
        return _DECLINE_COMMENT
    if kind == "threaten" and "deployment" in told:
        return _THREATEN_FORCE
    return _STATEMENT[kind]
