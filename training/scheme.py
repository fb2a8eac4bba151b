"""What the network predicts: the order of types, slots, labels and tags. The order is part of a checkpoint.

Slots are shared by the three types where they play the same part (the actor of a deployment, the supplier and the
speaker are all the `agent`), so that a rare type learns from a frequent one.
"""

from collections.abc import Mapping

from services.extraction.language.encoder_scheme import Scheme

TYPES = ("deployment", "supply", "statement")

SLOTS = (
    "agent",
    "counterpart",
    "object",
    "content",
    "origin",
    "destination",
    "quantity",
    "time",
    "attribution",
)

# Per type: the network's slot -> the record's field.
FIELDS: Mapping[str, Mapping[str, str]] = {
    "deployment": {
        "agent": "actor",
        "counterpart": "beneficiary",
        "object": "force",
        "origin": "origin",
        "destination": "destination",
        "quantity": "quantity",
        "time": "time",
        "attribution": "attribution",
    },
    "supply": {
        "agent": "supplier",
        "counterpart": "recipient",
        "object": "goods",
        "quantity": "quantity",
        "time": "time",
        "attribution": "attribution",
    },
    "statement": {
        "agent": "speaker",
        "counterpart": "addressee",
        "content": "content",
        "time": "time",
        "attribution": "attribution",
    },
}

LABELS: Mapping[str, tuple[str, ...]] = {
    "status": ("actual", "planned", "possible", "denied"),
    "reported": ("false", "true"),
    "movement": ("deploy", "withdraw"),
    "category": (
        "weapons",
        "ammunition",
        "vehicles",
        "aircraft",
        "ships",
        "technology",
        "training",
        "money",
        "humanitarian",
        "energy",
        "other",
    ),
    "kind": (
        "confirm",
        "deny",
        "accuse",
        "condemn",
        "support",
        "warn",
        "threaten",
        "demand",
        "refuse",
        "announce",
        "assess",
        "say",
    ),
    "quoted": ("false", "true"),
}

LABELS_OF: Mapping[str, tuple[str, ...]] = {
    "deployment": ("status", "reported", "movement"),
    "supply": ("status", "reported", "category"),
    "statement": ("status", "reported", "kind", "quoted"),
}

ENTITY_TYPES = ("PER", "LOC", "ORG", "OTH")
ENTITY_TAGS = ("O", *(f"{position}-{kind}" for kind in ENTITY_TYPES for position in "BI"))

# Universal Dependencies: "_" is "the feature is not there". Particle and Passive are read off the syntactic relations
# compound:prt and aux:pass, because events need them and a full parser does not pay.
TAGS: Mapping[str, tuple[str, ...]] = {
    "upos": (
        "ADJ",
        "ADP",
        "ADV",
        "AUX",
        "CCONJ",
        "DET",
        "INTJ",
        "NOUN",
        "NUM",
        "PART",
        "PRON",
        "PROPN",
        "PUNCT",
        "SCONJ",
        "SYM",
        "VERB",
        "X",
    ),
    "Case": ("_", "Nom", "Gen", "Dat", "Acc"),
    "Number": ("_", "Sing", "Plur"),
    "Gender": ("_", "Masc", "Fem", "Neut"),
    "Person": ("_", "1", "2", "3"),
    "Mood": ("_", "Ind", "Sub", "Imp"),
    "Tense": ("_", "Pres", "Past"),
    "VerbForm": ("_", "Fin", "Inf", "Part"),
    "PronType": ("_", "Art", "Dem", "Ind", "Int", "Neg", "Prs", "Rel", "Tot"),
    "Degree": ("_", "Pos", "Cmp", "Sup"),
    "Particle": ("_", "Yes"),
    "Passive": ("_", "Yes"),
}

SCHEME = Scheme(
    types=TYPES,
    slots=SLOTS,
    fields=FIELDS,
    labels=LABELS,
    labels_of=LABELS_OF,
    entity_tags=ENTITY_TAGS,
    tags=TAGS,
)
