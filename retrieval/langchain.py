"""Footnote's parts as LangChain's, for anyone's chain.

A module of its own, as LangChain's base classes bring its tracing with them,
which takes most of a second to import; the command line does without.
"""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import ConfigDict, InstanceOf

from retrieval.chain import Pipeline
from retrieval.search import Search
from retrieval.types import Answer, Hit


def runnable(pipeline: Pipeline) -> Runnable[str, Answer]:
    """Return a pipeline with ``invoke``, ``batch``, ``ainvoke``, ``astream`` and the rest."""
    return RunnableLambda(pipeline.__call__, name="footnote")


class FootnoteRetriever(BaseRetriever):
    """The search as a LangChain retriever, for anyone's chain.

    Each ``Document`` holds a passage's words; its metadata has ``source`` (the
    article's id), ``title``, ``url``, ``published``, ``start``, ``end`` and ``score``.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    search: InstanceOf[Search]
    limit: int = 10

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [_document(hit) for hit in self.search(query, self.limit)]


def _document(hit: Hit) -> Document:
    passage, article = hit.passage, hit.passage.article
    return Document(
        id=passage.key,
        page_content=passage.text,
        metadata={
            "source": article.id,
            "title": article.title,
            "url": article.url,
            "published": article.published.isoformat() if article.published else None,
            "start": passage.start,
            "end": passage.end,
            "score": hit.score,
        },
    )
