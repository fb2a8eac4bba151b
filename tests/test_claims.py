"""Claims: which records tell of the same happening, shown on SQLite and on PostgreSQL alike."""

import random
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Article, ArticleReference, Claim, Event, extraction_id, read_claim, write
from services.claims import Member, group_members, segments, signature_of
from services.claims.copies import sources
from services.claims.groups import GAP, LONGEST, REACH, SIGHT
from services.storage import Change, ClaimFilter, Removal, Store, open_store
from tests.claim_articles import EXTRACTOR, answer, forty, read_articles
from tests.findings import moment, receipt

Told = tuple[Article, list[Event]]


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_store(url)) as store:
        yield store


def put(store: Store, told: Iterable[Told], *, at: float = 0) -> None:
    """Write articles with all their records, a batch for each."""
    for article, events in told:
        changes = [article, *events, receipt(article, events, EXTRACTOR)]
        store.write([Change(record, moment(at)) for record in changes], "test", {})


def refresh(store: Store, limit: int = 1000) -> None:
    while store.refresh_claims(limit).waiting:
        pass


def claims(store: Store) -> dict[UUID, bytes]:
    """All claims, as they go over the wire."""
    return {claim.claim_id: write(claim) for claim in store.claims()}


def groups(store: Store) -> set[frozenset[UUID]]:
    """The records of each claim."""
    return {frozenset(report.event_id for report in claim.reports) for claim in store.claims()}


def one(store: Store, **filters: str) -> Claim:
    """The only claim that passes."""
    (claim,) = store.claims(ClaimFilter(**filters))  # type: ignore[arg-type]  # filters of text alone
    return claim


def positions(claim: Claim) -> set[tuple[str | None, str]]:
    return {(one.said_by.name if one.said_by else None, one.status) for one in claim.positions}


def report(
    number: int, day: str, *, source: str = "", text: str = "Mali schickt Soldaten nach Togo.", **changes: object
) -> Told:
    """A short article of one record: Mali deploys soldiers to Togo."""
    record = {
        "type": "deployment",
        "anchor": "schickt",
        "status": "actual",
        "actor": ["Mali | Mali | MLI"],
        "force": "Soldaten",
        "destination": "Togo | Togo | TGO",
    } | changes
    kept = {name: value for name, value in record.items() if value is not None}
    entry = {"id": f"r{number}", "source": source or f"Blatt {number}", "day": day, "text": text, "records": [kept]}
    return read_articles([entry])[0]


# --- the forty articles -----------------------------------------------------------------------------------------------


def agreement(found: dict[UUID, object]) -> tuple[float, float]:
    """Precision and recall over pairs of records: are they of one happening?"""
    wanted = answer()
    pairs = list(combinations(sorted(wanted), 2))
    same = {pair for pair in pairs if wanted[pair[0]] == wanted[pair[1]]}
    # A record in no claim is of one happening with no other.
    grouped = {pair for pair in pairs if found.get(pair[0], pair[0]) == found.get(pair[1], pair[1])}
    return len(same & grouped) / len(grouped), len(same & grouped) / len(same)


def test_forty_articles_with_known_answer(store: Store) -> None:
    put(store, forty())
    refresh(store)
    found: dict[UUID, object] = {event_id: group for group in groups(store) for event_id in group}
    precision, recall = agreement(found)
    assert precision >= 0.9
    assert recall >= 0.9
    assert store.check() == []


def test_the_measure_bites() -> None:
    wanted = answer()
    assert agreement(dict(wanted)) == (1, 1)
    assert agreement(dict.fromkeys(wanted, "one"))[0] < 0.1
    assert agreement({event_id: "A" for event_id, name in wanted.items() if name == "A"})[1] < 0.9


@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_arrival_matters(store: Store, seed: int, tmp_path: Path) -> None:
    put(store, forty())
    refresh(store)
    generator = random.Random(seed)
    shuffled = generator.sample(forty(), len(forty()))
    with closing(open_store(f"sqlite:///{tmp_path}/other.db")) as other:
        while shuffled:
            put(other, [shuffled.pop() for _ in range(min(len(shuffled), generator.randint(1, 6)))])
            refresh(other, generator.randint(1, 4))
        assert claims(other) == claims(store)
        assert other.check() == []


def test_a_replay_changes_nothing_and_sends_nothing(store: Store) -> None:
    put(store, forty())
    refresh(store)
    before = claims(store)
    store.claims_sent(store.unsent_claims())
    put(store, [*forty(), *forty()], at=60)
    refresh(store)
    assert claims(store) == before
    assert store.unsent_claims() == []


