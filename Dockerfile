# The same system as ./run makes on Debian. Not built by our tests: see README.
FROM debian:12-slim AS base
ENV DEBIAN_FRONTEND=noninteractive PYTHONUNBUFFERED=1 GEOBILL_VAR=/var/lib/geobill \
    DJANGO_SETTINGS_MODULE=project.settings.production GEOBILL_WEB_HOST=0.0.0.0
RUN apt-get update -q && apt-get install -y -q --no-install-recommends \
    ca-certificates python3 python3-venv libgdal32 libgeos-c1v5 libproj25 \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    freeradius freeradius-rest freeradius-postgresql freeradius-redis freeradius-utils \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/geobill

FROM base AS pages
RUN apt-get update -q && apt-get install -y -q --no-install-recommends nodejs npm
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY frontend frontend
RUN npm run build

FROM base
COPY requirements.lock ./
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
ENV PATH="/srv/geobill/.venv/bin:/usr/sbin:$PATH"
COPY . .
COPY --from=pages /srv/geobill/frontend/static/build frontend/static/build
RUN useradd --system --home /var/lib/geobill --create-home geobill \
    && GEOBILL_VAR=/tmp/build GEOBILL_STATIC_ROOT=/srv/geobill/static python manage.py compile_translations \
    && GEOBILL_VAR=/tmp/build GEOBILL_STATIC_ROOT=/srv/geobill/static python manage.py collectstatic --noinput \
    && rm -rf /tmp/build
ENV GEOBILL_STATIC_ROOT=/srv/geobill/static
USER geobill
EXPOSE 8000
CMD ["granian", "--interface", "asgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--no-ws", "project.asgi:application"]
