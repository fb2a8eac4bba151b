"""The spaCy pipeline that reads an article, and the extractor around it."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from schemas import Article, Event, extraction_id
from services.common.errors import UserError
from services.extraction import tables
from services.extraction.findings import register_extensions
from services.extraction.language.sentences import sentence_spans
from services.extraction.linking import load_linker
from services.extraction.records import Recorder
from services.extraction.rules.detector import RULES_VERSION

RULES = "rules"
SHIPPED = Path(__file__).parents[2] / "models" / "de_lagebild"
_NO_LIMIT = 10**9  # spaCy's limit of a million characters is meant for its parser; articles have their own


@Language.component("lagebild_context", assigns=["doc._.context"], requires=["doc.sents"])
def link_article(doc: Doc) -> Doc:
    """Hand the article to the linker, with its sentences and whatever entities the pipeline has found."""
    register_extensions()
    entities = [(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents]
    doc._.context = load_linker().article(doc.text, doc._.title, sentence_spans(doc), entities)
    return doc


def rules_pipeline() -> Language:
    """spaCy's blank German with the sentence splitter, the linker and the rule detector."""
    nlp = spacy.blank("de", meta={"name": "rules", "version": RULES_VERSION})
    for component in ("lagebild_sentences", "lagebild_context", "lagebild_rules"):
        nlp.add_pipe(component)
    return nlp


class Extractor:
    """German articles in, event records out. Deterministic; needs no network and no clock.

    Args:
        nlp: a pipeline that sets sentences, ``doc._.context`` and ``doc._.findings``.
        fingerprint: what tells this pipeline's data from another's; part of `version`.
    """

    def __init__(self, nlp: Language, fingerprint: str) -> None:
        nlp.max_length = _NO_LIMIT
        self._nlp = nlp
        self._version = f"{version('lagebild')}+{nlp.meta['name']}.{nlp.meta['version']}.{fingerprint}"

    @property
    def version(self) -> str:
        """Version of the package, name and version of the detector, digest of the data: another one, other records."""
        return self._version

    def read(self, article: Article) -> Doc:
        """The article as the pipeline sees it: sentences, ``doc._.context``, ``doc._.findings``."""
        doc = self._nlp.make_doc(article.text)
        doc._.title = article.title
        return self._nlp(doc)

    def extract_with_doc(self, article: Article) -> tuple[Doc, list[Event]]:
        """The records of one article, and the document with the findings that they were made from."""
        doc = self.read(article)
        if doc._.context is None:  # a pipeline whose detector needs no linker
            link_article(doc)
        recorder = Recorder(
            article,
            doc._.context,
            sentence_spans(doc),
            extractor=self.version,
            extraction=extraction_id(article, self.version),
        )
        return doc, recorder.records(doc._.findings)

    def extract(self, articles: Iterable[Article]) -> Iterator[list[Event]]:
        """The records of each article, in the order of the articles; an empty list where nothing is found."""
        for article in articles:
            yield self.extract_with_doc(article)[1]


@lru_cache(maxsize=4)
def load(path: str | None = None) -> Extractor:
    """See `services.extraction.load_extractor`."""
    if path is None:
        path = str(_shipped())
    if path == RULES:
        return Extractor(rules_pipeline(), tables.digest())
    try:
        nlp = spacy.load(path)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} is not a pipeline that spaCy can load: {error}",
            remedy="Give the folder that holds its config.cfg and meta.json",
        ) from error
    return Extractor(nlp, f"{tables.digest()}.{_digest(Path(path))}")


def _shipped() -> Path:
    """The pipeline in the checkout's `models/`: a wheel does not carry it, and must not fall back to worse unasked."""
    if not (SHIPPED / "config.cfg").exists():
        raise UserError(
            "the trained pipeline does not stand beside the package",
            remedy="set LAGEBILD_EXTRACTOR_MODEL to the folder models/de_lagebild of the repository, or to `rules`",
        )
    return SHIPPED


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for file in sorted(entry for entry in folder.rglob("*") if entry.is_file()):
        total.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:8]