def test_a_happening_told_side_by_side(store: Store) -> None:
    put(store, forty())
    refresh(store)
    claim = one(store, actor="TUR", destination="LBY", until=date(2025, 4, 1))  # type: ignore[arg-type]  # a day
    assert (claim.records, claim.articles, claim.sources) == (8, 6, 3)
    assert {("libysche Einheitsregierung", "actual"), ("Orhan Demirtas", "denied")} <= positions(claim)
    assert [(n.said_by and n.said_by.name, n.min, n.max) for n in claim.numbers] == [
        ("libysche Einheitsregierung", 600, None),
        ("ägyptischer Geheimdienst", 2000, 2000),
    ]
    assert claim.disagreement == ("status", "quantity")
    assert (claim.first_seen, claim.last_seen) == (date(2025, 3, 4), date(2025, 3, 12))
    denial = next(p for p in claim.positions if p.said_by and p.said_by.name == "Türkei")
    assert (denial.status, denial.kinds) == ("denied", ("deny",))


# --- kept up to date --------------------------------------------------------------------------------------------------


def test_a_newer_extraction_replaces_what_the_older_gave(store: Store) -> None:
    put(store, [report(1, "2024-02-01"), report(2, "2024-02-03")])
    refresh(store)
    assert one(store).records == 2
    put(store, [report(2, "2024-02-03", destination="Togo | Benin | BEN")], at=60)
    refresh(store)
    assert {claim.place and claim.place.country for claim in store.claims()} == {"TGO", "BEN"}
    article, _ = report(2, "2024-02-03")
    store.write([Change(receipt(article, [], "hand-2"), moment(120))], "test", {})
    refresh(store)
    assert one(store).records == 1
    assert store.check() == []


def test_a_claim_whose_records_are_withdrawn_is_gone_and_told_by_a_tombstone(store: Store) -> None:
    put(store, [report(1, "2024-02-01")])
    refresh(store)
    (message,) = store.unsent_claims()
    assert message.claim == one(store)
    store.claims_sent([message])
    store.write([Change(Removal("r1", "extraction"), moment(60))], "test", {})
    refresh(store)
    assert list(store.claims()) == []
    assert [(m.claim_id, m.claim) for m in store.unsent_claims()] == [(message.claim_id, None)]


def test_pruned_articles_leave_their_claims(store: Store) -> None:
    put(store, [report(1, "2024-02-01"), report(2, "2024-02-03"), report(3, "2024-06-03")])
    refresh(store)
    store.prune(moment(0).replace(month=2, day=2))
    refresh(store)
    assert sorted(claim.records for claim in store.claims()) == [1, 1]
    assert store.check() == []


def test_a_text_that_comes_late_is_found_to_be_a_copy(store: Store) -> None:
    text = forty()[0][0].text
    first, second = (report(n, "2024-02-01", text=f"{text} Mali schickt Soldaten nach Togo.") for n in (1, 2))
    put(store, [first])
    article, events = second
    store.write([Change(r, moment(0)) for r in (*events, receipt(article, events, EXTRACTOR))], "test", {})
    refresh(store)
    assert one(store).sources == 2
    store.write([Change(article, moment(1))], "test", {})
    refresh(store)
    assert one(store).sources == 1


def test_what_is_in_work_is_not_lost_by_a_crash(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, forty())
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "_write_claims", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.refresh_claims()
    refresh(store)
    assert len(groups(store)) == 22


def test_an_article_without_a_date_counts_from_its_first_message(store: Store) -> None:
    article, events = report(1, "2024-02-01")
    undated = article.model_copy(update={"published_at": None})
    changes = {"article": ArticleReference.of(undated), "extraction_id": extraction_id(undated, EXTRACTOR)}
    put(store, [(undated, [events[0].model_copy(update=changes)])])
    refresh(store)
    assert one(store).first_seen == moment(0).date()


# --- what is the same -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"status": "denied"}, True),
        ({"force": None}, True),
        ({"destination": "Togo | Lomé | TGO"}, True),
        ({"movement": "withdraw", "destination": None, "origin": "Togo | Togo | TGO"}, False),
        ({"actor": ["Mali | Niger | NER"]}, False),
        ({"actor": ["Mali | Mali | MLI", "Togo | Togo | TGO"]}, False),
        ({"actor": ["Mali | er | | unknown"]}, False),
        ({"destination": None}, False),
        ({"time": "nach | 2023-06-01 | 2023-06-30"}, False),
    ],
)
def test_what_makes_two_records_one_happening(store: Store, changes: dict[str, object], same: bool) -> None:
    put(store, [report(1, "2024-02-01"), report(2, "2024-02-05", **changes)])
    refresh(store)
    assert (frozenset({2}) == {len(group) for group in groups(store)}) == same


