# One image for the API and the workers; docker-compose.yml says which one a container is.
FROM python:3.13-slim

# Fixed numbers, so that volumes keep their owner from one build to the next.
RUN groupadd --gid 10001 otp \
 && useradd --uid 10001 --gid otp --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin otp \
 && install --directory --owner otp --group otp --mode 0700 /var/lib/otp \
 && install --directory --owner otp --group otp --mode 0755 /var/lib/redis-users

WORKDIR /app

# The packages change seldom: their layer is kept while the code changes.
COPY requirements.txt .
RUN pip install --no-cache-dir --root-user-action=ignore --require-hashes -r requirements.txt

COPY shared shared
COPY frontend frontend
COPY worker worker
COPY api api
# The root file system is read-only where this runs, so that Python could not keep its bytecode.
RUN python -m compileall -q shared worker api

# Output appears at once, also in `docker compose logs`.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=5000 \
    OTP_DATA_DIR=/var/lib/otp

USER 10001:10001
CMD ["python", "-m", "api"]
