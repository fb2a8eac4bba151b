"""Who and where: from a mention in a German article to a party (name, code, kind) or a place (country, position).

linker = load_linker()
context = linker.article(text, title, sentences)
context.party(start, end)      # LinkedParty
context.place(start, end)      # LinkedPlace
context.mentions()             # spans known from the tables
"""

from services.extraction.linking.article import ArticleContext, Linker, load_linker
from services.extraction.linking.model import Kind, LinkedParty, LinkedPlace
from services.extraction.linking.split import split_parties

__all__ = ["ArticleContext", "Kind", "LinkedParty", "LinkedPlace", "Linker", "load_linker", "split_parties"]