def test_records_that_name_one_side_glue_nothing_together(store: Store) -> None:
    nobody = {"actor": ["Mali | er | | unknown"]}
    put(store, [report(n, "2024-02-01", **(nobody if n % 2 else {"destination": None})) for n in range(10)])
    refresh(store)
    assert list(store.claims()) == []


@pytest.mark.parametrize(("gap", "number"), [(GAP.days, 1), (GAP.days + 1, 2)])
def test_silence_ends_a_happening(store: Store, gap: int, number: int) -> None:
    first = date(2024, 2, 1)
    put(store, [report(1, str(first)), report(2, str(first + timedelta(gap)))])
    refresh(store)
    assert len(groups(store)) == number


def test_what_goes_on_is_told_month_by_month(store: Store) -> None:
    put(store, [report(n, str(date(2024, 1, 10) + timedelta(10 * n))) for n in range(9)])
    refresh(store)
    assert [claim.first_day.month for claim in store.claims()] == [3, 2, 1]
    assert store.check() == []


DAYS = st.lists(st.dates(date(2024, 1, 1), date(2025, 6, 1)), min_size=1, max_size=40)


@given(DAYS, st.dates(date(2024, 1, 1), date(2025, 6, 1)))
def test_a_new_day_changes_segments_within_reach_alone(days: list[date], new: date) -> None:
    before, after = segments(days), segments([*days, new])
    far = {day: first for day, first in before.items() if abs(day - new) > REACH}
    assert far.items() <= after.items()
    seen = segments([day for day in [*days, new] if abs(day - new) <= SIGHT])
    near = {day: first for day, first in after.items() if abs(day - new) <= REACH}
    assert near.items() <= seen.items()
    assert all(day - first <= LONGEST for day, first in after.items())


GOODS = st.sampled_from(["", "panz", "kampfpanz", "schützenpanz", "raket", "lenkraket", "drohn"])


@given(st.lists(st.tuples(GOODS, st.sampled_from("abc")), max_size=12), st.randoms())
def test_goods_group_alike_in_any_order(given_goods: list[tuple[str, str]], generator: random.Random) -> None:
    members = [Member(str(n), article, goods) for n, (goods, article) in enumerate(given_goods)]
    shuffled = generator.sample(members, len(members))
    assert set(map(frozenset, group_members(members))) == set(map(frozenset, group_members(shuffled)))
    for group in group_members(members):
        assert len({m.goods for m in group if m.goods in {"kampfpanz", "schützenpanz", "lenkraket", "drohn"}}) <= 1


# --- independent sources ----------------------------------------------------------------------------------------------


def test_copies_and_papers_count_once() -> None:
    texts = {article.id: article for article, _ in forty()}
    signed = {name: signature_of(article.text).hashes for name, article in texts.items()}
    media = {name: article.source for name, article in texts.items()}
    numbers = sources({name: media[name] for name in ("a01", "a02", "a03", "a04", "a06")}, signed)
    assert numbers == {"a01": 1, "a02": 1, "a03": 1, "a04": 2, "a06": 2}
    assert sources({"x": None, "y": None}, {}) == {"x": 1, "y": 2}


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (ClaimFilter(actor="tur", destination="lby"), "ABC"),
        (ClaimFilter(actor="Frankreich", destination="Rumänien"), "I"),
        (ClaimFilter(recipient="Ukraine", since=date(2025, 5, 1)), "ST"),
        (ClaimFilter(types=("supply",), until=date(2024, 12, 31)), "G"),
        (ClaimFilter(source="ägyptischer Geheimdienst"), "A"),
        (ClaimFilter(disagreeing=True, actor="ESP"), "D"),
        (ClaimFilter(limit=1), "R"),
        (ClaimFilter(actor="%"), ""),
    ],
)
def test_filters(store: Store, filters: ClaimFilter, names: str) -> None:
    put(store, forty())
    refresh(store)
    wanted = answer()
    found = {wanted[report.event_id] for claim in store.claims(filters) for report in claim.reports}
    assert {name for name in found if len(name) == 1} == set(names)


def test_claims_come_back_as_they_were_made(store: Store) -> None:
    put(store, forty())
    refresh(store)
    for claim in store.claims():
        assert read_claim(write(claim)) == claim
