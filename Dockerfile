# The bot with its models.  Build: docker build -t footnote .
FROM python:3.12-slim

# pip would bring the CUDA builds of torch; this index has those for CPUs.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    CACHE_DIR=/models \
    DATA_DIR=/data \
    HEALTH_HOST=0.0.0.0 \
    HEALTH_PORT=8080

WORKDIR /app
RUN pip install --index-url "$TORCH_INDEX" torch==2.13.0
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot bot
COPY prompts prompts
COPY retrieval retrieval
COPY seeds seeds
RUN pip install --constraint constraints.txt '.[postgres]'

# The embedding model is exported now, so that the first start need not do it.
RUN DATA_DIR=/tmp/first footnote ask "how many were arrested?" && rm -r /tmp/first

RUN useradd --create-home footnote && mkdir -p /data && chown footnote /data /models
USER footnote
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz')"]
ENTRYPOINT ["footnote"]
CMD ["discord"]
