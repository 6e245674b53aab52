# One image per deployable, with what that one needs and nothing else.
#   NAME     names its lock file in deploy/requirements: customers
#   MEMBERS  the workspace packages that it consists of: "shared services/customers"
FROM python:3.11-slim-bookworm AS build
ARG NAME
ARG MEMBERS
WORKDIR /build
COPY deploy/requirements deploy/requirements
RUN python -m venv /venv \
 && pip install --no-cache-dir --require-hashes --requirement deploy/requirements/build.lock \
 && /venv/bin/pip install --no-cache-dir --require-hashes --requirement "deploy/requirements/$NAME.lock"
COPY shared shared
COPY gateway gateway
COPY services services
RUN for member in $MEMBERS; do pip wheel --no-deps --no-build-isolation --wheel-dir wheels "./$member" || exit 1; done \
 && /venv/bin/pip install --no-cache-dir --no-deps wheels/*.whl

FROM python:3.11-slim-bookworm
RUN useradd --system --no-create-home --uid 10001 rapport \
 && mkdir --parents /app/.rapport \
 && chown rapport /app/.rapport
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER 10001
