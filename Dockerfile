# The dashboard in a container: docker build -t cesm-explained . && docker run -p 127.0.0.1:8501:8501 cesm-explained
# Run it with --read-only --tmpfs /tmp --tmpfs /cache: it writes nowhere else.  See docs/operating.md.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 reader && mkdir /cache && chown reader /cache
WORKDIR /app

COPY requirements.txt requirements.lock ./
# torch and torchvision by version, in their build without graphics cards; all else by digest.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock \
    && grep -E '^torch(vision)?==' requirements.txt > /tmp/torch.txt \
    && python -m pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" -r /tmp/torch.txt \
    && rm /tmp/torch.txt

COPY app.py LICENSE ./
COPY .streamlit .streamlit
COPY assets assets
COPY pages pages
COPY xai_core xai_core
RUN python -m compileall -q app.py pages xai_core

USER reader
ENV XAI_STORE=/cache PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# 0.0.0.0 is the container's own address; which hosts are answered is XAI_HOSTS.
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.headless", "true"]
